/** How an operator wants the proxies of a Gateway to run and to treat upstreams (`parametersRef`). */

/** A container's `resources`, in Kubernetes quantities. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string>> | undefined
  readonly limits?: Readonly<Record<string, string>> | undefined
}

/** Everything that parameters decide; what is absent has the default of the deployer or of the edge. */
export interface FleetParameters {
  readonly workload: 'Deployment' | 'DaemonSet'
  /** Absent: not ours to set, an autoscaler may; the API server's default is 1. */
  readonly replicas?: number | undefined
  /** Worker threads of each Envoy. */
  readonly concurrency?: number | undefined
  /** Image of Envoy. */
  readonly image?: string | undefined
  readonly resources?: Resources | undefined
  /** Seconds in which a proxy that is to end finishes its requests. */
  readonly drainSeconds?: number | undefined
  readonly placement: Placement
  readonly service: ServiceParameters
  readonly upstream: UpstreamParameters
}

/** Where pods go; values are passed through to the pod template as they are. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly affinity?: Readonly<Record<string, unknown>> | undefined
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly priorityClassName?: string | undefined
}

/** The Service in front of the proxies. */
export interface ServiceParameters {
  readonly type: 'LoadBalancer' | 'NodePort' | 'ClusterIP'
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly externalTrafficPolicy?: 'Cluster' | 'Local' | undefined
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack' | undefined
  readonly loadBalancerClass?: string | undefined
  readonly loadBalancerSourceRanges?: readonly string[] | undefined
}

/** How a Gateway's proxies treat every upstream, until a policy says more. */
export interface UpstreamParameters {
  /** Requests after which a connection is closed. */
  readonly maxRequestsPerConnection?: number | undefined
  readonly maxConnections?: number | undefined
  /** `upgrade`: h2c to every upstream that names no protocol; `do-not-upgrade`: HTTP/1.1, the default. */
  readonly h2UpgradePolicy?: 'upgrade' | 'do-not-upgrade' | undefined
  readonly outlierDetection?: OutlierDetection | undefined
}

/** Passive health checks (envoy: cluster.v3.OutlierDetection). */
export interface OutlierDetection {
  readonly consecutive5xxErrors?: number | undefined
  readonly intervalMs?: number | undefined
  readonly baseEjectionTimeMs?: number | undefined
}

/** Of a Gateway without parameters. */
export const defaultFleetParameters: FleetParameters = {
  workload: 'Deployment',
  placement: {},
  service: { type: 'LoadBalancer' },
  upstream: {},
}
