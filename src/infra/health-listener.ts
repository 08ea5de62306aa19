/**
 * The one static listener of a proxy in a cluster: what the kubelet and a scraper may ask of it, and nothing else of its
 * admin interface.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/admin
 */

/** The static listener: where, and how a pod that is to end is drained. */
export interface HealthListenerOptions {
  readonly port: number
  /** Also on IPv6; false where hosts have none. */
  readonly ipv6: boolean
  /** Seconds after which `/drain` is answered at the latest: the kubelet ends the proxy then. */
  readonly drainSeconds: number
  /** Value of the header without which `/drain` does not exist: only the kubelet is told. */
  readonly drainToken: string
}

/** Header that carries `drainToken`. */
export const drainHeader = 'x-fairlead-drain'
/** Paths of the static listener. */
export const healthPaths = { ready: '/ready', metrics: '/stats/prometheus', drain: '/drain', pause: '/pause' } as const

type Json = Readonly<Record<string, unknown>>

const typeUrl = 'type.googleapis.com/'
const lua = 'envoy.filters.http.lua'
const luaType = 'envoy.extensions.filters.http.lua.v3.Lua'
const fault = 'envoy.filters.http.fault'
const faultType = 'envoy.extensions.filters.http.fault.v3.HTTPFault'
const adminTimeoutSeconds = 5

/** Seconds that a drain takes at least: load balancers must have heard of it, or new connections still come. */
const leastDrainSeconds = 5

/**
 * 1. Fails readiness, and closes connections with their next answer; new ones are still served. `skip_exit`: listeners
 *    stay open when Envoy's own drain time is over.
 * 2. Waits until nobody is connected or the time is up. Lua cannot wait: a request to ourselves takes a second for it.
 */
function drainScript({ drainSeconds, drainToken }: HealthListenerOptions): string {
  return `
function envoy_on_request(handle)
  local function ask(cluster, method, path)
    local headers = {[":method"] = method, [":path"] = path, [":authority"] = cluster, ["${drainHeader}"] = "${drainToken}"}
    local _, body = handle:httpCall(cluster, headers, "", ${adminTimeoutSeconds * 1000})
    return body or ""
  end
  local deadline = handle:timestamp() + ${drainSeconds * 1000}
  ask("${adminCluster}", "POST", "/healthcheck/fail")
  ask("${adminCluster}", "POST", "/drain_listeners?graceful&skip_exit")
  for second = 1, ${drainSeconds} do
    if handle:timestamp() >= deadline then return end
    ask("${selfCluster}", "GET", "${healthPaths.pause}")
    if second >= ${leastDrainSeconds} then
      local stats = ask("${adminCluster}", "GET", "/stats?filter=downstream_cx_active")
      local open, known = 0, false
      for count in string.gmatch(stats, "listener%.%d+%.downstream_cx_active: (%d+)") do
        open, known = open + tonumber(count), true
      end
      if known and open == 0 then return end
    end
  end
end`
}

/** Names of the clusters that are the proxy's own admin interface and this listener. */
export const adminCluster = 'admin'
const selfCluster = 'health'

/** Serves GET of `healthPaths`; everything else is 404. */
export function healthListener(options: HealthListenerOptions): Json {
  const hcm = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  return {
    name: 'health',
    stat_prefix: 'health',
    address: { socket_address: anyAddress(options) },
    // A proxy at its limits is still alive: the kubelet must not hear otherwise.
    ignore_global_conn_limit: true,
    bypass_overload_manager: true,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: { '@type': typeUrl + hcm, ...connectionManager(options) },
          },
        ],
      },
    ],
  }
}

/** The clusters that the listener needs. `admin` is the address of the admin interface, as in the bootstrap. */
export function healthClusters({ port }: HealthListenerOptions, admin: Json): readonly Json[] {
  const self = { socket_address: { address: '127.0.0.1', port_value: port } }
  return [localCluster(adminCluster, admin), localCluster(selfCluster, self)]
}

function localCluster(name: string, address: Json): Json {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  }
}

function anyAddress({ port, ipv6 }: HealthListenerOptions): Json {
  return ipv6 ? { address: '::', ipv4_compat: true, port_value: port } : { address: '0.0.0.0', port_value: port }
}

function connectionManager(options: HealthListenerOptions): Json {
  const routes = [
    getOf(healthPaths.ready, { route: { cluster: adminCluster, timeout: `${adminTimeoutSeconds}s` } }),
    getOf(healthPaths.metrics, { route: { cluster: adminCluster, timeout: '30s' } }),
    kubeletRoute(options, healthPaths.drain, { [lua]: { '@type': `${typeUrl}${luaType}PerRoute`, name: 'drain' } }),
    kubeletRoute(options, healthPaths.pause, { [fault]: { '@type': typeUrl + faultType, delay: aSecond } }),
  ]
  return {
    stat_prefix: 'health',
    codec_type: 'HTTP1',
    // The answer of /drain is awaited for as long as an operator likes.
    stream_idle_timeout: '0s',
    request_headers_timeout: '5s',
    common_http_protocol_options: { idle_timeout: '10s' },
    route_config: { name: 'health', virtual_hosts: [{ name: 'health', domains: ['*'], routes }] },
    http_filters: [
      filter(lua, luaType, { source_codes: { drain: { inline_string: drainScript(options) } } }),
      filter(fault, faultType, {}),
      filter('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {}),
    ],
  }
}

const aSecond = { fixed_delay: '1s', percentage: { numerator: 100 } }

/** Answers 200 to who knows the token, after its filter is done. */
function kubeletRoute({ drainToken }: HealthListenerOptions, path: string, filters: Json): Json {
  const isKubelet = { name: drainHeader, string_match: { exact: drainToken } }
  return { ...getOf(path, { direct_response: { status: 200 } }, [isKubelet]), typed_per_filter_config: filters }
}

function getOf(path: string, action: Json, more: readonly Json[] = []): Json {
  const isGet = { name: ':method', string_match: { exact: 'GET' } }
  return { match: { path, headers: [isGet, ...more] }, ...action }
}

function filter(name: string, type: string, config: Json): Json {
  return { name, typed_config: { '@type': typeUrl + type, ...config } }
}
