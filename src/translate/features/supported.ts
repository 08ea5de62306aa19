import { compareStrings } from '../../lib/sorted.ts'
import { routeFeatures } from './registry.ts'

/** What works beyond single filters, by its name in GEP-2162. */
const always = [
  'Gateway',
  'GatewayAddressEmpty',
  'GatewayHTTPListenerIsolation',
  'GatewayHTTPSListenerDetectMisdirectedRequests',
  'GatewayInfrastructure',
  'GatewayPort8080',
  'GatewayRouteHostnameIntersectionPrecedence',
  'GatewayStaticAddresses',
  'HTTPRoute',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRouteQueryParamMatching',
  'ReferenceGrant',
]

/** GatewayClass.status.supportedFeatures: sorted, no duplicates (GEP-2162). */
export function supportedFeatures(): readonly string[] {
  return [...new Set([...always, ...routeFeatures.flatMap(({ conformance }) => conformance)])].sort(compareStrings)
}
