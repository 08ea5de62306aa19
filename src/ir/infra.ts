import type { FleetParameters } from './fleet.ts'
import type { GatewayKey } from './names.ts'

/** What must run for one Gateway: one Envoy fleet that binds these ports. */
export interface GatewayInfra {
  readonly gateway: GatewayKey
  readonly namespace: string
  readonly name: string
  /** Owner of everything that is made for it; absent outside a cluster. */
  readonly uid?: string | undefined
  readonly className: string
  readonly generation: number
  /** `spec.addresses` with a value, in order; empty: the deployer chooses. */
  readonly addresses: readonly string[]
  /** Ports of accepted listeners, ascending. */
  readonly ports: readonly FleetPort[]
  /** `spec.infrastructure.labels` and `.annotations`: for every object that is made. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly parameters: FleetParameters
  /**
   * True when nothing may be made or changed for it: its parameters cannot be used or are not known yet, or it is being
   * deleted. What stands stays, since a mistake in parameters must not end what serves.
   */
  readonly held: boolean
}

/** Names one generation of one object: a Gateway that was made anew begins at 1 again. */
export function revisionOf({
  uid = '',
  generation,
}: {
  readonly uid?: string | undefined
  readonly generation: number
}): string {
  return `${uid}/${generation}`
}

/** A port of the Gateway and where the proxy binds it. */
export interface FleetPort {
  readonly port: number
  /** Differs from `port` where a proxy without privileges cannot bind that. */
  readonly bindPort: number
  readonly protocol: 'TCP' | 'UDP'
}
