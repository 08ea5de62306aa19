/** One listener -> `ListenerStatus`. */
import { conditionTypes, describeProblem, reasons, toCondition, type UntimedCondition } from '../../api/conditions.ts'
import { listenerName } from '../../ir/names.ts'
import type { CheckedListener } from '../attach/listeners.ts'
import type { Refusal } from '../contract.ts'

/** What a listener's status depends on besides the listener. */
export interface ListenerFindings {
  readonly generation: number
  readonly attachedRoutes: number
  readonly gatewayAccepted: boolean
  /** Why no proxy serves it yet; absent when one does. */
  readonly pending: string | undefined
  readonly refusals: readonly Refusal[]
}

/** Name, count of routes, kinds and the four conditions of one listener. */
export function reportListener(checked: CheckedListener, findings: ListenerFindings) {
  const { generation } = findings
  const { listener, problems } = checked
  const conflict = problems.find(({ condition }) => condition === conditionTypes.Conflicted)
  const accepted = { reason: reasons.Accepted, message: 'the listener is valid' }
  const resolved = { reason: reasons.ResolvedRefs, message: 'every reference is resolved' }
  const acceptedProblems = conflict === undefined ? problems : [{ ...conflict, condition: conditionTypes.Accepted }]
  return {
    name: listener.name,
    attachedRoutes: findings.attachedRoutes,
    supportedKinds: listener.supportedKinds,
    conditions: [
      toCondition(conditionTypes.Accepted, acceptedProblems, accepted, generation),
      conflictedCondition(checked, generation),
      programmedCondition(checked, findings),
      toCondition(conditionTypes.ResolvedRefs, problems, resolved, generation),
    ],
  }
}

/** The one condition of a listener that is good when False. */
function conflictedCondition({ problems }: CheckedListener, generation: number): UntimedCondition {
  const conflict = problems.find(({ condition }) => condition === conditionTypes.Conflicted)
  return {
    type: conditionTypes.Conflicted,
    status: conflict === undefined ? 'False' : 'True',
    observedGeneration: generation,
    reason: conflict?.reason ?? reasons.NoConflicts,
    message: conflict === undefined ? 'no other listener claims the same traffic' : describeProblem(conflict),
  }
}

function programmedCondition({ listener, problems }: CheckedListener, findings: ListenerFindings): UntimedCondition {
  const not = (reason: UntimedCondition['reason'], message: string): UntimedCondition => ({
    type: conditionTypes.Programmed,
    status: 'False',
    observedGeneration: findings.generation,
    reason,
    message,
  })
  if (!findings.gatewayAccepted || !listener.serves) {
    const where = problems.length > 0 ? 'its other conditions say why' : 'the Gateway is not accepted and says why'
    return not(reasons.Invalid, `the listener serves nothing; ${where}`)
  }
  const refused = findings.refusals.find(
    ({ type, name }) =>
      (type === 'listener' && name === listenerName(listener.gateway, listener.port)) ||
      (type === 'secret' && listener.certificates.some((certificate) => certificate === name)),
  )
  if (refused !== undefined) {
    return not(reasons.Invalid, refused.message)
  }
  if (findings.pending !== undefined) {
    return not(reasons.Pending, findings.pending)
  }
  const holds = { reason: reasons.Programmed, message: 'the listener is served' }
  return toCondition(conditionTypes.Programmed, [], holds, findings.generation)
}
