/** Which states of its Gateway a proxy has taken: so a status can say what every proxy serves. */
import type { Revision } from './revision.ts'
import type { StreamState } from './stream-state.ts'

/** What is owed up to now belongs to the revision. */
export function noteRevision(state: StreamState, revision: Revision): void {
  state.milestones.push({ revision, epoch: state.epoch, sinceMs: state.nowMs })
}

/**
 * Says which revision was taken: all that was owed for it was acknowledged, refused, or replaced by something newer that
 * was. A client that takes too long is late, so that one which hangs holds up no status.
 */
export function noteTaken(state: StreamState): void {
  if (!state.isSynced || state.milestones.length === 0) return
  const floor = oldestOwed(state)
  const count = state.milestones.filter(({ epoch }) => epoch < floor).length
  const [taken] = state.milestones.splice(0, count).slice(-1)
  if (taken !== undefined) {
    state.isLate = false
    state.effects.push({ kind: 'taken', revision: taken.revision })
  } else if (lateAtMs(state) <= state.nowMs) {
    state.isLate = true
    state.effects.push({ kind: 'late' })
  }
}

/** When the client is late; infinite when it is already, or owes no answer. */
export function lateAtMs({ milestones, isSynced, isLate, context }: StreamState): number {
  const [oldest] = milestones
  return oldest === undefined || !isSynced || isLate
    ? Number.POSITIVE_INFINITY
    : oldest.sinceMs + context.limits.lateAfterMs
}

function oldestOwed({ lanes }: StreamState): number {
  let floor = Number.POSITIVE_INFINITY
  for (const { additions, departures } of lanes.values()) floor = Math.min(floor, additions.floor, departures.floor)
  return floor
}
