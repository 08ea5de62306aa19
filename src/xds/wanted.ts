import { makeResource, type NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import type { Lane } from './lane.ts'
import type { StreamState } from './stream-state.ts'

/** What a client should get for a name: `nothing` leaves it with what it has. */
export type Wanted =
  | { readonly kind: 'resource'; readonly resource: NamedResource }
  | { readonly kind: 'gone' }
  | { readonly kind: 'nothing' }

/**
 * What a client should get for a name now. Bytes in quarantine are never an answer: a client that took an earlier
 * version keeps it; one that has none gets the last version that any proxy took, else the stand-in.
 */
export function wantedOf(state: StreamState, lane: Lane, name: string): Wanted {
  const { membership, quarantine, envoyVersion } = state.context
  const stock = membership.shelf.of(lane.type)
  const current = stock.get(name)
  const empty = emptyResource(lane.type, name)
  // Routes go with the chain that asks for them; its connections need them until Envoy has drained it and asks no more.
  if (current === undefined && lane.type === 'route' && lane.known.has(name)) return { kind: 'nothing' }
  if (current === undefined) return empty === undefined ? { kind: 'gone' } : { kind: 'resource', resource: empty }
  if (!quarantine.has(current, envoyVersion)) return { kind: 'resource', resource: current }
  if (lane.known.has(name) && !lane.forced.has(name)) return { kind: 'nothing' }
  for (const substitute of [stock.lastGood(name), current.standIn?.()]) {
    if (substitute !== undefined && !quarantine.has(substitute, envoyVersion)) {
      return { kind: 'resource', resource: substitute }
    }
  }
  if (empty !== undefined && (lane.known.get(name) ?? empty.version) === empty.version) {
    return { kind: 'resource', resource: empty }
  }
  return { kind: 'nothing' }
}

/**
 * What stands for a resource that does not exist, where Envoy needs one: without endpoints a cluster stays warming,
 * without routes a listener does, and a removal of either is ignored. No endpoints answer 503, no routes 404. Undefined
 * for types that are simply removed.
 */
export function emptyResource(type: XdsType, name: string): NamedResource | undefined {
  if (type === 'endpoint') return makeResource('endpoint', name, { clusterName: name })
  if (type === 'route') return makeResource('route', name, { name })
  return undefined
}

/** The content hash in a version that may carry a salt. */
export function hashOfVersion(version: string): string {
  const salt = version.indexOf('~')
  return salt < 0 ? version : version.slice(0, salt)
}
