/** Name of the one RouteConfiguration of the server of a plain table. */
export const tableName = 'table'

const extensions = 'type.googleapis.com/envoy.extensions.'

/** A listener in the bootstrap whose routes are one plain table by RDS. */
export function tableListener(port: number): Readonly<Record<string, unknown>> {
  const source = { ads: {}, resource_api_version: 'V3' }
  const manager = {
    '@type': `${extensions}filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'table',
    rds: { route_config_name: tableName, config_source: source },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${extensions}filters.http.router.v3.Router` },
      },
    ],
  }
  return {
    name: 'table',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  }
}
