import type { GatewayKey } from './names.ts'

/** What must run for one Gateway: one Envoy fleet that binds these ports. */
export interface GatewayInfra {
  readonly gateway: GatewayKey
  readonly namespace: string
  readonly name: string
  readonly generation: number
  /** `spec.addresses` of type IPAddress, in order; empty: the deployer chooses. */
  readonly addresses: readonly string[]
  /** Ports of accepted listeners, ascending. */
  readonly ports: readonly number[]
}
