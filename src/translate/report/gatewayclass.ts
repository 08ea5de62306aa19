/** GatewayClass -> its status (`GatewayClassStatus`, GEP-2162 supportedFeatures). */
import { conditionTypes, type Problem, reasons, toCondition } from '../../api/conditions.ts'
import type { GatewayClass } from '../../api/gen/types.ts'
import type { DesiredStatus } from '../contract.ts'
import { supportedFeatures } from '../features/supported.ts'

/** Whether Gateways of the class are ours to serve. */
export function isAccepted(gatewayClass: GatewayClass): boolean {
  return classProblems(gatewayClass).length === 0
}

export function reportGatewayClass(gatewayClass: GatewayClass): DesiredStatus {
  const { name, generation } = gatewayClass.metadata
  const holds = { reason: reasons.Accepted, message: 'Gateways of this class are served by Fairlead' }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    name,
    status: {
      conditions: [toCondition(conditionTypes.Accepted, classProblems(gatewayClass), holds, generation)],
      supportedFeatures: supportedFeatures().map((feature) => ({ name: feature })),
    },
  }
}

function classProblems(gatewayClass: GatewayClass): readonly Problem[] {
  const reference = gatewayClass.spec.parametersRef
  if (reference === undefined) {
    return []
  }
  return [
    {
      condition: conditionTypes.Accepted,
      reason: reasons.InvalidParameters,
      message: `parameters of kind "${reference.kind}" (group "${reference.group}") are not supported yet; remove parametersRef`,
      field: 'spec.parametersRef',
    },
  ]
}
