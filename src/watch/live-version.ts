/** Versions of live objects: which of two is the newer, and what an answer of the API server tells. */
import type { LiveObject } from './live-objects.ts'

/** The object in an answer; undefined when it is none. */
export function readLiveObject(answer: unknown): LiveObject | undefined {
  if (!isRecord(answer) || !isRecord(answer.metadata)) return undefined
  const { uid, resourceVersion, generation } = answer.metadata
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined
  const status = isRecord(answer.status) ? answer.status : undefined
  return { uid, resourceVersion, generation: typeof generation === 'number' ? generation : 0, status }
}

/** The newer of what the watch told and what an answer told. An object that was made again is another one. */
export function newerObject(watched: LiveObject, told: LiveObject | undefined): LiveObject {
  if (told === undefined || told.uid !== watched.uid) return watched
  return isNewerVersion(told.resourceVersion, watched.resourceVersion) ? told : watched
}

/**
 * Kubernetes compares versions as decimal numbers of any length (KEP-5504). Of two that are none the second counts as the
 * newer one.
 */
export function isNewerVersion(a: string, b: string): boolean {
  if (!/^[1-9]\d*$/.test(a) || !/^[1-9]\d*$/.test(b)) return false
  return a.length === b.length ? a > b : a.length > b.length
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
