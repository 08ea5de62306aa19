/** What a Gateway asks for besides its listeners and parameters (`GatewaySpec.addresses`). */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'
import type { Gateway } from '../../api/gen/types.ts'
import type { Platform } from '../contract.ts'
import { addressTypes } from '../gateway/addresses.ts'

/** Addresses that keep a whole Gateway from being served, whatever its listeners. */
export function addressProblems(gateway: Gateway, platform: Platform): readonly Problem[] {
  // A hostname is something that a load balancer may have; nothing can be bound to it.
  const known: readonly string[] =
    platform.kind === 'kubernetes' ? [addressTypes.ip, addressTypes.hostname] : [addressTypes.ip]
  return (gateway.spec.addresses ?? []).flatMap(({ type }, index) =>
    known.includes(type)
      ? []
      : [
          {
            condition: conditionTypes.Accepted,
            reason: reasons.UnsupportedAddress,
            message: `type "${type}" is not supported; use ${known.join(' or ')}`,
            field: `spec.addresses[${index}].type`,
          },
        ],
  )
}

/** Addresses to bind: those of the object, else what the deployer chose; pods bind every address. */
export function bindAddresses(gateway: Gateway, platform: Platform): readonly string[] {
  if (platform.kind === 'kubernetes') return []
  const asked = askedAddresses(gateway)
  return asked.length > 0 ? asked : platform.bindAddresses
}

/** Values of `spec.addresses`, in order. */
export function askedAddresses({ spec }: Gateway): readonly string[] {
  return (spec.addresses ?? []).flatMap(({ value }) => (value === undefined || value === '' ? [] : [value]))
}
