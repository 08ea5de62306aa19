/** Where the status of every object comes from: files, or a control plane that runs. */
import { describeObject, type ObjectRef } from '../lib/object-ref.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { compareStrings } from '../lib/sorted.ts'
import type { DesiredStatus } from '../translate/contract.ts'
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../watch/diagnostic.ts'
import { openNotices } from './findings.ts'
import { recordOf, stringOf } from './plain.ts'
import type { StatusReport } from './reporter.ts'
import { reportStatus } from './status-report.ts'
import { translateFiles } from './translation.ts'

/** What `status` and `wait` look at. */
export interface StatusPlace {
  /** Files and folders; empty: a control plane that runs is asked. */
  readonly file: readonly string[]
  /** `host:port` of the admin interface of one that runs. */
  readonly admin: string
}

type Ref = Omit<ObjectRef, 'group'>

/** One object or several: what is undefined may be anything. */
export interface Subject {
  readonly kind?: string | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
}

/** One line about the input. */
export interface Remark {
  readonly text: string
  /** Undefined for what is about a file, or not known. */
  readonly about?: Ref | undefined
}

/** Every object's status at one moment. */
export interface StatusSnapshot {
  /** Classes, then Gateways, then the rest; each kind by name. */
  readonly reports: readonly StatusReport[]
  /** What is wrong with the input itself: it comes before every status. */
  readonly input: readonly Remark[]
  /** What has no effect, or is not ours to serve; causes before effects. */
  readonly warnings: readonly Remark[]
  /** Objects that were named and have no status, each with why. */
  readonly missing: readonly string[]
}

/** Whether an address may be that of an admin interface: `host:port`, an IPv6 host in brackets. */
export function isHostPort(text: string): boolean {
  return /^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/.test(text)
}

/** Milliseconds until an admin interface must have answered. */
const answerWithinMs = 10_000

/** Reads everything once; an error says what to do about it. */
export async function readStatuses(
  place: StatusPlace,
  controllerName: string,
): Promise<Result<StatusSnapshot, string>> {
  return place.file.length > 0 ? ok(fromFiles(place.file, controllerName)) : fromAdmin(place.admin)
}

function fromFiles(files: readonly string[], controllerName: string): StatusSnapshot {
  const translation = translateFiles(files, controllerName)
  const reports = [...translation.outputs.statuses.entries()].map(([key, status]) =>
    reportStatus(status, translation.objects.get(key)),
  )
  const isError = ({ severity }: { readonly severity: string }) => severity === 'error'
  const warnings = [...openNotices(translation).values()].filter((notice) => !isError(notice))
  return {
    reports: inOrder(reports),
    input: translation.diagnostics().filter(isError).map(remarkOf),
    warnings: warnings
      .map((notice) => notice.locate())
      .sort(compareDiagnostics)
      .map(remarkOf)
      .sort(compareCauses),
    missing: [],
  }
}

function remarkOf(diagnostic: Diagnostic): Remark {
  return { text: formatDiagnostic(diagnostic), about: diagnostic.object }
}

/** Causes before effects: a route can only be attached where its Gateway is good. */
const rank: Readonly<Record<string, number>> = { GatewayClass: 0, Gateway: 1 }
const rankOf = (kind: string | undefined) => rank[kind ?? ''] ?? 2
const compareCauses = (a: Remark, b: Remark) => rankOf(a.about?.kind) - rankOf(b.about?.kind)

async function fromAdmin(admin: string): Promise<Result<StatusSnapshot, string>> {
  try {
    const [statuses, input] = await Promise.all([ask(admin, '/debug/status'), ask(admin, '/debug/input')])
    const reports = Object.values(recordOf(statuses)).map((status) => reportStatus(statusOf(status), undefined))
    const items: readonly unknown[] = Array.isArray(input) ? input : []
    const isWarning = (item: unknown) => recordOf(item).severity === 'warning'
    return ok({
      reports: inOrder(reports),
      input: items.filter((item) => !isWarning(item)).map(inputRemark),
      warnings: items.filter(isWarning).map(inputRemark).sort(compareCauses),
      missing: [],
    })
  } catch (error) {
    const why = error instanceof Error ? reasonOf(error) : String(error)
    return err(`no control plane answers at ${admin} (${why}); name its admin address with --admin, or files with -f`)
  }
}

async function ask(admin: string, path: string): Promise<unknown> {
  const answer = await fetch(`http://${admin}${path}`, { signal: AbortSignal.timeout(answerWithinMs) })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return await answer.json()
}

function reasonOf(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause ? String(cause.code) : cause.message
}

function statusOf(value: unknown): DesiredStatus {
  const { apiVersion, kind, namespace, name, status } = recordOf(value)
  return {
    apiVersion: stringOf(apiVersion),
    kind: stringOf(kind),
    namespace: stringOf(namespace),
    name: stringOf(name),
    status: recordOf(status),
  }
}

/** A problem of a file has a place; one of a cluster names its object, or a kind. */
function inputRemark(value: unknown): Remark {
  const { file, line, column, severity, object, field, message, remedy } = recordOf(value)
  const isPlaced = typeof file === 'string'
  const subject = typeof object === 'string' ? object : ''
  const about = isPlaced ? refOf(object) : subjectOf(subject)
  const start = isPlaced
    ? `${file}:${line}:${column}: ${stringOf(severity)}`
    : `${stringOf(severity)}: ${about === undefined ? subject : describeObject(about)}`
  const end = stringOf(remedy) === '' ? '' : `; ${stringOf(remedy)}`
  const parts = [start, stringOf(field), `${stringOf(message)}${end}`]
  return { text: parts.filter((part) => part !== '').join(': '), about }
}

function refOf(object: unknown): Ref | undefined {
  const { kind, namespace, name } = recordOf(object)
  return object === undefined
    ? undefined
    : { kind: stringOf(kind), namespace: stringOf(namespace), name: stringOf(name) }
}

/** Of `<Kind>/<namespace>/<name>`. What is about a whole kind, or the API server, may be about any object. */
function subjectOf(subject: string): Ref | undefined {
  const [kind = '', namespace = '', name] = subject.split('/')
  return name === undefined ? undefined : { kind, namespace, name }
}

function inOrder(reports: readonly StatusReport[]): readonly StatusReport[] {
  return [...reports].sort(
    (a, b) =>
      rankOf(a.ref.kind) - rankOf(b.ref.kind) ||
      compareStrings(a.ref.kind, b.ref.kind) ||
      compareStrings(a.ref.namespace, b.ref.namespace) ||
      compareStrings(a.ref.name, b.ref.name),
  )
}
