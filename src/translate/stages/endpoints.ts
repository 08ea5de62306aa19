/** Stage 6: EndpointSlices -> assignments, a lane of its own. */
import type { EndpointSlice, Service } from '../../api/core.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import type { Collection, Index } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { compileEndpoints, refusedSlices, sliceKeys } from '../backends/endpoints.ts'
import type { Inputs, Notice } from '../contract.ts'
import { emitEndpoints } from '../emit/endpoints.ts'

/** A lane of its own: an EndpointSlice touches nothing but the assignments of its Service. */
export function buildEndpoints(
  graph: Graph,
  inputs: Inputs,
): { readonly resources: Collection<NamedResource>; readonly notices: Collection<Notice> } {
  const slices: Index<EndpointSlice> = graph.index('slicesByService', inputs.endpointSlices, sliceKeys)
  const resources = graph.derive('endpoints', inputs.services, (read, service: Service, key) =>
    compileEndpoints(service, read.group(slices, key)).map((value) => [value.name, emitEndpoints(value)]),
  )
  const notices = graph.derive('sliceNotices', inputs.endpointSlices, (_read, slice, key) =>
    refusedSlices([{ key, value: slice }]).map(() => {
      const object = `EndpointSlice/${key}`
      const message =
        'addressType "FQDN" is not used: its author could make the gateway reach any host; use IPv4 or IPv6'
      return [object, { object, field: 'addressType', message }]
    }),
  )
  return { resources, notices }
}
