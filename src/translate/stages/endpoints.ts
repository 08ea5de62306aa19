/** Stage 6: EndpointSlices -> assignments, a lane of its own. */
import type { EndpointSlice, Service } from '../../api/core.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import type { Collection, Index } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { clusterName } from '../../ir/names.ts'
import { type EmptyPort, emptyPorts } from '../backends/empty-ports.ts'
import { compileEndpoints, refusedSlices, sliceKeys } from '../backends/endpoints.ts'
import type { Inputs, Notice } from '../contract.ts'
import { emitEndpoints } from '../emit/endpoints.ts'
import type { RouteUnit } from '../gateway/hosts.ts'
import { emptyBackendNotices } from '../report/notices.ts'
import { noticeEntry } from './gateways.ts'

/** For the many Services whose ports all have endpoints. */
const noEmptyPorts: readonly EmptyPort[] = []

/** A lane of its own: an EndpointSlice touches nothing but the assignments of its Service. */
export function buildEndpoints(
  graph: Graph,
  inputs: Inputs,
  unitsByCluster: Index<RouteUnit>,
): { readonly resources: Collection<NamedResource>; readonly notices: Collection<Notice> } {
  const slices: Index<EndpointSlice> = graph.index('slicesByService', inputs.endpointSlices, sliceKeys)
  const { outputs: resources, reports } = graph.deriveWithReport(
    'endpoints',
    inputs.services,
    (read, service: Service, key) => {
      const members = read.group(slices, key)
      const compiled = compileEndpoints(service, members)
      const empty = emptyPorts(service, members, compiled)
      // Files of a cluster have no EndpointSlices: there they are made from pods.
      const isUnknown = members.length === 0 && service.spec.selector !== undefined
      const isTold = empty.length > 0 && !(isUnknown && read.single(inputs.settings).delivery === 'assumed')
      return {
        outputs: compiled.map((value) => [value.name, emitEndpoints(value)] as const),
        report: isTold ? empty : noEmptyPorts,
      }
    },
  )
  // Routes are read for ports without endpoints alone: any other change of endpoints touches none.
  const empty = graph.derive('emptyBackendNotices', reports, (read, ports) =>
    ports.flatMap(({ name, message }) => {
      const units = (['http1', 'h2c'] as const).flatMap((protocol) =>
        read.group(unitsByCluster, clusterName(name, protocol)),
      )
      const routes = [...new Set(units.map(({ value }) => value.routeKey))]
      return routes
        .flatMap((key) => emptyBackendNotices(read.get(inputs.httpRoutes, key), name, message))
        .map(noticeEntry)
    }),
  )
  const notices = graph.derive('sliceNotices', inputs.endpointSlices, (_read, slice, key) =>
    refusedSlices([{ key, value: slice }]).map(() => {
      const object = `EndpointSlice/${key}`
      const message =
        'addressType "FQDN" is not used: its author could make the gateway reach any host; use IPv4 or IPv6'
      return [object, { object, field: 'addressType', message }]
    }),
  )
  return { resources, notices: graph.join('endpointNotices', [notices, empty]) }
}
