/** Gateway and its listeners -> `GatewayStatus` (GEP-1364; conditions and reasons of `gateway_types.go`). */
import { conditionTypes, type Problem, reasons, toCondition, type UntimedCondition } from '../../api/conditions.ts'
import type { Gateway } from '../../api/gen/types.ts'
import { addressProblems } from '../attach/gateways.ts'
import type { CheckedListener, GatewayListener } from '../attach/listeners.ts'
import type { Delivery, DesiredStatus, Refusal, TranslateSettings } from '../contract.ts'
import { revisionOf } from '../../ir/infra.ts'
import { fleetServiceKey, type GatewayAddresses } from '../gateway/addresses.ts'
import { reportListener } from './listener.ts'
import { refusedConditions } from './refused.ts'

/** All that the status of a Gateway depends on. */
export interface GatewayFindings {
  readonly gateway: Gateway
  /** In the order of the object. */
  readonly listeners: readonly CheckedListener[]
  readonly attachedRoutes: (listener: GatewayListener) => number
  /** Why its parameters, or those of its class, cannot be used. */
  readonly parameterProblems: readonly Problem[]
  /** What the API server said of its fleet. */
  readonly fleetProblem: string | undefined
  readonly addresses: GatewayAddresses
  readonly delivery: Delivery | undefined
  /** Refused resources of this Gateway. */
  readonly refusals: readonly Refusal[]
  readonly settings: TranslateSettings
}

/** The status of a Gateway: addresses, Accepted, Programmed, and that of each listener. */
export function reportGateway(findings: GatewayFindings): DesiredStatus {
  const { gateway, listeners } = findings
  const { name, namespace, generation } = gateway.metadata
  const accepted = acceptedCondition(findings)
  const programmed = programmedCondition(findings, accepted)
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    namespace,
    name,
    status: {
      addresses: hasAddresses(findings, accepted) ? findings.addresses.addresses : [],
      conditions: [
        accepted,
        programmed,
        // Those of listeners are in Programmed.
        ...refusedConditions(
          findings.refusals.filter(({ type }) => type !== 'listener'),
          generation,
        ),
      ],
      listeners: listeners.map((listener) =>
        reportListener(listener, {
          generation,
          attachedRoutes: findings.attachedRoutes(listener.listener),
          gatewayAccepted: accepted.status === 'True',
          pending: pendingMessage(findings),
          refusals: findings.refusals,
        }),
      ),
    },
  }
}

/** In a cluster a Service keeps its addresses whatever becomes of the Gateway, and DNS is made of what is told here. */
function hasAddresses({ settings }: GatewayFindings, accepted: UntimedCondition): boolean {
  return settings.platform.kind === 'kubernetes' || accepted.status === 'True'
}

/** Accepted with reason ListenersNotValid when only some listeners are: those are served all the same. */
function acceptedCondition(findings: GatewayFindings): UntimedCondition {
  const { gateway, listeners, settings } = findings
  const { generation } = gateway.metadata
  const holds = { reason: reasons.Accepted, message: 'the Gateway is served by Fairlead' }
  const own = [...addressProblems(gateway, settings.platform), ...findings.parameterProblems]
  if (own.length > 0) {
    return toCondition(conditionTypes.Accepted, own, holds, generation)
  }
  const bad = listeners.filter(isRefused)
  if (bad.length === 0) {
    return toCondition(conditionTypes.Accepted, [], holds, generation)
  }
  const quoted = bad.map(({ listener: { name } }) => `"${name}"`).join(', ')
  return {
    type: conditionTypes.Accepted,
    status: bad.length === listeners.length ? 'False' : 'True',
    observedGeneration: generation,
    reason: reasons.ListenersNotValid,
    message: `listener ${quoted} not accepted; the conditions of each listener say why`,
  }
}

function isRefused({ problems }: CheckedListener): boolean {
  return problems.some(
    ({ condition }) => condition === conditionTypes.Accepted || condition === conditionTypes.Conflicted,
  )
}

function programmedCondition(findings: GatewayFindings, accepted: UntimedCondition): UntimedCondition {
  const { gateway, listeners, refusals, settings } = findings
  const not = (reason: UntimedCondition['reason'], message: string): UntimedCondition => ({
    type: conditionTypes.Programmed,
    status: 'False',
    observedGeneration: gateway.metadata.generation,
    reason,
    message,
  })
  if (accepted.status !== 'True') {
    return not(reasons.Invalid, 'the Gateway is not accepted')
  }
  if (!listeners.some(({ listener }) => listener.serves)) {
    return not(reasons.Invalid, 'no listener can serve; the conditions of each listener say why')
  }
  const refused = refusals.filter(({ type }) => type === 'listener')
  if (refused.length > 0) {
    const message = refused.map((refusal) => refusal.message).join('\n')
    const unbound = refused.some((refusal) => /cannot bind/i.test(refusal.message))
    const unusable = unbound && gateway.spec.addresses !== undefined && gateway.spec.addresses.length > 0
    return not(unusable ? reasons.AddressNotUsable : reasons.Invalid, message)
  }
  const { fleetProblem } = findings
  if (fleetProblem !== undefined) {
    return not(/exceeded quota/i.test(fleetProblem) ? reasons.NoResources : reasons.Invalid, fleetProblem)
  }
  const { problem } = findings.addresses
  if (problem !== undefined) {
    return not(problem.reason, problem.message)
  }
  const pending = pendingMessage(findings)
  if (pending !== undefined) {
    return not(reasons.Pending, pending)
  }
  const message = settings.delivery === 'live' ? 'every connected proxy serves it' : 'the configuration is complete'
  return toCondition(
    conditionTypes.Programmed,
    [],
    { reason: reasons.Programmed, message },
    gateway.metadata.generation,
  )
}

/**
 * Why this generation is not served yet; undefined once every proxy has acknowledged it. A Programmed that is True for an
 * older generation stays until then: the status writer sees to it (docs/adr/0005).
 */
function pendingMessage({ gateway, delivery, settings }: GatewayFindings): string | undefined {
  if (settings.delivery === 'assumed' || delivery?.revision === revisionOf(gateway.metadata)) {
    return undefined
  }
  if ((delivery?.connected ?? 0) === 0) {
    return settings.platform.kind === 'kubernetes'
      ? `no proxy is connected yet; if that lasts, the pods of ${fleetServiceKey(gateway)} say why`
      : 'no proxy is connected yet'
  }
  return delivery?.synced === true
    ? 'not every connected proxy has acknowledged this generation yet'
    : 'a proxy is connected and has not acknowledged its configuration yet'
}
