import { releaseWaiters } from './gates.ts'
import type { Flight, Lane, Sent } from './lane.ts'
import { culpritsOf, isBindFailure, shortened } from './nack.ts'
import { laneOf, type StreamState } from './stream-state.ts'

/** The answer to one response. */
export interface Reply {
  readonly nonce: string
  /** What Envoy objects to; undefined for an ACK. */
  readonly error: string | undefined
}

/** Takes over an ACK or NACK. A nonce that is not outstanding is stale and says nothing. */
export function settleReply(state: StreamState, lane: Lane, reply: Reply): void {
  const flight = lane.flights.get(reply.nonce)
  if (flight === undefined) return
  lane.flights.delete(reply.nonce)
  if (flight.isStale) lane.arrive(flight)
  else lane.freeSlot(flight)
  for (const removal of flight.removed) lane.departures.settle(removal.epoch)
  if (reply.error === undefined) {
    lane.counters.acked++
    noteSaid(state, lane, flight)
    accept(state, lane, flight, flight.sent)
  } else {
    lane.counters.nacked++
    lane.counters.lastError = shortened(reply.error)
    refuse(state, lane, flight, reply.error)
  }
}

/** From now on the client itself says on a new stream what it has of this response. */
function noteSaid(state: StreamState, lane: Lane, { sent, removed }: Flight): void {
  const { unsaid } = state.context.membership
  for (const { resource } of sent) unsaid.delete(lane.type, resource.name)
  // What was sent again since may have been taken again.
  for (const { name } of removed) if (!lane.items.has(name)) unsaid.delete(lane.type, name)
}

function accept(state: StreamState, lane: Lane, flight: Flight, sent: readonly Sent[]): void {
  const { membership, envoyVersion } = state.context
  const stock = membership.shelf.of(lane.type)
  const gone = removedSince(lane, flight)
  for (const { resource, version } of sent) {
    const { name } = resource
    stock.prove(resource, envoyVersion)
    lane.tainted.delete(name)
    if (lane.subscription.wants(name) && !gone.has(name)) lane.known.set(name, version)
    if (lane.type === 'listener') state.bindRetries.delete(name)
    settleFlying(lane, name, flight)
    if (lane.type === 'cluster' && state.warmth.acknowledge(name)) releaseWaiters(state, name)
    if (lane.type === 'scoped-route') releaseWaiters(state, name)
    if (lane.type === 'endpoint') {
      for (const cluster of state.warmth.fill(name, flight.order)) releaseWaiters(state, cluster)
    }
  }
  if (lane.type === 'scoped-route') state.scopeProgressMs = state.nowMs
  if (sent.length > 0) state.effects.push({ kind: 'accepted', type: lane.type, sent })
}

/** Names whose removal is on its way, sent while this response was late. */
function removedSince(lane: Lane, flight: Flight): ReadonlySet<string> {
  const names = new Set<string>()
  if (!flight.isStale) return names
  for (const { removed } of lane.flights.values()) for (const { name } of removed) names.add(name)
  return names
}

/** Nothing, when the name has been sent again since. */
function settleFlying(lane: Lane, name: string, flight: Flight): void {
  const item = lane.items.get(name)
  if (item?.nonce === flight.nonce && (item.stage === 'flying' || item.stage === 'stale')) lane.settle(item)
}

/**
 * A refused response. The culprits are known when it carried one resource or when Envoy names them and took the rest;
 * else nothing of it was applied and it is tried again in halves.
 */
function refuse(state: StreamState, lane: Lane, flight: Flight, message: string): void {
  const [only, ...others] = flight.sent
  if (only === undefined) return
  if (others.length === 0) {
    const named = culpritsOf(lane.type, message, [only.resource.name])[0]
    condemn(state, lane, { flight, sent: only, message: named?.message ?? message })
    return
  }
  const names = flight.sent.map(({ resource }) => resource.name)
  state.effects.push({ kind: 'nacked', type: lane.type, count: names.length, message: shortened(message) })
  const culprits = new Map(culpritsOf(lane.type, message, names).map((culprit) => [culprit.name, culprit.message]))
  if (culprits.size === 0) {
    split(lane, flight)
    return
  }
  const taken = flight.sent.filter(({ resource }) => !culprits.has(resource.name))
  accept(state, lane, flight, taken)
  for (const { resource } of taken) sayAgain(state, lane, resource.name)
  for (const sent of flight.sent) {
    const complaint = culprits.get(sent.resource.name)
    if (complaint !== undefined) condemn(state, lane, { flight, sent, message: complaint })
  }
}

/**
 * Names that changed meanwhile stay in their half: what is sent is looked up again. What the client had and was sent all
 * the same is needed again, such as endpoints for a changed cluster.
 */
function split(lane: Lane, flight: Flight): void {
  const names: string[] = []
  for (const { resource, isForced } of flight.sent) {
    const { name } = resource
    const item = lane.items.get(name)
    lane.tainted.add(name)
    if (item?.nonce !== flight.nonce || (item.stage !== 'flying' && item.stage !== 'stale')) continue
    lane.move(item, 'grouped')
    names.push(name)
    if (isForced) lane.forced.add(name)
  }
  const middle = Math.ceil(names.length / 2)
  lane.groups.push(names.slice(0, middle), names.slice(middle))
}

/**
 * Envoy serves what it took of a refused response, and records no version of it: when it came back to another control
 * plane, it would say that it has what it had before. It records it when it is sent once more, and does nothing else.
 */
function sayAgain(state: StreamState, lane: Lane, name: string): void {
  if (!lane.subscription.wants(name)) return
  lane.forced.add(name)
  lane.owe(name, state.epoch)
}

interface Verdict {
  readonly flight: Flight
  readonly sent: Sent
  readonly message: string
}

/** The culprit of a refusal is found. Its bytes are not sent again; what goes instead is looked up at once. */
function condemn(state: StreamState, lane: Lane, { flight, sent, message: complaint }: Verdict): void {
  const message = shortened(complaint)
  const { resource, isForced } = sent
  const { name, type } = resource
  const willRetry = isBindFailure(type, message)
  state.effects.push({ kind: 'refused', type, resource, message, willRetry })
  if (willRetry) retryLater(state, name)
  else state.context.quarantine.add(resource, state.context.envoyVersion, message)
  if (type === 'scoped-route') {
    lane.tainted.add(name)
    releaseWaiters(state, name)
  }
  if (type === 'cluster' && state.warmth.refuse(name)) releaseWaiters(state, name)
  settleFlying(lane, name, flight)
  if (willRetry) return
  if (isForced) lane.forced.add(name)
  lane.owe(name, state.epoch)
}

function retryLater(state: StreamState, name: string): void {
  const { first, longest } = state.context.limits.bindRetryMs
  const attempts = (state.bindRetries.get(name)?.attempts ?? 0) + 1
  const pauseMs = Math.min(first * 2 ** (attempts - 1), longest)
  state.bindRetries.set(name, { attempts, atMs: state.nowMs + pauseMs })
}

/** Says once that the client has, or has refused, everything that was there when it came. */
export function noteSynced(state: StreamState): void {
  if (state.isSynced) return
  const listeners = laneOf(state, 'listener')
  if (!listeners.isAnswered || listeners.flights.size > 0) return
  for (const lane of state.lanes.values()) if (lane.isSubscribed && lane.additions.floor === 0) return
  state.isSynced = true
  for (const milestone of state.milestones) milestone.sinceMs = state.nowMs
  state.effects.push({ kind: 'synced' })
}
