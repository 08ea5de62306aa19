import type { NamedResource } from '../envoy/resource.ts'
import { XDS_TYPES, type XdsType } from '../envoy/types.ts'
import { must } from '../lib/assert.ts'
import { ClusterWarmth } from './cluster-warmth.ts'
import { Lane, type Sent } from './lane.ts'
import type { StreamLimits } from './limits.ts'
import type { Milestone, Revision } from './revision.ts'
import type { Quarantine } from './quarantine.ts'
import type { StoreMembership } from './store.ts'

/** What a stream is given. */
export interface StreamContext {
  readonly membership: StoreMembership
  readonly quarantine: Quarantine
  /** What the client says it is: what one Envoy of a version took, another of that version takes. */
  readonly envoyVersion: string
  readonly limits: StreamLimits
  /** A text that no client has seen in a resource before. */
  readonly nextSalt: () => string
}

/** What the owner of a stream has to do. */
export type Effect =
  | {
      readonly kind: 'send'
      readonly type: XdsType
      readonly nonce: string
      readonly sent: readonly Sent[]
      readonly removed: readonly string[]
    }
  /** The client took these. */
  | { readonly kind: 'accepted'; readonly type: XdsType; readonly sent: readonly Sent[] }
  /** The client refused this. `willRetry`: for a reason outside the resource, so the same bytes are tried again. */
  | {
      readonly kind: 'refused'
      readonly type: XdsType
      readonly resource: NamedResource
      readonly message: string
      readonly willRetry: boolean
    }
  /** A response was refused as a whole; the culprit is being looked for. */
  | { readonly kind: 'nacked'; readonly type: XdsType; readonly count: number; readonly message: string }
  /** The client has everything that was there when it came. */
  | { readonly kind: 'synced' }
  /** The client has taken everything of that revision of its Gateway, or has refused it. */
  | { readonly kind: 'taken'; readonly revision: Revision }
  /** The client has not taken a revision in time; `taken` ends it. */
  | { readonly kind: 'late' }
  /** Something did not happen in time; the stream went on without it. */
  | { readonly kind: 'overdue'; readonly type: XdsType; readonly name: string; readonly waitedFor: string }
  | { readonly kind: 'close'; readonly code: 'INVALID_ARGUMENT' | 'RESOURCE_EXHAUSTED'; readonly message: string }

/** A listener whose address was taken. */
export interface BindRetry {
  readonly attempts: number
  readonly atMs: number
}

/** Everything that one stream remembers. Written by the transitions of one event at a time. */
export interface StreamState {
  readonly context: StreamContext
  readonly lanes: ReadonlyMap<XdsType, Lane>
  readonly warmth: ClusterWarmth
  /** Resources that wait for clusters or scopes, by type and name, and again by what they wait for. */
  readonly waiting: Map<string, Waiter>
  readonly waitingFor: Map<string, Set<Waiter>>
  readonly bindRetries: Map<string, BindRetry>
  /** Clusters that old connections may need, with the time until when; in ascending order of it. */
  readonly heldClusters: Map<string, number>
  /** Revisions that are not taken yet, oldest first. */
  readonly milestones: Milestone[]
  isLate: boolean
  /** Counts events that change what is owed; 0 stands for the first sync. */
  epoch: number
  nowMs: number
  /** Number of responses so far. */
  order: number
  isCongested: boolean
  /** The client came with resources of an earlier stream. */
  isReturning: boolean
  isSynced: boolean
  isClosed: boolean
  /** Last time that a scope was acknowledged. */
  scopeProgressMs: number
  effects: Effect[]
}

/** One resource that waits for others, by their names. */
export interface Waiter {
  readonly lane: Lane
  readonly name: string
  readonly deadlineMs: number
  readonly needs: Set<string>
}

/** The state of a stream that has heard nothing yet. */
export function newStreamState(context: StreamContext): StreamState {
  const { revision } = context.membership
  return {
    context,
    lanes: new Map(XDS_TYPES.map((type) => [type, new Lane(type)])),
    warmth: new ClusterWarmth(),
    waiting: new Map(),
    waitingFor: new Map(),
    bindRetries: new Map(),
    heldClusters: new Map(),
    milestones: revision === undefined ? [] : [{ revision, epoch: 0, sinceMs: 0 }],
    isLate: false,
    epoch: 0,
    nowMs: 0,
    order: 0,
    isCongested: false,
    isReturning: false,
    isSynced: false,
    isClosed: false,
    scopeProgressMs: 0,
    effects: [],
  }
}

/** The lane of a type; every stream has one for each. */
export function laneOf(state: StreamState, type: XdsType): Lane {
  return must(state.lanes.get(type), `a lane for ${type}`)
}
