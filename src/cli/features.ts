/** `fairlead features`: what becomes of every field of the Gateway API. */
import { gatewayApiKinds } from '../api/gen/schemas.ts'
import { listOf } from '../api/parse-problem.ts'
import type { CrdKind, Schema } from '../api/schema.ts'
import { supportedFeatures } from '../translate/features/supported.ts'
import { type FieldState, type FieldSupport, fieldSupport, isAbout } from '../translate/report/field-support.ts'
import { compareStrings } from '../lib/sorted.ts'
import { exitCodes, type Terminal } from './flags.ts'

/** What `fairlead features` was given. */
export interface FeaturesFlags {
  readonly output: string
}

const formats = ['text', 'json']

/** What becomes of one field. */
interface Line {
  readonly kind: string
  readonly field: string
  readonly state: FieldState
  /** `experimental` for what the standard channel does not have. */
  readonly channel: 'standard' | 'experimental'
  readonly note?: string | undefined
}

/** Prints the list of the named kinds, of all by default. */
export function runFeatures(flags: FeaturesFlags, kinds: readonly string[], terminal: Terminal): number {
  const known: readonly CrdKind[] = gatewayApiKinds
  const isNamed = (name: string, kind: string) => name.toLowerCase() === kind.toLowerCase()
  const unknown = kinds.find((name) => !known.some(({ kind }) => isNamed(name, kind)))
  if (unknown !== undefined) {
    terminal.err(`"${unknown}" is no kind of the Gateway API; use ${listOf(known.map(({ kind }) => kind))}\n`)
    return exitCodes.usage
  }
  if (!formats.includes(flags.output)) {
    terminal.err(`--output: "${flags.output}" is unknown; use ${listOf(formats)}\n`)
    return exitCodes.usage
  }
  const lines = known
    .filter(({ kind }) => kinds.length === 0 || kinds.some((name) => isNamed(name, kind)))
    .flatMap(linesOf)
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ fields: lines, supportedFeatures: supportedFeatures() }, undefined, 2)}\n`)
  } else {
    terminal.out(inText(lines))
  }
  return exitCodes.ok
}

const unserved: readonly FieldSupport[] = [
  { path: '**', state: 'ignored', note: 'the kind is valid but not served yet' },
]

/** In the order of the schema. */
function linesOf({ kind, channels }: CrdKind): readonly Line[] {
  const standard = new Set(fieldsOf(channels.standard))
  const all = [...new Set([...standard, ...fieldsOf(channels.experimental)])].sort(compareStrings)
  return all.map((field) => {
    const { state, note } = entryOf(kind, field)
    return { kind, field, state, channel: standard.has(field) ? 'standard' : 'experimental', note }
  })
}

/** A test holds that every field has one. */
function entryOf(kind: string, field: string): FieldSupport {
  const entries = fieldSupport[kind] ?? unserved
  const entry = entries.find((one) => one.path === '**' || isAbout(one, field))
  if (entry === undefined) throw new Error(`bug: no word about ${kind} ${field}`)
  return entry
}

function fieldsOf(versions: Readonly<Record<string, Schema>>): readonly string[] {
  return Object.values(versions).flatMap((schema) => fieldsBelow(schema, ''))
}

function fieldsBelow(schema: Schema, path: string): readonly string[] {
  if (schema.type === 'array') return fieldsBelow(schema.items, `${path}[]`)
  if (schema.type !== 'object') return []
  return Object.entries(schema.properties).flatMap(([name, child]) => {
    const own = path === '' ? name : `${path}.${name}`
    return [own, ...fieldsBelow(child, own)]
  })
}

/** One line for each entry of the table: what it says of a field it says of all below. */
function inText(lines: readonly Line[]): string {
  const seen = new Set<string>()
  const rows = lines.flatMap(({ kind, field, state, channel, note }) => {
    const { path } = entryOf(kind, field)
    if (seen.has(`${kind} ${path}`)) return []
    seen.add(`${kind} ${path}`)
    const remarks = [channel === 'experimental' ? '(experimental)' : '', note ?? ''].filter((text) => text !== '')
    return [[state.padEnd(10), kind.padEnd(16), path.padEnd(58), ...remarks].join(' ').trimEnd()]
  })
  const states = ['programmed', 'refused', 'ignored', 'written'] as const
  const counts = states.map((state) => `${lines.filter((line) => line.state === state).length} ${state}`)
  return `${rows.join('\n')}\n\nFields: ${counts.join(', ')}. What is ignored is told as a warning.\n`
}
