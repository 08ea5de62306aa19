/** GatewayClass -> its status (`GatewayClassStatus`, GEP-2162 supportedFeatures, GEP-922 SupportedVersion). */
import { conditionTypes, type Problem, reasons, toCondition } from '../../api/conditions.ts'
import type { CrdFacts } from '../../api/crd-facts.ts'
import type { GatewayClass } from '../../api/gen/types.ts'
import type { DesiredStatus } from '../contract.ts'
import { supportedFeatures } from '../features/supported.ts'

/** Version of the Gateway API that the translation was written for, and the minor versions whose CRDs it reads. */
const spokenVersion = '1.7'

/** `refused` says why its parameters cannot be used. Without `crds`, as outside of a cluster, nothing is said of versions. */
export function reportGatewayClass(
  gatewayClass: GatewayClass,
  refused: string | undefined,
  crds: CrdFacts | undefined,
): DesiredStatus {
  const { name, generation } = gatewayClass.metadata
  const accepted = { reason: reasons.Accepted, message: 'Gateways of this class are served by Fairlead' }
  const parameterProblems = refused === undefined ? [] : [parameterProblem(refused)]
  const supported = { reason: reasons.SupportedVersion, message: `the CRDs are of version ${crds?.bundleVersion}` }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    name,
    status: {
      conditions: [
        toCondition(conditionTypes.Accepted, parameterProblems, accepted, generation),
        ...(crds === undefined
          ? []
          : [toCondition(conditionTypes.SupportedVersion, versionProblems(crds), supported, generation)]),
      ],
      supportedFeatures: supportedFeatures().map((feature) => ({ name: feature })),
    },
  }
}

function parameterProblem(message: string): Problem {
  return {
    condition: conditionTypes.Accepted,
    reason: reasons.InvalidParameters,
    message,
    field: 'spec.parametersRef',
  }
}

/** Best effort with other versions: the class stays accepted (`GatewayClassConditionStatusSupportedVersion`). */
function versionProblems({ bundleVersion, mixture }: CrdFacts): readonly Problem[] {
  if (mixture === undefined && bundleVersion !== undefined && minorOf(bundleVersion) === spokenVersion) return []
  const found =
    mixture === undefined ? describeVersion(bundleVersion) : `are not of one release and channel (${mixture})`
  const message = `the CRDs of the Gateway API ${found}; Fairlead speaks v${spokenVersion} and serves what it knows of them. Install those of v${spokenVersion}`
  return [{ condition: conditionTypes.SupportedVersion, reason: reasons.UnsupportedVersion, message, field: '' }]
}

function describeVersion(bundleVersion: string | undefined): string {
  if (bundleVersion !== undefined) return `are of version ${bundleVersion}`
  return 'do not say their version (annotation gateway.networking.k8s.io/bundle-version)'
}

function minorOf(version: string): string | undefined {
  return /^v?(\d+\.\d+)\./.exec(version)?.[1]
}
