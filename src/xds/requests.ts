import type { XdsType } from '../envoy/types.ts'
import { oweRemoval } from './dispatch.ts'
import { releaseWaiters, waitForNeeds } from './gates.ts'
import type { Lane } from './lane.ts'
import { laneOf, type StreamState } from './stream-state.ts'
import type { DirtyNames } from './store.ts'
import { emptyResource } from './wanted.ts'
import type { SubscriptionChange, SubscriptionRequest } from './subscription.ts'

/** The subscription part of a request of one type. */
export interface TypeRequest extends SubscriptionRequest {
  readonly type: XdsType
  /** What the client has from an earlier stream, with versions. Only the first request of a type carries it. */
  readonly initialVersions: Readonly<Record<string, string>>
}

/** Takes over what a request says about subscriptions: what the client must now be told is owed to it. */
export function subscribe(state: StreamState, request: TypeRequest): void {
  const lane = laneOf(state, request.type)
  const isFirst = !lane.isSubscribed
  if (isFirst) {
    lane.isSubscribed = true
    for (const [name, version] of Object.entries(request.initialVersions)) lane.known.set(name, version)
    const { unsaid } = state.context.membership
    for (const name of unsaid.of(lane.type)) {
      // What it says of these is what it took before.
      lane.known.delete(name)
      lane.tainted.add(name)
    }
    if (lane.known.size + lane.tainted.size > 0) state.isReturning = true
  }
  const change = lane.subscription.apply(request)
  if (isUnchanged(change)) return
  const epoch = isFirst ? 0 : ++state.epoch
  for (const name of [...change.dropped, ...(change.wildcard === 'ended' ? unwanted(lane) : [])]) {
    forget(state, lane, name)
  }
  const isHeldUp = isFirst && areClustersHeldUp(state, lane)
  const leftOver = new Set(isFirst && lane.type === 'endpoint' ? leftOverEndpoints(state, lane, change.asked) : [])
  for (const name of change.asked) {
    if (lane.type === 'endpoint') state.context.membership.watchEndpoints(name)
    if (!isFirst || isHeldUp) lane.forced.add(name)
    if (leftOver.has(name)) oweRemoval(state, lane, name, epoch)
    else lane.owe(name, epoch)
  }
  for (const name of change.keptByWildcard) {
    lane.forced.add(name)
    lane.owe(name, epoch)
  }
  if (change.wildcard === 'began') oweEverything(state, lane, epoch)
  refuseTooMany(state)
}

function isUnchanged({ asked, dropped, keptByWildcard, wildcard }: SubscriptionChange): boolean {
  return wildcard === 'unchanged' && asked.length + dropped.length + keptByWildcard.length === 0
}

/**
 * Envoy asks for clusters before all else, but for when one that it took on an earlier stream is still warming: then only
 * when its endpoints came, or after 15 s. Which one it is it does not say.
 */
function areClustersHeldUp(state: StreamState, lane: Lane): boolean {
  return lane.type === 'endpoint' && !laneOf(state, 'cluster').isSubscribed
}

/**
 * Endpoints of an earlier stream that are no more: what still sends requests to them has to go first. But for those of a
 * cluster that was sent on this stream, which waits for an answer, even if it is that there are none.
 */
function leftOverEndpoints(state: StreamState, lane: Lane, asked: readonly string[]): readonly string[] {
  const stock = state.context.membership.shelf.of('endpoint')
  return asked.filter((name) => stock.get(name) === undefined && hasEndpoints(lane, name) && !lane.forced.has(name))
}

function hasEndpoints(lane: Lane, name: string): boolean {
  const version = lane.known.get(name)
  return version !== undefined && version !== emptyResource('endpoint', name)?.version
}

function oweEverything(state: StreamState, lane: Lane, epoch: number): void {
  const stock = state.context.membership.shelf.of(lane.type)
  for (const name of stock.names()) lane.owe(name, epoch)
  for (const name of new Set([...lane.known.keys(), ...lane.tainted])) {
    if (stock.get(name) === undefined) oweRemoval(state, lane, name, epoch)
  }
}

function* unwanted(lane: Lane): Iterable<string> {
  for (const name of new Set([...lane.known.keys(), ...lane.items.keys()])) {
    if (!lane.subscription.wants(name)) yield name
  }
}

/** The client dropped a name: it has forgotten the resource. */
function forget(state: StreamState, lane: Lane, name: string): void {
  if (lane.type === 'endpoint') state.context.membership.unwatchEndpoints(name)
  lane.known.delete(name)
  lane.forced.delete(name)
  lane.absent.delete(name)
  lane.cancelRemoval(name)
  const item = lane.items.get(name)
  if (item !== undefined && item.stage !== 'flying' && item.stage !== 'grouped') lane.settle(item)
}

function refuseTooMany(state: StreamState): void {
  let count = 0
  for (const lane of state.lanes.values()) count += lane.subscription.names.size
  const { maxSubscriptions } = state.context.limits
  if (count <= maxSubscriptions) return
  const message = `subscribed to ${count} names; a stream may have ${maxSubscriptions}`
  state.effects.push({ kind: 'close', code: 'RESOURCE_EXHAUSTED', message })
  state.isClosed = true
}

/** Takes over one epoch of the store. Only names that changed are looked at. */
export function noteChanges(state: StreamState, dirty: DirtyNames): void {
  state.epoch++
  holdClusters(state)
  for (const [type, names] of dirty) {
    const lane = laneOf(state, type)
    if (!lane.isSubscribed) continue
    const stock = state.context.membership.shelf.of(type)
    for (const name of names) {
      if (!lane.subscription.wants(name)) continue
      if (stock.get(name) === undefined) noteGone(state, lane, name)
      else lane.owe(name, state.epoch)
    }
    if (type === 'scoped-route') holdShrunk(state, lane, names)
  }
}

/** Pairs of what shrinks and what it would wait for; more in one epoch are no move of a route, and would cost too much. */
const maxHeldPairs = 10_000

/**
 * What a scope loses, another one of the same epoch may have got: a route whose hostname became narrower, or wider. So a
 * scope that shrinks waits for those that do not, as a removal does.
 */
function holdShrunk(state: StreamState, lane: Lane, names: ReadonlySet<string>): void {
  const ready = [...names].filter((name) => lane.ready.has(name))
  const shrunk = new Set(ready.filter((name) => shrinks(state, lane, name)))
  const others = ready.filter((name) => !shrunk.has(name))
  if (others.length === 0 || shrunk.size * others.length > maxHeldPairs) return
  for (const name of shrunk) {
    const item = lane.items.get(name)
    if (item !== undefined) waitForNeeds(state, lane, item, others)
  }
}

function shrinks(state: StreamState, lane: Lane, name: string): boolean {
  const stock = state.context.membership.shelf.of(lane.type)
  const bytes = stock.get(name)?.bytes.length ?? 0
  return lane.known.has(name) && bytes < (stock.lastGood(name)?.bytes.length ?? 0)
}

/** What retired routes and scopes send requests to is needed as long as they are. */
function holdClusters(state: StreamState): void {
  for (const [cluster, untilMs] of state.heldClusters) {
    if (untilMs > state.nowMs) break
    state.heldClusters.delete(cluster)
  }
  for (const { clusters = [] } of state.context.membership.shelf.retired.values()) {
    for (const cluster of clusters) {
      state.heldClusters.delete(cluster)
      state.heldClusters.set(cluster, state.nowMs + state.context.limits.drainMs)
    }
  }
}

function linger(state: StreamState, lane: Lane, name: string): void {
  const { drainMs, maxLingering } = state.context.limits
  lane.lingering.set(name, state.nowMs + drainMs)
  if (lane.lingering.size <= maxLingering) return
  for (const oldest of lane.lingering.keys()) {
    lane.lingering.delete(oldest)
    oweRemoval(state, lane, oldest, state.epoch)
    return
  }
}

function isForOldConnections(state: StreamState, { type }: Lane, name: string): boolean {
  if (type === 'cluster') return (state.heldClusters.get(name) ?? 0) > state.nowMs
  return type === 'scoped-route' && state.context.membership.shelf.retired.has(name)
}

function noteGone(state: StreamState, lane: Lane, name: string): void {
  if (lane.type === 'cluster' || lane.type === 'scoped-route') releaseWaiters(state, name)
  const item = lane.items.get(name)
  // Somebody waits for an answer, though it be that there is nothing.
  const isAsked = item !== undefined && !lane.known.has(name) && emptyResource(lane.type, name) !== undefined
  if (item?.stage === 'flying' || item?.stage === 'grouped' || isAsked) {
    lane.owe(name, state.epoch)
    return
  }
  if (lane.mayHave(name) && isForOldConnections(state, lane, name)) {
    linger(state, lane, name)
  } else {
    oweRemoval(state, lane, name, state.epoch)
  }
  if (item !== undefined) lane.settle(item)
}
