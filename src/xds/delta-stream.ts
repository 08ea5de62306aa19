import type { XdsType } from '../envoy/types.ts'
import { unreachable } from '../lib/assert.ts'
import { dispatch } from './dispatch.ts'
import { nextDeadlineMs } from './gates.ts'
import type { LaneCounters } from './lane.ts'
import { lateAtMs, noteRevision, noteTaken } from './milestones.ts'
import type { Revision } from './revision.ts'
import { noteSynced, settleReply } from './replies.ts'
import { noteChanges, subscribe, type TypeRequest } from './requests.ts'
import type { DirtyNames } from './store.ts'
import { type Effect, laneOf, newStreamState, type StreamContext, type StreamState } from './stream-state.ts'

/** What happens to a stream. */
export type StreamEvent =
  | {
      readonly kind: 'request'
      readonly request: TypeRequest
      /** Nonce of the response that this answers; '' when it answers none. */
      readonly nonce: string
      readonly error: string | undefined
    }
  | { readonly kind: 'changed'; readonly dirty: DirtyNames; readonly revision?: Revision | undefined }
  /** The connection takes nothing more for now; `drained` ends it. */
  | { readonly kind: 'congested' }
  | { readonly kind: 'drained' }
  /** The time that `wakeAtMs` asked for has come. */
  | { readonly kind: 'wake' }

/** What the admin pages show of one type of a stream. */
export interface TypeProgress extends Readonly<LaneCounters> {
  readonly type: XdsType
  /** Resources that the client acknowledged. */
  readonly known: number
  /** Resources that it has to be told about. */
  readonly pending: number
}

/**
 * One delta ADS stream as a machine: an event in, effects out. It does no I/O and reads no clock. There is no queue of
 * messages: what is owed is a set of names, and content is looked up when there is room to send.
 */
export class DeltaStream {
  readonly #state: StreamState

  constructor(context: StreamContext) {
    this.#state = newStreamState(context)
  }

  /** Takes one event and returns what to do, in order. `nowMs` never goes back. */
  handle(event: StreamEvent, nowMs: number): readonly Effect[] {
    const state = this.#state
    state.nowMs = nowMs
    if (!state.isClosed) {
      this.#take(event)
      dispatch(state)
      noteSynced(state)
      noteTaken(state)
    }
    const { effects } = state
    state.effects = []
    return effects
  }

  /** When to send `wake`, if nothing happens before; undefined when there is nothing to wait for. */
  get wakeAtMs(): number | undefined {
    const state = this.#state
    if (state.isClosed) return undefined
    const gatesMs = state.isCongested ? undefined : nextDeadlineMs(state)
    const atMs = Math.min(gatesMs ?? Number.POSITIVE_INFINITY, lateAtMs(state))
    return Number.isFinite(atMs) ? atMs : undefined
  }

  get isSynced(): boolean {
    return this.#state.isSynced
  }

  /** Progress by type, of the types that the client asked for. */
  progress(): readonly TypeProgress[] {
    return [...this.#state.lanes.values()]
      .filter((lane) => lane.isSubscribed)
      .map(({ type, counters, known, items }) => ({ type, ...counters, known: known.size, pending: items.size }))
  }

  #take(event: StreamEvent): void {
    const state = this.#state
    switch (event.kind) {
      case 'request': {
        const { request, nonce, error } = event
        if (nonce !== '') settleReply(state, laneOf(state, request.type), { nonce, error })
        subscribe(state, request)
        return
      }
      case 'changed':
        noteChanges(state, event.dirty)
        if (event.revision !== undefined) noteRevision(state, event.revision)
        return
      case 'congested':
        state.isCongested = true
        return
      case 'drained':
        state.isCongested = false
        return
      case 'wake':
        return
      default:
        unreachable(event)
    }
  }
}
