/** ir.Listener -> envoy.config.listener.v3.Listener. */
import { packAny } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { makeResource, type NamedResource, type ResourceFacts } from '../../envoy/resource.ts'
import { bool, uint32 } from '../../envoy/wrappers.ts'
import type { Listener } from '../../ir/listener.ts'
import { type GatewayKey, listenerName } from '../../ir/names.ts'
import type { Platform } from '../contract.ts'
import { listenerDefaults } from '../edge-defaults.ts'
import type { AnyFeature } from '../features/feature.ts'
import { routeFeatures } from '../features/registry.ts'
import { emitFilterChain } from './filter-chain.ts'
import { emitSubscribingHcm } from './hcm.ts'

type Address = envoy.config.core.v3.IAddress

/** What of the platform a listener depends on. */
export type ListenerPlatform = Pick<Platform, 'kind' | 'ipv6'>

/** A bound port. One that routes by scopes opens only after they are there (architecture 15.4). */
export function emitListener(
  listener: Listener,
  platform: ListenerPlatform,
  features: readonly AnyFeature[] = routeFeatures,
): NamedResource {
  const { gateway, port, chains } = listener
  const name = listenerName(gateway, port)
  const [address, ...additional] = bindAddresses(listener, platform)
  const isTls = chains.some(({ tls }) => tls !== undefined)
  return makeResource(
    'listener',
    name,
    {
      name,
      statPrefix: String(port),
      address,
      ...(additional.length === 0 ? {} : { additionalAddresses: additional.map((other) => ({ address: other })) }),
      ...(isTls ? { listenerFilters: [tlsInspector()] } : {}),
      filterChains: chains.map((chain) => emitFilterChain({ gateway, port, chain }, features)),
      perConnectionBufferLimitBytes: uint32(listenerDefaults.perConnectionBufferBytes),
      // On a shared host two processes with SO_REUSEPORT would silently share a port: it must fail with the errno.
      ...(platform.kind === 'standalone' ? { enableReusePort: bool(false) } : {}),
    },
    scopeFacts(chains),
  )
}

function scopeFacts(chains: Listener['chains']): ResourceFacts {
  const tables = chains.filter(({ routes }) => routes === 'scopes').map(({ table }) => table)
  return tables.length === 0 ? {} : { gate: 'after-scopes', tables }
}

/**
 * A listener that binds nothing and makes Envoy subscribe to the scopes, so that they are there when a port opens. Its
 * address is one for documentation (RFC 5737), which no real listener has. A Unix socket would not do: Envoy binds it
 * all the same, and an abstract one is shared with every other Envoy of the host.
 */
export function emitWarmUpListener(gateway: GatewayKey): NamedResource {
  const name = `${gateway}/warm-up`
  return makeResource(
    'listener',
    name,
    {
      name,
      statPrefix: 'warm-up',
      address: { socketAddress: { address: '192.0.2.1', portValue: 1 } },
      bindToPort: bool(false),
      filterChains: [{ name: 'warm-up', filters: [emitSubscribingHcm()] }],
    },
    { gate: 'warm-up' },
  )
}

/** `::` with `ipv4_compat` takes both families on one socket. */
function bindAddresses({ addresses, bindPort: portValue }: Listener, { ipv6 }: ListenerPlatform): readonly Address[] {
  if (addresses.length > 0) return addresses.map((address) => ({ socketAddress: { address, portValue } }))
  return ipv6
    ? [{ socketAddress: { address: '::', portValue, ipv4Compat: true } }]
    : [{ socketAddress: { address: '0.0.0.0', portValue } }]
}

/** Reads the server name that chains are chosen by. */
function tlsInspector(): envoy.config.listener.v3.IListenerFilter {
  const messageName = 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector'
  return { name: 'envoy.filters.listener.tls_inspector', typedConfig: packAny(messageName, {}) }
}
