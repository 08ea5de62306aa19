/** Finds what a mistyped or misplaced name was meant to be. */
import { formatPath, type PathSegment } from './field-path.ts'
import { listOf } from './parse-problem.ts'
import type { ObjectSchema, Schema } from './schema.ts'

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY
      const edited = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + cost)
      current.push(Math.min(edited, swapped))
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}

/** Longer names are not compared: nobody meant them, and the comparison is quadratic. */
const maxNameChars = 64
/** Shorter parts occur by chance. */
const minPartChars = 4

/**
 * The candidate nearest to `name`, else the shortest that contains it, unless all are too far to have been meant. Upper
 * and lower case count as one.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > maxNameChars) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.min(Math.max(1, Math.floor(name.length / 3)) + 1, name.length)
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best ?? shortestContaining(wanted, candidates)
}

function shortestContaining(part: string, candidates: Iterable<string>): string | undefined {
  if (part.length < minPartChars) return undefined
  const found = [...candidates].filter((candidate) => candidate.toLowerCase().includes(part))
  return found.sort((a, b) => a.length - b.length)[0]
}

/** The schema at a path below `root`, as far as it is known. */
export function schemaAt(root: Schema, path: readonly PathSegment[]): Schema | undefined {
  let here: Schema | undefined = root
  for (const segment of path) {
    if (here?.type === 'array') here = here.items
    else if (here?.type === 'map') here = here.values
    else if (here?.type === 'object' && Object.hasOwn(here.properties, segment)) here = here.properties[segment]
    else return undefined
  }
  return here
}

/** Fields that are written about and in no version of the API, and what there is instead. */
const inventedFields: Readonly<Record<string, string>> = {
  policyRef:
    'the Gateway API has no such field: timeouts and retry stand on the rule, limits of connections and outlier detection in GatewayParameters',
}

/**
 * What to do about a field that its object does not have: the name it was meant to be, the field below that its words
 * spell, or the place in the kind where it belongs.
 */
export function suggestField(root: ObjectSchema, path: readonly PathSegment[], key: string): string {
  const here = schemaAt(root, path)
  if (here?.type !== 'object') return 'remove it'
  const names = Object.keys(here.properties)
  const near = nearest(key, names)
  if (near !== undefined) return `did you mean ${near}?`
  const known = Object.hasOwn(inventedFields, key) ? inventedFields[key] : undefined
  if (known !== undefined) return known
  const below = fieldsBelow(here, 3).filter((field) => field.path.at(-1) === key)
  if (below.length > 0) return `it belongs at ${listOf(below.map((field) => generalPath([...path, ...field.path])))}`
  const spelled = fieldsBelow(here, 3).find((field) => spells(field.path, key))
  if (spelled !== undefined) return `did you mean ${generalPath(spelled.path)}?`
  const place = fieldsBelow(root, 12).find((field) => field.path.at(-1) === key)
  if (place !== undefined) return `it belongs at ${generalPath(place.path)}`
  return names.length === 0 ? 'remove it' : `remove it, or use one of ${listOf(names)}`
}

interface Field {
  readonly path: readonly PathSegment[]
}

/** The fields below an object, nearest first; items of lists stand as index 0. */
function fieldsBelow(schema: ObjectSchema, maxDepth: number): readonly Field[] {
  const found: Field[] = []
  let level: readonly { readonly path: readonly PathSegment[]; readonly schema: Schema }[] = [{ path: [], schema }]
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    level = level.flatMap(({ path, schema: parent }) => {
      if (parent.type === 'array') return [{ path: [...path, 0], schema: parent.items }]
      if (parent.type !== 'object') return []
      return Object.entries(parent.properties).map(([name, child]) => {
        found.push({ path: [...path, name] })
        return { path: [...path, name], schema: child }
      })
    })
  }
  return found
}

/** Whether the words of `key` all occur in the path: `selectorLabels` is `selector.matchLabels`. */
function spells(path: readonly PathSegment[], key: string): boolean {
  const wanted = wordsOf(key)
  if (path.length < 2 || wanted.length < 2) return false
  const given = path.flatMap((segment) => (typeof segment === 'string' ? wordsOf(segment) : []))
  return wanted.every((word) => given.includes(word))
}

function wordsOf(name: string): readonly string[] {
  return (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []).map((word) => word.toLowerCase())
}

function generalPath(path: readonly PathSegment[]): string {
  return formatPath(path.map((segment) => (typeof segment === 'number' ? 0 : segment))).replaceAll('[0]', '[]')
}
