/** Which of the statuses, and of the remarks about the input, are about the objects that were named. */
import { err, ok, type Result } from '../lib/result.ts'
import type { Remark, StatusSnapshot, Subject } from './status-source.ts'

/** All that is said of `kind/namespace/name`, `namespace/name`, `kind/name`, or of every `kind` or `name`. */
export function parseNamed(text: string): Result<readonly Subject[], string> {
  const parts = text.split('/')
  const [first = '', second, third] = parts
  if (parts.includes('') || parts.length > 3) {
    return err(`"${text}" names no object; use kind/namespace/name, namespace/name, kind/name, a kind or a name`)
  }
  if (third !== undefined) return ok([{ kind: first, namespace: second, name: third }])
  if (second === undefined) return ok([{ kind: first }, { name: first }])
  return ok([
    { namespace: first, name: second },
    { kind: first, name: second },
  ])
}

/** What is about the objects named; all of it when `objects` names none. */
export function selectNamed(
  snapshot: StatusSnapshot,
  objects: ReadonlyMap<string, readonly Subject[]>,
): StatusSnapshot {
  if (objects.size === 0) return snapshot
  const named = [...objects.values()].flat()
  const isMeant = ({ about }: Remark) =>
    // What is wrong with a file as a whole may be about anything in it.
    about === undefined || named.some((one) => isOne(one, about))
  const reports = snapshot.reports.filter(({ ref }) => named.some((one) => isOne(one, ref)))
  const [input, warnings] = [snapshot.input.filter(isMeant), snapshot.warnings.filter(isMeant)]
  const missing = [...objects].flatMap(([text, ones]) => {
    const has = (about: Subject | undefined) => about !== undefined && ones.some((one) => isOne(one, about))
    if (reports.some(({ ref }) => has(ref))) return []
    const isKnown = [...input, ...warnings].some(({ about }) => has(about))
    return [`${text} has no status: ${isKnown ? 'nothing serves it' : whyUnknown(snapshot, ones)}`]
  })
  return { reports, input, warnings, missing }
}

/** Names come in the wrong namespace or kind more often than there is nothing of that name. */
function whyUnknown({ reports, input, warnings }: StatusSnapshot, ones: readonly Subject[]): string {
  const names = new Set(ones.map(({ name }) => name))
  const known = [...reports.map(({ ref }) => ref), ...[...input, ...warnings].flatMap(({ about }) => about ?? [])]
  const others = known.filter(({ name }) => names.has(name)).map(({ kind, namespace, name }) => [kind, namespace, name])
  const hints = new Set(others.map((parts) => parts.filter((part) => part !== '').join('/')))
  const question = hints.size === 0 ? '' : `; did you mean ${[...hints].slice(0, 3).join(' or ')}?`
  return `it does not exist, or nothing of it is ours to serve${question}`
}

/** Kinds in any case and, as kubectl has them, in the plural. What a remark does not say may be the one named. */
function isOne({ kind, namespace, name }: Subject, about: Subject): boolean {
  const isKind = (wanted: string, real: string) => [real, `${real}s`, `${real}es`].includes(wanted)
  return (
    (kind === undefined || about.kind === undefined || isKind(kind.toLowerCase(), about.kind.toLowerCase())) &&
    (namespace === undefined || about.namespace === undefined || namespace === about.namespace) &&
    (name === undefined || about.name === undefined || name === about.name)
  )
}
