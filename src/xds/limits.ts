import type { XdsType } from '../envoy/types.ts'

/** How long a stream waits for a proxy before it goes on without, and how much it sends at once. */
export interface StreamLimits {
  /** A resource whose clusters are not warm by then is sent all the same. */
  readonly clusterWarmTimeoutMs: number
  /** A removal goes out by then even when what stopped using the resource was not acknowledged. */
  readonly removalTimeoutMs: number
  /** What only connections of a replaced listener still ask is kept so long: as long as Envoy drains them, and a little. */
  readonly drainMs: number
  /** So many names of a type are kept for that at most: of more, the oldest go. */
  readonly maxLingering: number
  /** A listener that waits for scopes goes out when none was acknowledged for so long. */
  readonly listenerHoldTimeoutMs: number
  /** Backoff of a listener whose address is taken: first and longest pause. */
  readonly bindRetryMs: { readonly first: number; readonly longest: number }
  /** A proxy that has not taken a revision of its Gateway by then is not waited for in its status. */
  readonly lateAfterMs: number
  /** Unanswered responses of one type after which nothing more is sent of it, however late they are. */
  readonly maxStale: number
  /** Names that one stream may be subscribed to, over all types, and that one request may hold. */
  readonly maxSubscriptions: number
}

/** The limits of a stream, unless a test sets others. */
export const defaultLimits: StreamLimits = {
  clusterWarmTimeoutMs: 10_000,
  removalTimeoutMs: 15_000,
  drainMs: 610_000,
  maxLingering: 20_000,
  listenerHoldTimeoutMs: 30_000,
  bindRetryMs: { first: 500, longest: 15_000 },
  lateAfterMs: 15_000,
  maxStale: 8,
  maxSubscriptions: 200_000,
}

/** How responses of one type are cut and how many may be unacknowledged. */
export interface LanePolicy {
  /** Resources of one response. */
  readonly maxCount: number
  /** Bytes of one response; a single larger resource goes alone. */
  readonly maxBytes: number
  /** Unacknowledged responses of more than one resource. */
  readonly maxBulks: number
  /**
   * Unacknowledged responses of one unproven resource. 0: unproven ones travel with the others and a refusal is
   * narrowed down afterwards.
   */
  readonly maxLone: number
  /** Whether unproven ones share responses when there are more than `maxLone`; else the others wait for their turn. */
  readonly bulksUnproven: boolean
  /** An unanswered response holds up others for so long at most. */
  readonly staleAfterMs: number
}

const whole: LanePolicy = {
  maxCount: 10_000,
  maxBytes: 2_000_000,
  maxBulks: 1,
  maxLone: 0,
  bulksUnproven: true,
  staleAfterMs: Number.POSITIVE_INFINITY,
}

/**
 * Envoy takes SRDS all or nothing and names no culprit, hence small responses and unproven scopes alone. It applies CDS
 * at once but does not answer while any cluster is warming, and one that never gets warm must not hold up the others.
 * It takes the bytes of a secret that it refused for known when they come again, and acknowledges them: the first answer
 * has to tell which one is bad.
 */
export const lanePolicies: Readonly<Record<XdsType, LanePolicy>> = {
  secret: { ...whole, maxBulks: 4, maxLone: 64, bulksUnproven: false },
  cluster: { ...whole, staleAfterMs: 3_000 },
  endpoint: whole,
  listener: whole,
  route: whole,
  'scoped-route': { ...whole, maxCount: 100, maxBytes: 1_000_000, maxBulks: 4, maxLone: 64 },
}
