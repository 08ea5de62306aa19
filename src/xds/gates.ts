import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import type { Item, Lane, Removal } from './lane.ts'
import { laneOf, type StreamState, type Waiter } from './stream-state.ts'

/** What must be acknowledged before something of a type may be taken away: whatever may still use it. */
const usersOf: Readonly<Record<XdsType, { additions: readonly XdsType[]; departures: readonly XdsType[] }>> = {
  listener: { additions: [], departures: [] },
  'scoped-route': { additions: ['scoped-route', 'route', 'listener'], departures: [] },
  route: { additions: ['scoped-route', 'route', 'listener'], departures: [] },
  cluster: {
    additions: ['scoped-route', 'route', 'listener'],
    departures: ['scoped-route', 'route', 'listener'],
  },
  endpoint: {
    additions: ['scoped-route', 'route', 'listener', 'cluster'],
    departures: ['scoped-route', 'route', 'listener', 'cluster'],
  },
  secret: { additions: ['listener', 'cluster'], departures: ['listener', 'cluster'] },
}

/** What a resource names and would be missed if it were sent now: clusters that answer 503, scopes that are not there. */
export function missingNeeds(state: StreamState, resource: NamedResource): readonly string[] {
  const cold = resource.clusters?.filter((cluster) => isCold(state, cluster)) ?? []
  const absent = resource.scopes?.filter((scope) => isAbsentScope(state, scope)) ?? []
  return [...cold, ...absent]
}

/** Like a cluster, one that does not exist does not count. */
function isAbsentScope(state: StreamState, scope: string): boolean {
  const isServed = state.context.membership.shelf.of('scoped-route').get(scope) !== undefined
  return isServed && !laneOf(state, 'scoped-route').known.has(scope)
}

/** Clusters that do not exist or were refused do not count: waiting for them would help nobody. */
function isCold(state: StreamState, cluster: string): boolean {
  const { membership, quarantine, envoyVersion } = state.context
  const resource = membership.shelf.of('cluster').get(cluster)
  if (resource === undefined) return false
  if (state.warmth.isWarming(cluster)) return true
  return !laneOf(state, 'cluster').known.has(cluster) && !quarantine.has(resource, envoyVersion)
}

/** Sets a resource aside until the client has what it needs. */
export function waitForNeeds(state: StreamState, lane: Lane, item: Item, needs: readonly string[]): void {
  const key = `${lane.type}|${item.name}`
  dropWaiter(state, key)
  item.deadlineMs ??= state.nowMs + state.context.limits.clusterWarmTimeoutMs
  const waiter: Waiter = { lane, name: item.name, deadlineMs: item.deadlineMs, needs: new Set(needs) }
  state.waiting.set(key, waiter)
  for (const need of needs) {
    const waiters = state.waitingFor.get(need)
    if (waiters === undefined) state.waitingFor.set(need, new Set([waiter]))
    else waiters.add(waiter)
  }
  lane.move(item, 'waiting')
}

/** A cluster is warm, a scope is there, or it is not worth waiting for any more. Their names never meet. */
export function releaseWaiters(state: StreamState, need: string): void {
  for (const waiter of state.waitingFor.get(need) ?? []) {
    waiter.needs.delete(need)
    if (waiter.needs.size === 0) endWaiting(state, waiter)
  }
  state.waitingFor.delete(need)
}

/** Lets go what has waited too long. */
export function releaseOverdueWaiters(state: StreamState): void {
  for (const waiter of state.waiting.values()) {
    if (waiter.deadlineMs > state.nowMs) return
    const waitedFor = [...waiter.needs].join(', ')
    state.effects.push({ kind: 'overdue', type: waiter.lane.type, name: waiter.name, waitedFor })
    endWaiting(state, waiter)
  }
}

function endWaiting(state: StreamState, waiter: Waiter): void {
  const { lane, name } = waiter
  dropWaiter(state, `${lane.type}|${name}`)
  const item = lane.items.get(name)
  if (item?.stage === 'waiting') lane.move(item, 'ready')
}

function dropWaiter(state: StreamState, key: string): void {
  const waiter = state.waiting.get(key)
  if (waiter === undefined) return
  state.waiting.delete(key)
  for (const need of waiter.needs) {
    const waiters = state.waitingFor.get(need)
    waiters?.delete(waiter)
    if (waiters?.size === 0) state.waitingFor.delete(need)
  }
}

/**
 * Whether a listener that serves scopes has to wait: its port opens on the first scopes that arrive, and hosts whose
 * scopes come later would be unknown. It waits until every scope that was pending when it became due is settled.
 */
export function isHeldForScopes(state: StreamState, item: Item): boolean {
  const scopes = laneOf(state, 'scoped-route')
  item.deadlineMs ??= state.nowMs + state.context.limits.listenerHoldTimeoutMs
  if (holdDeadline(state, item) <= state.nowMs) return false
  if (!scopes.isSubscribed) return hasWarmUpListener(state)
  return scopes.additions.floor <= item.newestEpoch
}

/** Scopes that still arrive push the deadline out. */
function holdDeadline(state: StreamState, item: Item): number {
  const sinceProgress = state.scopeProgressMs + state.context.limits.listenerHoldTimeoutMs
  return Math.max(item.deadlineMs ?? 0, sinceProgress)
}

/** Without one nothing would ever ask for scopes, and waiting for them would be for ever. */
function hasWarmUpListener(state: StreamState): boolean {
  const listeners = state.context.membership.shelf.of('listener')
  for (const name of listeners.names()) if (listeners.get(name)?.gate === 'warm-up') return true
  return false
}

/** Looks again at the listeners that wait for scopes. True when one may go. */
export function releaseHeldListeners(state: StreamState): boolean {
  const lane = laneOf(state, 'listener')
  let isAnyReleased = false
  for (const item of lane.items.values()) {
    if (item.stage !== 'held' || isHeldForScopes(state, item)) continue
    if (holdDeadline(state, item) <= state.nowMs) {
      const { name } = item
      state.effects.push({ kind: 'overdue', type: 'listener', name, waitedFor: 'scopes to be acknowledged' })
    }
    lane.move(item, 'ready')
    isAnyReleased = true
  }
  return isAnyReleased
}

/** Whether what may use the resource has been acknowledged without it, or has had its time. */
export function mayLeave(state: StreamState, lane: Lane, removal: Removal): boolean {
  if (removal.deadlineMs <= state.nowMs) {
    const { name } = removal
    state.effects.push({ kind: 'overdue', type: lane.type, name, waitedFor: 'its users to be acknowledged' })
    return true
  }
  if (removal.notBeforeMs > state.nowMs) return false
  const { additions, departures } = usersOf[lane.type]
  return (
    additions.every((type) => laneOf(state, type).additions.floor > removal.after) &&
    departures.every((type) => laneOf(state, type).departures.floor > removal.after)
  )
}

/** When the gates want to be asked again though nothing happened; undefined when they wait for nothing. */
export function nextDeadlineMs(state: StreamState): number | undefined {
  let next = Number.POSITIVE_INFINITY
  for (const waiter of state.waiting.values()) {
    next = Math.min(next, waiter.deadlineMs)
    break
  }
  for (const lane of state.lanes.values()) {
    for (const flight of lane.flights.values()) {
      if (flight.isStale || lane.flights.size > state.context.limits.maxStale) continue
      next = Math.min(next, flight.sentMs + lane.policy.staleAfterMs)
      break
    }
    for (const atMs of lane.lingering.values()) {
      next = Math.min(next, atMs)
      break
    }
    for (const removal of lane.removals.values()) {
      next = Math.min(next, removal.notBeforeMs > state.nowMs ? removal.notBeforeMs : removal.deadlineMs)
      break
    }
  }
  for (const retry of state.bindRetries.values()) next = Math.min(next, retry.atMs)
  for (const item of laneOf(state, 'listener').items.values()) {
    if (item.stage === 'held') next = Math.min(next, holdDeadline(state, item))
  }
  return Number.isFinite(next) ? next : undefined
}
