import type { ObjectMeta } from './core.ts'

/** Group of the kinds that are our own. */
export const ownGroup = 'fairlead.dev'

/** GatewayParameters: how the proxies of a Gateway run and treat upstreams, named by `parametersRef`. */
export interface GatewayParameters {
  readonly apiVersion: 'fairlead.dev/v1alpha1'
  readonly kind: 'GatewayParameters'
  readonly metadata: ObjectMeta
  readonly spec: GatewayParametersSpec
}

/** Every field may be absent: the class's parameters, then the defaults of the deployer and of the edge hold. */
export interface GatewayParametersSpec {
  readonly workload?: 'Deployment' | 'DaemonSet' | undefined
  readonly replicas?: number | undefined
  readonly concurrency?: number | undefined
  readonly image?: string | undefined
  readonly resources?: ParametersResources | undefined
  readonly drainSeconds?: number | undefined
  readonly placement?: ParametersPlacement | undefined
  readonly service?: ParametersService | undefined
  readonly upstream?: ParametersUpstream | undefined
}

/** `resources` of the container, quantities as Kubernetes writes them. */
export interface ParametersResources {
  readonly requests?: Readonly<Record<string, string | number>> | undefined
  readonly limits?: Readonly<Record<string, string | number>> | undefined
}

/** Fields of the pod template, passed through. */
export interface ParametersPlacement {
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly affinity?: Readonly<Record<string, unknown>> | undefined
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly priorityClassName?: string | undefined
}

/** Fields of the Service in front of the proxies. */
export interface ParametersService {
  readonly type?: 'LoadBalancer' | 'NodePort' | 'ClusterIP' | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly externalTrafficPolicy?: 'Cluster' | 'Local' | undefined
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack' | undefined
  readonly loadBalancerClass?: string | undefined
  readonly loadBalancerSourceRanges?: readonly string[] | undefined
}

/** How every upstream is treated. The names of the parts are the keys of a ConfigMap of parameters. */
export interface ParametersUpstream {
  readonly connectionPool?:
    | {
        readonly maxRequestsPerConnection?: number | undefined
        readonly maxConnections?: number | undefined
        readonly h2UpgradePolicy?: 'upgrade' | 'do-not-upgrade' | undefined
      }
    | undefined
  readonly outlierDetection?:
    | {
        readonly consecutive5xxErrors?: number | undefined
        /** GEP-2257 duration, as `10s`. */
        readonly interval?: string | undefined
        readonly baseEjectionTime?: string | undefined
      }
    | undefined
}
