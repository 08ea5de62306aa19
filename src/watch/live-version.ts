/** Versions of live objects: which of two is the newer, and what an answer of the API server tells. */
import { isRecord } from '../api/compile.ts'
import type { LiveObject } from './live-objects.ts'
import { isApiObject, isOlderVersion } from './watch-event.ts'

/** The object in an answer; undefined when it is none. */
export function readLiveObject(answer: unknown): LiveObject | undefined {
  if (!isApiObject(answer)) return undefined
  const { uid, resourceVersion, generation } = answer.metadata
  const status = isRecord(answer.status) ? answer.status : undefined
  return { uid, resourceVersion, generation: typeof generation === 'number' ? generation : 0, status }
}

/** The newer of what the watch told and what an answer told. An object that was made again is another one. */
export function newerObject(watched: LiveObject, told: LiveObject | undefined): LiveObject {
  if (told === undefined || told.uid !== watched.uid) return watched
  return isOlderVersion(watched.resourceVersion, told.resourceVersion) ? told : watched
}
