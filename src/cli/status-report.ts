/** The status of an object in words. */
import type { DesiredStatus } from '../translate/contract.ts'
import type { SourcedObject } from '../watch/file-source.ts'
import { badConditions } from './findings.ts'
import { objectsAt, recordOf, stringOf } from './plain.ts'
import type { StatusReport } from './reporter.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a status says, and where its object stands. */
export function reportStatus(status: DesiredStatus, object: SourcedObject | undefined): StatusReport {
  const problems = badConditions(status, object)
  const isWaiting = problems.length > 0 && problems.every(({ reason }) => reason === 'Pending')
  const verdict = problems.length === 0 ? goodWord(status) : isWaiting ? 'waiting' : 'PROBLEM'
  return {
    ref: { group: groupOf(status.apiVersion), kind: status.kind, namespace: status.namespace ?? '', name: status.name },
    verdict,
    summary: summaryOf(status),
    problems,
    // To find the line costs reading the file.
    ...(object === undefined || problems.length === 0 ? {} : { place: `${object.file}:${object.position('').line}` }),
  }
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

function goodWord({ kind }: DesiredStatus): string {
  return kind === 'Gateway' ? 'programmed' : kind === 'HTTPRoute' ? 'attached' : 'accepted'
}

function summaryOf({ kind, status }: DesiredStatus): string {
  if (kind === 'Gateway') return objectsAt(status, 'listeners').map(listenerSummary).join(', ')
  if (kind === 'HTTPRoute') return objectsAt(status, 'parents').map(parentSummary).join(', ')
  return ''
}

function listenerSummary(listener: Fields): string {
  const attached = typeof listener.attachedRoutes === 'number' ? listener.attachedRoutes : 0
  return `${stringOf(listener.name)}: ${attached} ${attached === 1 ? 'route' : 'routes'}`
}

function parentSummary(parent: Fields): string {
  const { namespace, name, sectionName } = recordOf(parent.parentRef)
  const gateway = namespace === undefined ? stringOf(name) : `${stringOf(namespace)}/${stringOf(name)}`
  return `to ${gateway}${sectionName === undefined ? '' : ` (${stringOf(sectionName)})`}`
}
