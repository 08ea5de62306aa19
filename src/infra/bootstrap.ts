/**
 * The bootstrap of one Envoy: everything it must know before it can ask for the rest over delta ADS.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/bootstrap/v3/bootstrap.proto
 */
import { ownerUidField } from '../envoy/node-metadata.ts'
import type { GatewayKey } from '../ir/names.ts'
import { envoyMaxRegexProgramSize } from '../lib/re2.ts'
import { healthClusters, type HealthListenerOptions, healthListener } from './health-listener.ts'
import { type XdsEndpoint, xdsCluster, xdsUpstream } from './xds-upstream.ts'

/** Where Envoy serves its admin interface: never on an address that other hosts reach. */
export type EnvoyAdmin =
  | { readonly kind: 'loopback'; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Bounds of one Envoy as a whole. The ratios are of the heap limit. */
export interface EnvoyLimits {
  readonly maxHeapBytes: number
  readonly shrinkHeapAt: number
  readonly disableKeepaliveAt: number
  readonly stopAcceptingRequestsAt: number
  /** Open client connections over all listeners; more are closed at once. */
  readonly maxDownstreamConnections: number
}

/** One pattern of the statistics to keep. */
export type StatsPattern = { readonly prefix: string } | { readonly regex: string }

/** What a bootstrap is made from. */
export interface BootstrapOptions {
  readonly gateway: GatewayKey
  /** Names this proxy among those of its Gateway; absent: `envoy --service-node` does. */
  readonly nodeId?: string | undefined
  /** Uid of the Gateway: what this proxy acknowledges says nothing of a later one with that name. */
  readonly ownerUid?: string | undefined
  readonly xds: XdsEndpoint
  readonly admin: EnvoyAdmin
  /** The statistics to keep; `all` costs more memory than the routes. */
  readonly stats: readonly StatsPattern[] | 'all'
  readonly limits: EnvoyLimits
  /** What a kubelet needs; absent: the proxy listens on nothing but what it is sent. */
  readonly health?: HealthListenerOptions | undefined
}

/** A bootstrap as proto JSON. Written to a file for `envoy --config-path`. */
export type Bootstrap = Readonly<Record<string, unknown>>

const typeUrl = 'type.googleapis.com/'

/** The bootstrap of a proxy of `gateway`. `node.cluster` is the Gateway's key: it decides what the proxy is sent. */
export function buildBootstrap(options: BootstrapOptions): Bootstrap {
  const admin = adminAddress(options.admin)
  return {
    node: node(options),
    admin: { address: admin, ignore_global_conn_limit: true },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster, retry_policy: reconnect } }],
      },
      lds_config: fromAds,
      cds_config: fromAds,
    },
    static_resources: staticResources(options, admin),
    layered_runtime: {
      layers: [
        { name: 'static', static_layer: runtimeValues },
        { name: 'admin', admin_layer: {} },
      ],
    },
    watchdogs: { main_thread_watchdog: abortWhenStuck, worker_watchdog: abortWhenStuck },
    overload_manager: overloadManager(options.limits),
    ...(options.stats === 'all' ? {} : { stats_config: inclusionList(options.stats) }),
  }
}

function node({ gateway, nodeId, ownerUid }: BootstrapOptions): Bootstrap {
  return {
    ...(nodeId === undefined ? {} : { id: nodeId }),
    cluster: gateway,
    ...(ownerUid === undefined ? {} : { metadata: { [ownerUidField]: ownerUid } }),
  }
}

/** Without the usual limit of 15 s: a proxy that was told nothing yet is not ready, however long that takes. */
const fromAds = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' }

function staticResources({ xds, health }: BootstrapOptions, admin: Bootstrap): Bootstrap {
  if (health === undefined) return { clusters: [xdsUpstream(xds)] }
  return { listeners: [healthListener(health)], clusters: [xdsUpstream(xds), ...healthClusters(health, admin)] }
}

/** A control plane that comes back is found within seconds; Envoy's own longest pause is 30 s. */
const reconnect = { retry_back_off: { base_interval: '0.2s', max_interval: '5s' } }

/** A thread that does nothing for a minute never will again; whoever started the proxy starts it anew. */
const abortWhenStuck = { kill_timeout: '60s' }

/** Runtime values that differ from Envoy's own defaults; the admin interface may override them while it runs. */
const runtimeValues = {
  // Deprecated fields are refused rather than used with a warning: the next Envoy would drop them.
  'envoy.features.fail_on_any_deprecated_feature': true,
  're2.max_program_size.error_level': envoyMaxRegexProgramSize,
}

function inclusionList(stats: readonly StatsPattern[]): Bootstrap {
  const patterns = stats.map((pattern) => ('regex' in pattern ? { safe_regex: { regex: pattern.regex } } : pattern))
  return { stats_matcher: { inclusion_list: { patterns } } }
}

function adminAddress(admin: EnvoyAdmin): Bootstrap {
  return admin.kind === 'loopback'
    ? { socket_address: { address: '127.0.0.1', port_value: admin.port } }
    : { pipe: { path: admin.path, mode: 0o600 } }
}

const heapMonitor = 'envoy.resource_monitors.fixed_heap'
const connectionMonitor = 'envoy.resource_monitors.global_downstream_max_connections'

function overloadManager(limits: EnvoyLimits): Bootstrap {
  const whenHeapAt = (value: number) => [{ name: heapMonitor, threshold: { value } }]
  return {
    refresh_interval: '0.25s',
    resource_monitors: [
      {
        name: heapMonitor,
        typed_config: {
          '@type': `${typeUrl}envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig`,
          max_heap_size_bytes: String(limits.maxHeapBytes),
        },
      },
      {
        name: connectionMonitor,
        typed_config: {
          '@type': `${typeUrl}envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
          max_active_downstream_connections: String(limits.maxDownstreamConnections),
        },
      },
    ],
    actions: [
      { name: 'envoy.overload_actions.shrink_heap', triggers: whenHeapAt(limits.shrinkHeapAt) },
      { name: 'envoy.overload_actions.disable_http_keepalive', triggers: whenHeapAt(limits.disableKeepaliveAt) },
      { name: 'envoy.overload_actions.stop_accepting_requests', triggers: whenHeapAt(limits.stopAcceptingRequestsAt) },
    ],
  }
}
