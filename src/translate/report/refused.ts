/** A condition of our own: a proxy refused what an object became. Absent while all is well. */
import { clipMessage, type UntimedCondition } from '../../api/conditions.ts'
import type { Refusal } from '../contract.ts'

/** A condition as reported, with types and reasons that are not the Gateway API's. */
export type ReportedCondition = Omit<UntimedCondition, 'type' | 'reason'> & {
  readonly type: string
  readonly reason: string
}

/** Named in full; the rest is counted: one bad edit can be refused in many scopes. */
const shownRefusals = 5

/** None when nothing was refused. */
export function refusedConditions(
  refusals: readonly Refusal[],
  observedGeneration: number,
): readonly ReportedCondition[] {
  if (refusals.length === 0) {
    return []
  }
  const shown = refusals.slice(0, shownRefusals).map(({ type, name, message }) => `${type} ${name}: ${message}`)
  const more = refusals.length > shownRefusals ? [`and ${refusals.length - shownRefusals} more`] : []
  return [
    {
      type: 'fairlead.dev/Refused',
      status: 'True',
      observedGeneration,
      reason: 'RefusedByProxy',
      message: clipMessage(
        `a proxy refused this configuration and keeps the last good one: ${[...shown, ...more].join('\n')}`,
      ),
    },
  ]
}
