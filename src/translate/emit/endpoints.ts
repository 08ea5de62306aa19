/** ir.Endpoints -> envoy.config.endpoint.v3.ClusterLoadAssignment. */
import type { envoy } from '../../envoy/gen/xds.js'
import { makeResource, type NamedResource } from '../../envoy/resource.ts'
import type { Endpoint, Endpoints } from '../../ir/endpoint.ts'
import { compareStrings } from '../../lib/sorted.ts'

/**
 * One locality per zone. Draining endpoints are there only when nothing is ready: a terminating pod gets new requests
 * as a last resort (KEP-1669). Nothing at all is an answer too: the cluster is known and gives 503.
 */
export function emitEndpoints({ name, endpoints }: Endpoints): NamedResource {
  const ready = endpoints.filter(({ state }) => state === 'ready')
  const zones = new Map<string, Endpoint[]>()
  for (const endpoint of ready.length > 0 ? ready : endpoints) {
    const zone = endpoint.zone ?? ''
    const members = zones.get(zone)
    if (members === undefined) zones.set(zone, [endpoint])
    else members.push(endpoint)
  }
  const sorted = [...zones].sort(([a], [b]) => compareStrings(a, b))
  return makeResource('endpoint', name, {
    clusterName: name,
    endpoints: sorted.map(([zone, members]) => ({
      ...(zone === '' ? {} : { locality: { zone } }),
      lbEndpoints: members.map(emitEndpoint),
    })),
  })
}

function emitEndpoint({ address, port }: Endpoint): envoy.config.endpoint.v3.ILbEndpoint {
  return { endpoint: { address: { socketAddress: { address, portValue: port } } } }
}
