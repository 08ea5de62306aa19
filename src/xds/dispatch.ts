import type { NamedResource } from '../envoy/resource.ts'
import { XDS_TYPES } from '../envoy/types.ts'
import { endpointsNameOf } from './cluster-endpoints.ts'
import {
  isHeldForScopes,
  mayLeave,
  missingNeeds,
  releaseHeldListeners,
  releaseOverdueWaiters,
  releaseWaiters,
  waitForNeeds,
} from './gates.ts'
import type { Flight, Item, Lane, Removal, Sent } from './lane.ts'
import { laneOf, type StreamState } from './stream-state.ts'
import { emptyResource, hashOfVersion, wantedOf } from './wanted.ts'

/** Time that a client which comes back gets to name all its types before anything is taken from it. */
const returningGraceMs = 1_000
/** What the framing of one resource adds to its bytes, about. */
const frameOverheadBytes = 150

/** Sends whatever may be sent now. Additions in the order of XDS_TYPES, removals in reverse. */
export function dispatch(state: StreamState): void {
  if (state.isCongested || state.isClosed) return
  releaseOverdueWaiters(state)
  retryBinds(state)
  overtakeLateAnswers(state)
  releaseLingering(state)
  releaseHeldListeners(state)
  // What turned out to need no sending may have been the last thing that something else waited for.
  for (let hasMore = true; hasMore; ) {
    for (const lane of state.lanes.values()) if (lane.isSubscribed) sendAdditions(state, lane)
    hasMore = releaseHeldListeners(state)
    for (const type of removalOrder) {
      const lane = laneOf(state, type)
      if (!lane.isSubscribed) continue
      if (releaseRemovals(state, lane)) hasMore = true
      sendRemovals(state, lane)
    }
  }
  for (const lane of state.lanes.values()) {
    const owesNothing = lane.items.size === 0 && lane.removals.size === 0
    if (lane.isSubscribed && !lane.isAnswered && owesNothing)
      launch(state, lane, { sent: [], removals: [], absent: [] })
  }
}

const removalOrder = XDS_TYPES.toReversed()

/** Notes that a name shall be taken from the client once nothing uses it. */
export function oweRemoval(state: StreamState, lane: Lane, name: string, epoch: number): void {
  if (!lane.mayHave(name)) return
  const { removalTimeoutMs } = state.context.limits
  const notBeforeMs = state.nowMs + (state.isReturning && epoch === 0 ? returningGraceMs : 0)
  lane.remove({ name, epoch, after: state.epoch, notBeforeMs, deadlineMs: state.nowMs + removalTimeoutMs })
}

function sendAdditions(state: StreamState, lane: Lane): void {
  for (let group = lane.groups[0]; group !== undefined && hasBulkSlot(lane); group = lane.groups[0]) {
    lane.groups.shift()
    const sent = group.flatMap((name) => prepareGrouped(state, lane, name) ?? [])
    if (sent.length > 0) launch(state, lane, { sent, removals: [], absent: [] })
  }
  const isRemovalsTurn = lane.leaving.size > 0 && !lane.hasJustRemoved && lane.policy.maxBulks === 1
  if (isRemovalsTurn) return
  if (lane.policy.maxLone > 0) {
    sendCarefully(state, lane)
    return
  }
  while (lane.ready.size > 0 && hasBulkSlot(lane))
    sendBatch(
      state,
      lane,
      collect(state, lane, () => 'one'),
    )
}

/**
 * Unproven resources travel alone, so that a refusal is nobody else's; when there are too many for that, in bulks that
 * are split on a refusal. Proven ones always share a response.
 */
function sendCarefully(state: StreamState, lane: Lane): void {
  const { maxLone, bulksUnproven } = lane.policy
  if (bulksUnproven) {
    while (lane.ready.size > maxLone && hasBulkSlot(lane)) {
      const batches = collect(state, lane, (resource) => (isProven(state, resource) ? 'one' : 'other'))
      sendBatch(state, lane, batches)
    }
    if (lane.ready.size > maxLone) return
  }
  const proven: Sent[] = []
  for (const name of lane.ready) {
    if (lane.loneInFlight >= maxLone || proven.length >= lane.policy.maxCount) break
    const sent = prepareByName(state, lane, name)
    if (sent === undefined) continue
    if (isProven(state, sent.resource) && hasBulkSlot(lane)) proven.push(sent)
    else launch(state, lane, { sent: [sent], removals: [], absent: [] })
  }
  if (proven.length > 0) launch(state, lane, { sent: proven, removals: [], absent: [] })
}

function isProven(state: StreamState, resource: NamedResource): boolean {
  const { membership, envoyVersion } = state.context
  return membership.shelf.of(resource.type).isProven(resource, envoyVersion)
}

interface Batches {
  readonly one: Sent[]
  readonly other: Sent[]
}

/** Takes what is ready into one or two responses, until one of them is full. */
function collect(state: StreamState, lane: Lane, choose: (resource: NamedResource) => keyof Batches): Batches {
  const { maxCount, maxBytes } = lane.policy
  const batches: Batches = { one: [], other: [] }
  const bytes = { one: 0, other: 0 }
  for (const name of lane.ready) {
    const sent = prepareByName(state, lane, name)
    if (sent === undefined) continue
    const batch = choose(sent.resource)
    const size = sent.resource.bytes.length + frameOverheadBytes
    if (batches[batch].length > 0 && bytes[batch] + size > maxBytes) break
    batches[batch].push(sent)
    bytes[batch] += size
    if (batches[batch].length >= maxCount) break
  }
  return batches
}

function sendBatch(state: StreamState, lane: Lane, { one, other }: Batches): void {
  const [first, second] = one.length > other.length ? [one, other] : [other, one]
  for (const sent of [first, second]) {
    if (sent.length > 0 && hasBulkSlot(lane)) launch(state, lane, { sent, removals: [], absent: [] })
  }
}

function hasBulkSlot(lane: Lane): boolean {
  return lane.bulksInFlight < lane.policy.maxBulks
}

function prepareByName(state: StreamState, lane: Lane, name: string): Sent | undefined {
  const item = lane.items.get(name)
  return item === undefined ? undefined : prepare(state, lane, item)
}

/** A part of a refused response: its gates were passed when it was first sent. */
function prepareGrouped(state: StreamState, lane: Lane, name: string): Sent | undefined {
  const item = lane.items.get(name)
  if (item?.stage !== 'grouped') return undefined
  lane.move(item, 'ready')
  return prepare(state, lane, item)
}

/** What to send for a name, or undefined when it need not or must not be sent now; then the item has been dealt with. */
function prepare(state: StreamState, lane: Lane, item: Item): Sent | undefined {
  const { name } = item
  const wanted = wantedOf(state, lane, name)
  const isForced = lane.forced.has(name)
  if (wanted.kind !== 'resource') {
    if (wanted.kind === 'gone') oweRemoval(state, lane, name, item.epoch)
    if (!lane.known.has(name) && lane.subscription.names.has(name)) lane.absent.add(name)
    lane.forced.delete(name)
    lane.settle(item)
    return undefined
  }
  const { resource } = wanted
  const known = lane.known.get(name)
  const isKnown = known !== undefined && hashOfVersion(known) === resource.version && !lane.isUnsure(name)
  if (!isForced && isKnown) {
    lane.settle(item)
    if (lane.type === 'scoped-route') releaseWaiters(state, name)
    return undefined
  }
  if (lane.type === 'listener' && resource.gate === 'after-scopes' && isHeldForScopes(state, item)) {
    lane.move(item, 'held')
    return undefined
  }
  if (item.deadlineMs === undefined || item.deadlineMs > state.nowMs) {
    const needs = missingNeeds(state, resource)
    if (needs.length > 0) {
      waitForNeeds(state, lane, item, needs)
      return undefined
    }
  }
  const salt = needsSalt(state, lane, item) ? state.context.nextSalt() : undefined
  const version = salt === undefined ? resource.version : `${resource.version}~${salt}`
  return { resource, version, salt, isForced }
}

/** Envoy ignores scope bytes that it has seen and refused, also on an earlier stream. */
function needsSalt(state: StreamState, lane: Lane, item: Item): boolean {
  if (lane.type !== 'scoped-route') return false
  return lane.tainted.has(item.name) || (state.isReturning && item.epoch === 0)
}

interface Load {
  readonly sent: readonly Sent[]
  readonly removals: readonly Removal[]
  /** Names that were asked for and do not exist. */
  readonly absent: readonly string[]
}

/** Puts one response on its way. */
function launch(state: StreamState, lane: Lane, { sent, removals, absent }: Load): void {
  state.order++
  const nonce = String(state.order)
  const flight: Flight = { nonce, order: state.order, sentMs: state.nowMs, isStale: false, sent, removed: removals }
  lane.flights.set(nonce, flight)
  lane.takeSlot(flight)
  lane.isAnswered = true
  lane.hasJustRemoved = sent.length === 0
  lane.counters.sent++
  for (const { resource } of sent) {
    const item = lane.items.get(resource.name)
    if (item !== undefined) {
      lane.move(item, 'flying')
      item.nonce = nonce
    }
    lane.forced.delete(resource.name)
    state.context.membership.unsaid.add(lane.type, resource.name)
    if (lane.type === 'cluster') noteCluster(state, resource)
  }
  const removed = [...removals.map(({ name }) => name), ...absent]
  for (const name of removed) {
    lane.known.delete(name)
    lane.tainted.delete(name)
    if (lane.type === 'cluster') state.warmth.forget(name)
  }
  state.effects.push({ kind: 'send', type: lane.type, nonce, sent, removed })
}

/**
 * A cluster that is sent needs its endpoints after it. Envoy asks for names it has not asked for yet; what it already
 * watches has to be sent again, or the cluster stays warming (envoy issue 22418).
 */
function noteCluster(state: StreamState, resource: NamedResource): void {
  const endpoints = endpointsNameOf(resource)
  if (!laneOf(state, 'cluster').known.has(resource.name)) state.warmth.begin(resource.name, endpoints, state.order)
  if (endpoints === undefined) return
  const lane = laneOf(state, 'endpoint')
  if (!lane.isSubscribed) {
    // The first request tells that it has them from an earlier stream.
    lane.forced.add(endpoints)
  } else if (lane.subscription.wants(endpoints)) {
    lane.forced.add(endpoints)
    lane.owe(endpoints, state.epoch)
  }
}

function releaseLingering(state: StreamState): void {
  for (const lane of state.lanes.values()) {
    for (const [name, atMs] of lane.lingering) {
      if (atMs > state.nowMs) break
      lane.lingering.delete(name)
      oweRemoval(state, lane, name, state.epoch)
    }
  }
}

/** Lets removals go that need not wait any longer. True when that made something else due. */
function releaseRemovals(state: StreamState, lane: Lane): boolean {
  let isAnythingOwed = false
  for (const removal of lane.removals.values()) {
    if (!mayLeave(state, lane, removal)) break
    if (emptyResource(lane.type, removal.name) !== undefined) {
      // Not taken away but emptied: the client still has something that asks for it.
      lane.owe(removal.name, state.epoch)
      isAnythingOwed = true
    } else {
      lane.removals.delete(removal.name)
      lane.leaving.set(removal.name, removal)
    }
  }
  return isAnythingOwed
}

function sendRemovals(state: StreamState, lane: Lane): void {
  if (!hasBulkSlot(lane) || (lane.leaving.size === 0 && lane.absent.size === 0)) return
  const removals = [...lane.leaving.values()]
  const absent = [...lane.absent].filter((name) => !lane.leaving.has(name))
  lane.leaving.clear()
  lane.absent.clear()
  launch(state, lane, { sent: [], removals, absent })
}

function overtakeLateAnswers(state: StreamState): void {
  for (const lane of state.lanes.values()) {
    if (lane.flights.size === 0 || lane.flights.size > state.context.limits.maxStale) continue
    for (const flight of lane.flights.values()) {
      if (flight.isStale) continue
      if (flight.sentMs + lane.policy.staleAfterMs > state.nowMs) break
      lane.overtake(flight)
    }
  }
}

function retryBinds(state: StreamState): void {
  const lane = laneOf(state, 'listener')
  for (const [name, retry] of state.bindRetries) {
    if (retry.atMs > state.nowMs) continue
    state.bindRetries.set(name, { ...retry, atMs: Number.POSITIVE_INFINITY })
    lane.forced.add(name)
    lane.owe(name, state.epoch)
  }
}
