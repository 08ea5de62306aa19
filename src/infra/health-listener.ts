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
  /** Seconds until `/drain` is answered: the kubelet ends the proxy then. */
  readonly drainSeconds: number
  /** Value of the header without which `/drain` does not exist: only the kubelet is told. */
  readonly drainToken: string
}

/** Header that carries `drainToken`. */
export const drainHeader = 'x-fairlead-drain'
/** Paths of the static listener. */
export const healthPaths = { ready: '/ready', metrics: '/stats/prometheus', drain: '/drain' } as const

const typeUrl = 'type.googleapis.com/'
const lua = 'envoy.filters.http.lua'
const fault = 'envoy.filters.http.fault'
const adminTimeoutSeconds = 5

/**
 * Fails readiness and closes connections with their next answer, while new ones are still served: load balancers need
 * time to hear of it. `skip_exit`: listeners stay open when the time is over.
 */
const drainScript = `
function envoy_on_request(handle)
  for _, path in ipairs({"/healthcheck/fail", "/drain_listeners?graceful&skip_exit"}) do
    local headers = {[":method"] = "POST", [":path"] = path, [":authority"] = "admin"}
    handle:httpCall("ADMIN", headers, "", ${adminTimeoutSeconds * 1000})
  end
end`

/** Name of the cluster that is the proxy's own admin interface. */
export const adminCluster = 'admin'

/** Serves GET of `healthPaths`; everything else is 404. `address` is the admin interface's own, as in the bootstrap. */
export function healthListener(options: HealthListenerOptions): Readonly<Record<string, unknown>> {
  const hcm = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  return {
    name: 'health',
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

/** The admin interface as an upstream. */
export function adminUpstream(address: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    name: adminCluster,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: adminCluster,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  }
}

function anyAddress({ port, ipv6 }: HealthListenerOptions): Readonly<Record<string, unknown>> {
  return ipv6 ? { address: '::', ipv4_compat: true, port_value: port } : { address: '0.0.0.0', port_value: port }
}

function connectionManager(options: HealthListenerOptions): Readonly<Record<string, unknown>> {
  const routes = [
    getOf(healthPaths.ready, { route: { cluster: adminCluster, timeout: `${adminTimeoutSeconds}s` } }),
    getOf(healthPaths.metrics, { route: { cluster: adminCluster, timeout: '30s' } }),
    drainRoute(options),
  ]
  return {
    stat_prefix: 'health',
    codec_type: 'HTTP1',
    // The answer of /drain is awaited for as long as an operator likes.
    stream_idle_timeout: '0s',
    request_headers_timeout: '5s',
    common_http_protocol_options: { idle_timeout: '60s' },
    route_config: { name: 'health', virtual_hosts: [{ name: 'health', domains: ['*'], routes }] },
    http_filters: [
      filter(lua, 'envoy.extensions.filters.http.lua.v3.Lua', {
        source_codes: { drain: { inline_string: drainScript.replace('ADMIN', adminCluster) } },
      }),
      filter(fault, 'envoy.extensions.filters.http.fault.v3.HTTPFault', {}),
      filter('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {}),
    ],
  }
}

function drainRoute({ drainSeconds, drainToken }: HealthListenerOptions): Readonly<Record<string, unknown>> {
  const isKubelet = { name: drainHeader, string_match: { exact: drainToken } }
  const delay = { fixed_delay: `${drainSeconds}s`, percentage: { numerator: 100 } }
  return {
    ...getOf(healthPaths.drain, { direct_response: { status: 200 } }, [isKubelet]),
    typed_per_filter_config: {
      [lua]: { '@type': `${typeUrl}envoy.extensions.filters.http.lua.v3.LuaPerRoute`, name: 'drain' },
      [fault]: { '@type': `${typeUrl}envoy.extensions.filters.http.fault.v3.HTTPFault`, delay },
    },
  }
}

function getOf(
  path: string,
  action: Readonly<Record<string, unknown>>,
  more: readonly unknown[] = [],
): Readonly<Record<string, unknown>> {
  const isGet = { name: ':method', string_match: { exact: 'GET' } }
  return { match: { path, headers: [isGet, ...more] }, ...action }
}

function filter(
  name: string,
  type: string,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { name, typed_config: { '@type': typeUrl + type, ...config } }
}
