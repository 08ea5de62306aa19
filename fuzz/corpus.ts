/** What sets are made from: the objects of all goldens, bad cases and examples, and parts of them by their place. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { isRecord } from '../src/api/compile.ts'
import type { KindName, KubernetesObject } from '../src/api/kinds.ts'
import { badCases } from '../src/testing/bad-cases.ts'
import { baseObjects, goldenCases } from '../src/testing/golden.ts'
import type { Fields } from './world.ts'

export interface Corpus {
  /** Objects of a kind; none for a kind that no golden has. */
  of(kind: KindName): readonly Fields[]
  /** Values that some object has at the place. */
  at(place: string): readonly unknown[]
}

const root = dirname(import.meta.dirname)

/** Larger ones would be most of every set. */
const maxObjectChars = 20_000

/** Reads every golden and example. */
export function readCorpus(): Corpus {
  const golden = [...baseObjects(), ...goldenCases().flatMap(({ objects }) => objects)].map(asFields)
  const bad = badCases.flatMap(({ objects }) => objects)
  const objects = [...golden, ...bad, ...examples()].filter((object) => JSON.stringify(object).length <= maxObjectChars)
  const byKind = Map.groupBy(objects, ({ kind }) => kind)
  const parts = new Map<string, unknown[]>()
  for (const object of objects) collect(object, String(object.kind), parts)
  return { of: (kind) => byKind.get(kind) ?? [], at: (place) => parts.get(place) ?? [] }
}

function examples(): readonly Fields[] {
  return globSync('examples/**/*.yaml', { cwd: root })
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(root, file), 'utf8')).map((document): unknown => document.toJS()),
    )
    .filter(isRecord)
}

function asFields(object: KubernetesObject): Fields {
  return { ...object }
}

/** `HTTPRoute.spec.rules[].filters[]`: the place of a value among those of all objects. */
export function placeBelow(place: string, key: string | number): string {
  return typeof key === 'number' ? `${place}[]` : `${place}.${key}`
}

function collect(value: unknown, place: string, parts: Map<string, unknown[]>): void {
  const known = parts.get(place)
  if (known === undefined) parts.set(place, [value])
  else known.push(value)
  if (Array.isArray(value)) for (const item of value) collect(item, placeBelow(place, 0), parts)
  else if (isRecord(value))
    for (const [key, part] of Object.entries(value)) collect(part, placeBelow(place, key), parts)
}
