/** Outputs of a translation in a form that two of them can be compared in. */
import { isRecord } from '../src/api/compile.ts'
import type { KubernetesObject } from '../src/api/kinds.ts'
import { type Assembly, assemble } from '../src/cli/assembly.ts'
import type { Collection } from '../src/graph/collection.ts'
import type { Outputs, TranslateSettings } from '../src/translate/contract.ts'
import type { Finding } from './finding.ts'

/** Bytes of every resource, by key; those of endpoints by `endpoint|<name>`. */
export function bytesOf({
  resources,
  endpoints,
}: Pick<Outputs, 'resources' | 'endpoints'>): ReadonlyMap<string, string> {
  return new Map([
    ...[...resources.entries()].map(([key, { resource }]) => [key, text(resource.bytes)] as const),
    ...[...endpoints.entries()].map(([key, { bytes }]) => [`endpoint|${key}`, text(bytes)] as const),
  ])
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** Keys whose values are not the same, and how. */
export function differences(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((key) => {
    if (!expected.has(key)) return [`${key} is there`]
    if (!found.has(key)) return [`${key} is missing`]
    return expected.get(key) === found.get(key)
      ? []
      : [`${key} is another: ${firstDifference(expected.get(key), found.get(key))}`]
  })
}

/** Where two texts part. Bytes are not for eyes. */
function firstDifference(expected = '', found = ''): string {
  let at = 0
  while (at < expected.length && expected[at] === found[at]) at += 1
  const near = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 100))
  return `${near(expected)} became ${near(found)}`
}

/** What a translation from nothing has otherwise. Statuses of one with proxies are left out: they tell what was taken. */
export function judgeHistory(
  assembly: Assembly,
  { settings, hasProxies }: { readonly settings: TranslateSettings; readonly hasProxies: boolean },
  objects: readonly KubernetesObject[],
): readonly Finding[] {
  // A Secret that is bad now may have been good before, and is remembered as that.
  if ([...(assembly.graph.find('secretProblems')?.keys() ?? [])].length > 0) return []
  const fresh = assemble(settings, { schedule: () => {} })
  for (const object of objects) fresh.set(object)
  fresh.graph.flush()
  const all = ({ outputs }: Assembly) =>
    new Map([...snapshot(outputs), ...(hasProxies ? [] : texts('status', outputs.statuses))])
  return differences(all(fresh), all(assembly)).map((message) => {
    return { kind: 'history', message: `${settings.platform.kind}: ${message}` }
  })
}

function snapshot(outputs: Outputs): ReadonlyMap<string, string> {
  return new Map([...bytesOf(outputs), ...texts('notice', outputs.notices), ...texts('infra', outputs.infra)])
}

function texts(prefix: string, collection: Collection<unknown>): readonly (readonly [string, string])[] {
  return [...collection.entries()].map(([key, value]) => [`${prefix}|${key}`, canonical(value)])
}

/** JSON with fields in order: what is equal and older may have another. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}
