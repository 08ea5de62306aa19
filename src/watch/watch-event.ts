import { isRecord } from '../api/compile.ts'

/** An object as the API server sends it. Only `metadata` was looked at. */
export interface ApiObject extends Readonly<Record<string, unknown>> {
  readonly metadata: ApiMetadata
}

/** What every stored object has. */
export interface ApiMetadata extends Readonly<Record<string, unknown>> {
  readonly name: string
  /** Absent in cluster-scoped objects. */
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
}

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly version: string; readonly endsList: boolean }
  | { readonly type: 'ERROR'; readonly status: Readonly<Record<string, unknown>> }

/** The event that a line says; undefined when it is none, or one of a type that we do not know. */
export function parseEvent(line: string): WatchEvent | undefined {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return undefined // A connection that broke inside of a line, or something in between that is no API server.
  }
  if (!isRecord(event) || !isRecord(event.object)) return undefined
  const { type, object } = event
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return isApiObject(object) ? { type, object } : undefined
    case 'BOOKMARK':
      return parseBookmark(object)
    case 'ERROR':
      return { type, status: object }
    default:
      return undefined
  }
}

function parseBookmark({ metadata }: Readonly<Record<string, unknown>>): WatchEvent | undefined {
  if (!isRecord(metadata) || typeof metadata.resourceVersion !== 'string') return undefined
  const { annotations, resourceVersion: version } = metadata
  const endsList = isRecord(annotations) && annotations['k8s.io/initial-events-end'] === 'true'
  return { type: 'BOOKMARK', version, endsList }
}

/** Whether a value has what every stored object has. */
export function isApiObject(value: unknown): value is ApiObject {
  if (!isRecord(value) || !isRecord(value.metadata)) return false
  const { name, namespace, uid, resourceVersion } = value.metadata
  const hasNames = typeof name === 'string' && (namespace === undefined || typeof namespace === 'string')
  return hasNames && typeof uid === 'string' && typeof resourceVersion === 'string'
}

/** One page of a list. */
export interface ListPage {
  readonly items: readonly ApiObject[]
  readonly version: string
  /** Asks for the next page; undefined in the last. */
  readonly next: string | undefined
}

/** The page that an answer says; undefined when it is none. */
export function parsePage(answer: unknown): ListPage | undefined {
  if (!isRecord(answer) || !isRecord(answer.metadata)) return undefined
  // A PartialObjectMetadataList without objects has null there.
  const { resourceVersion: version, continue: next } = answer.metadata
  const objects = answer.items ?? []
  if (typeof version !== 'string' || !Array.isArray(objects) || !objects.every(isApiObject)) return undefined
  return { items: objects, version, next: typeof next === 'string' && next !== '' ? next : undefined }
}

/**
 * Whether a version is older than another of the same collection, as after a backup was restored. Versions count up and
 * may be compared (KEP-5504); those that are no numbers never are older.
 */
export function isOlderVersion(version: string, than: string): boolean {
  const areNumbers = /^[1-9][0-9]*$/.test(version) && /^[1-9][0-9]*$/.test(than)
  return areNumbers && BigInt(version) < BigInt(than)
}
