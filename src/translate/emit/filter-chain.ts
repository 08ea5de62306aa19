/** ir.FilterChain -> envoy.config.listener.v3.FilterChain. */
import type { envoy } from '../../envoy/gen/xds.js'
import { durationOf } from '../../envoy/wrappers.ts'
import type { Host } from '../../ir/names.ts'
import { listenerDefaults } from '../edge-defaults.ts'
import type { AnyFeature } from '../features/feature.ts'
import { emitHcm, type HcmPlace } from './hcm.ts'
import { emitTls } from './tls.ts'

/** A chain with its connection manager and, for HTTPS, the TLS that it terminates. */
export function emitFilterChain(
  place: HcmPlace,
  features: readonly AnyFeature[],
): envoy.config.listener.v3.IFilterChain {
  const { name, tls } = place.chain
  const filters = [emitHcm(place, features)]
  if (tls === undefined) return { name, filters }
  return {
    name,
    ...serverNameMatch(tls.serverName),
    filters,
    transportSocket: emitTls(tls),
    transportSocketConnectTimeout: durationOf(listenerDefaults.tlsHandshakeTimeoutMs),
  }
}

/** Without a match a chain takes the server names that no other chain has, and clients that send none. */
function serverNameMatch(host: Host): Pick<envoy.config.listener.v3.IFilterChain, 'filterChainMatch'> {
  return host === '*' ? {} : { filterChainMatch: { serverNames: [host] } }
}
