/** Verdicts over a route -> `RouteStatus`: one entry per parentRef of ours, in the order of the object. */
import {
  clipMessage,
  conditionTypes,
  describeProblem,
  type Problem,
  reasons,
  toCondition,
} from '../../api/conditions.ts'
import type { ParentReference } from '../../api/gen/types.ts'
import type { ParentVerdict } from '../attach/routes.ts'
import type { Refusal } from '../contract.ts'
import { type ReportedCondition, refusedConditions } from './refused.ts'

/** What translation found in a route, whatever its parents. */
export interface RouteFindings {
  readonly generation: number
  /** Of conditions Accepted, ResolvedRefs; those of Accepted name rules that are dropped. */
  readonly problems: readonly Problem[]
  /** True when no rule is left to serve. */
  readonly nothingLeft: boolean
}

/** `RouteParentStatus`. */
export interface ReportedParent {
  readonly parentRef: ParentReference
  readonly controllerName: string
  readonly conditions: readonly ReportedCondition[]
}

/** The entry of one parentRef: Accepted, ResolvedRefs, and what else there is to say. */
export function reportParent(
  verdict: ParentVerdict,
  findings: RouteFindings,
  refusals: readonly Refusal[],
  controllerName: string,
): ReportedParent {
  const { generation, problems } = findings
  const resolved = { reason: reasons.ResolvedRefs, message: 'every reference is resolved' }
  const conditions: ReportedCondition[] = [
    acceptedCondition(verdict, findings),
    toCondition(conditionTypes.ResolvedRefs, problems, resolved, generation),
  ]
  const dropped = problems.filter(({ condition }) => condition === conditionTypes.Accepted)
  if (verdict.refusal === undefined && dropped.length > 0 && !findings.nothingLeft) {
    conditions.push({
      type: conditionTypes.PartiallyInvalid,
      status: 'True',
      observedGeneration: generation,
      reason: reasons.UnsupportedValue,
      // The prefix is demanded by RouteConditionPartiallyInvalid.
      message: clipMessage(`Dropped Rule: ${dropped.map(describeProblem).join('\n')}`),
    })
  }
  conditions.push(
    ...refusedConditions(
      refusals.filter(({ gateway }) => gateway === verdict.gateway),
      generation,
    ),
  )
  return { parentRef: verdict.parentRef, controllerName, conditions }
}

/** True as soon as one listener takes the route and one rule is left. */
function acceptedCondition(verdict: ParentVerdict, findings: RouteFindings): ReportedCondition {
  const { generation, problems } = findings
  if (verdict.refusal !== undefined) {
    const { reason, message } = verdict.refusal
    return { type: conditionTypes.Accepted, status: 'False', observedGeneration: generation, reason, message }
  }
  const names = verdict.attachments.map(({ listener }) => `"${listener.name}"`).join(', ')
  const holds = { reason: reasons.Accepted, message: `attached to listener ${names} of Gateway ${verdict.gateway}` }
  return toCondition(conditionTypes.Accepted, findings.nothingLeft ? problems : [], holds, generation)
}
