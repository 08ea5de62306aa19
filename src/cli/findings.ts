/** Problems that only the translation sees, at their place in the files. */
import type { Secret } from '../api/core.ts'
import type { DesiredStatus } from '../translate/contract.ts'
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../watch/diagnostic.ts'
import type { SourcedObject } from '../watch/file-source.ts'
import { dateProblem } from './certificate-dates.ts'
import { objectsAt, recordOf, stringOf } from './plain.ts'
import type { Translation } from './translation.ts'

/** One condition that says that something is wrong. */
export interface BadCondition {
  readonly type: string
  readonly reason: string
  readonly message: string
  /** What it speaks about when its message names no field: a listener, a parentRef, or '' for the whole object. */
  readonly field: string
}

/** Conditions that are bad when they are False; all others that we write are bad when they are True. */
const goodWhenTrue: ReadonlySet<string> = new Set(['Accepted', 'Programmed', 'ResolvedRefs', 'SupportedVersion'])
/** They only repeat what a condition of a part says. */
const repeating: ReadonlySet<string> = new Set(['ListenersNotValid', 'ListenersNotResolved'])

/** Everything bad that a status says, each once. */
export function badConditions(status: DesiredStatus, object: SourcedObject | undefined): readonly BadCondition[] {
  const spec = recordOf(recordOf(object?.object).spec)
  const own = pick(objectsAt(status.status, 'conditions'), '')
  const parts = [
    ...objectsAt(status.status, 'listeners').map((listener) => {
      const index = objectsAt(spec, 'listeners').findIndex(({ name }) => name === listener.name)
      return pick(objectsAt(listener, 'conditions'), index < 0 ? '' : `spec.listeners[${index}]`)
    }),
    ...objectsAt(status.status, 'parents').map((parent) =>
      pick(objectsAt(parent, 'conditions'), parentField(spec, recordOf(parent.parentRef))),
    ),
  ].flatMap((conditions) => withoutDerived(conditions, conditions))
  const causes = [...withoutDerived(own, [...own, ...parts]), ...parts]
  return [...new Map(causes.map((condition) => [`${condition.type}|${condition.message}`, condition])).values()]
}

/** Without "not programmed because it is not valid", where another condition of the same part says why. */
function withoutDerived(
  conditions: readonly BadCondition[],
  reasonsGiven: readonly BadCondition[],
): readonly BadCondition[] {
  const hasCause = reasonsGiven.some(({ type }) => type !== 'Programmed')
  return conditions.filter(({ type, reason }) => !(hasCause && type === 'Programmed' && reason === 'Invalid'))
}

function pick(conditions: readonly Readonly<Record<string, unknown>>[], field: string): readonly BadCondition[] {
  return conditions.flatMap((condition) => {
    const [type, reason] = [stringOf(condition.type), stringOf(condition.reason)]
    const isBad = goodWhenTrue.has(type) ? condition.status === 'False' : condition.status === 'True'
    return isBad && !repeating.has(reason) ? [{ type, reason, message: stringOf(condition.message), field }] : []
  })
}

function parentField(spec: Readonly<Record<string, unknown>>, reference: Readonly<Record<string, unknown>>): string {
  const index = objectsAt(spec, 'parentRefs').findIndex(
    ({ name, namespace, sectionName, port }) =>
      name === reference.name &&
      (namespace ?? reference.namespace) === reference.namespace &&
      sectionName === reference.sectionName &&
      port === reference.port,
  )
  return index < 0 ? '' : `spec.parentRefs[${index}]`
}

/** A message line as conditions carry them: `spec.rules[0].backendRefs[1]: what is wrong`. */
export function splitMessage(line: string): { readonly field: string | undefined; readonly message: string } {
  const { field, message } =
    /^(?:Dropped Rule: )?(?<field>(?:spec|metadata|data)[\w.[\]"/-]*): (?<message>.*)$/s.exec(line)?.groups ?? {}
  return message === undefined ? { field: undefined, message: line } : { field, message }
}

/** What is wrong with the files and with what they mean, by place. */
export function findProblems(translation: Translation): readonly Diagnostic[] {
  const statuses = [...translation.outputs.statuses.entries()].flatMap(([key, status]) =>
    statusProblems(translation.objects.get(key), status),
  )
  const notices = [...openNotices(translation).values()].map((notice) => notice.locate())
  return distinct([...notices, ...statuses])
}

/** A problem whose place is looked up when it is asked for: that costs reading a file. */
export interface OpenNotice {
  readonly severity: 'error' | 'warning'
  readonly locate: () => Diagnostic
}

/** The part of it that no status says. The key of a notice stays the same when only lines move. */
export function openNotices(translation: Translation): ReadonlyMap<string, OpenNotice> {
  const { objects, outputs, sources, unserved } = translation
  const open = new Map<string, OpenNotice>()
  for (const problem of translation.diagnostics()) {
    open.set(formatDiagnostic(problem), { severity: problem.severity, locate: () => problem })
  }
  const add = (key: string, finding: Finding | undefined) => {
    const sourced = objects.get(key)
    if (finding === undefined || sourced === undefined) return
    const { severity, field, message } = finding
    open.set(`${key}|${field}|${message}`, { severity, locate: () => locate(sourced, finding) })
  }
  for (const [, { object, field, message }] of outputs.notices.entries()) {
    add(object, { severity: 'warning', reason: 'Notice', field, message })
  }
  for (const [key, { ref }] of unserved) add(key, unservedProblem(ref.kind))
  for (const [key, secret] of sources.secrets.entries()) add(`Secret/${key}`, datesProblem(secret))
  return open
}

function distinct(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(problems.map((problem) => [formatDiagnostic(problem), problem])).values()].sort(compareDiagnostics)
}

/** Like a Diagnostic; the reason is that of a condition. */
interface Finding {
  readonly severity: 'error' | 'warning'
  readonly reason: string
  readonly field: string
  readonly message: string
}

function statusProblems(sourced: SourcedObject | undefined, status: DesiredStatus): readonly Diagnostic[] {
  if (sourced === undefined) return []
  return badConditions(status, sourced)
    .filter(({ type }) => type !== 'Programmed')
    .flatMap(({ type, reason, message, field }) =>
      message.split('\n').map((line) => {
        const split = splitMessage(line)
        const severity = type === 'OverlappingTLSConfig' ? 'warning' : 'error'
        return locate(sourced, { severity, reason, field: split.field ?? field, message: split.message })
      }),
    )
}

function unservedProblem(kind: string): Finding {
  const message = `${kind} is valid but not served yet: it has no effect`
  return { severity: 'warning', reason: 'NotServed', field: '', message }
}

/** Of the version that serves, at the place of the newest. */
function datesProblem(secret: Secret): Finding | undefined {
  const message = dateProblem(secret, Date.now())
  return message === undefined
    ? undefined
    : { severity: 'warning', reason: 'Notice', field: 'data["tls.crt"]', message }
}

function locate(sourced: SourcedObject, finding: Finding): Diagnostic {
  const { line, column } = sourced.position(finding.field)
  const { severity, field, message } = finding
  // Conditions have reasons of their own, which parsing does not know.
  const reason = finding.reason as Diagnostic['reason']
  return { severity, file: sourced.file, line, column, object: sourced.ref, field, reason, message }
}
