import type { UpstreamParameters } from './fleet.ts'
import type { ClusterName, EndpointsName, UpstreamProtocol } from './names.ts'

/** One upstream: the endpoints of one Service port, spoken to in one protocol. */
export interface Cluster {
  readonly name: ClusterName
  readonly endpoints: EndpointsName
  readonly protocol: UpstreamProtocol
  /** What the parameters of a Gateway ask for; absent: the defaults of the edge. */
  readonly upstream?: UpstreamParameters | undefined
}
