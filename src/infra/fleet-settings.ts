import type { FleetParameters, Resources } from '../ir/fleet.ts'
import { parseQuantity } from '../lib/quantity.ts'
import type { BootstrapOptions } from './bootstrap.ts'
import type { XdsEndpoint, XdsTls } from './xds-upstream.ts'

/** What the fleets of a control plane have in common; what is also in FleetParameters counts where those say nothing. */
export interface FleetSettings {
  /** Image of Envoy. */
  readonly image: string
  readonly xds: FleetXds
  readonly stats: BootstrapOptions['stats']
  readonly limits: BootstrapOptions['limits']
  /** Worker threads of each Envoy. */
  readonly concurrency: number
  readonly resources: Resources
  /** Seconds in which a proxy that is to end finishes its requests. */
  readonly drainSeconds: number
  /** Proxies listen on IPv6 too; false where hosts have none. */
  readonly ipv6: boolean
  /** Known to the control plane alone and as lasting as its CA: another one rolls every fleet. */
  readonly drainSecret: string
}

/** Where proxies find the control plane; TLS with a token of the proxy's service account unless it is absent. */
export interface FleetXds extends Pick<XdsEndpoint, 'host' | 'port'> {
  readonly tls?: Pick<XdsTls, 'caPem' | 'serverName'> | undefined
}

/** Audience of the tokens that proxies log in with. */
export const tokenAudience = 'fairlead'

/** Defaults of an installation. */
export const fleetDefaults = {
  image: 'docker.io/envoyproxy/envoy:distroless-v1.40.0',
  /** Not one per core of the node: a fleet shares it, and each worker costs memory. */
  concurrency: 2,
  /** No limits: a CPU limit stalls all workers at once, and memory is bounded by Envoy itself. */
  resources: { requests: { cpu: '50m', memory: '64Mi' } },
  /** Load balancers need some seconds to send new connections elsewhere. */
  drainSeconds: 10,
} as const satisfies Partial<FleetSettings>

/** Settings with the parameters of one Gateway laid over them. */
export function effectiveSettings(settings: FleetSettings, parameters: FleetParameters): FleetSettings {
  const resources = parameters.resources ?? settings.resources
  return {
    ...settings,
    image: parameters.image ?? settings.image,
    concurrency: parameters.concurrency ?? settings.concurrency,
    resources,
    limits: { ...settings.limits, maxHeapBytes: heapWithin(resources, settings.limits.maxHeapBytes) },
    drainSeconds: parameters.drainSeconds ?? settings.drainSeconds,
  }
}

/** Share of a container's memory limit that Envoy's heap may have; stacks and buffers of the kernel take the rest. */
const heapShare = 0.9

/** Envoy refuses requests before the kernel kills it: its own limit lies below the container's. */
function heapWithin({ limits }: Resources, most: number): number {
  const memory = parseQuantity(limits?.memory ?? '')
  return memory === undefined ? most : Math.min(most, Math.floor(memory * heapShare))
}
