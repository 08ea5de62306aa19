/** What a Gateway asks for besides its listeners (`GatewaySpec.addresses`, `GatewaySpec.infrastructure`). */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'
import type { Gateway, GatewaySpecAddress } from '../../api/gen/types.ts'
import type { Platform } from '../contract.ts'

/** The one type of address that we bind. */
export const ipAddressType = 'IPAddress'

/** What keeps a whole Gateway from being served, whatever its listeners. */
export function gatewayProblems(gateway: Gateway): readonly Problem[] {
  const problems = (gateway.spec.addresses ?? []).flatMap((address, index) => addressProblems(address, index))
  const parameters = gateway.spec.infrastructure?.parametersRef
  if (parameters !== undefined) {
    problems.push({
      condition: conditionTypes.Accepted,
      reason: reasons.InvalidParameters,
      message: `parameters of kind "${parameters.kind}" are not supported yet; remove parametersRef`,
      field: 'spec.infrastructure.parametersRef',
    })
  }
  return problems
}

/** Addresses to bind: those of the object, else what the deployer chose; pods bind every address. */
export function bindAddresses(gateway: Gateway, platform: Platform): readonly string[] {
  if (platform.kind === 'kubernetes') return []
  const asked = (gateway.spec.addresses ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]))
  return asked.length > 0 ? asked : platform.bindAddresses
}

function addressProblems(address: GatewaySpecAddress, index: number): Problem[] {
  if (address.type === ipAddressType) {
    return []
  }
  return [
    {
      condition: conditionTypes.Accepted,
      reason: reasons.UnsupportedAddress,
      message: `type "${address.type}" is not supported; use IPAddress`,
      field: `spec.addresses[${index}].type`,
    },
  ]
}
