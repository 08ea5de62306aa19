/** What every route configuration of ours has, inline in a scope or served by RDS. */
import type { envoy } from '../../envoy/gen/xds.js'
import { bool } from '../../envoy/wrappers.ts'
import { type Host, scopeName, type TableName } from '../../ir/names.ts'
import { httpDefaults } from '../edge-defaults.ts'

/** The request header that a scope is chosen by. Set by us at the start of a request; what a client sends is lost. */
export const scopeHeader = 'x-fairlead-scope'

/**
 * Value of the header where the scope of the only host of a table is asked at once. The colon is no part of the key, and
 * tells a miss that the host itself was not asked for yet: a connection may be older than the second host.
 */
export function soleScopeValue(table: TableName, host: Host): string {
  return `${scopeName(table, host)}:`
}

/** Route names that no route object can have, since theirs hold a `/`. */
export const builtInRouteNames = { notFound: 'not-found', misdirected: 'misdirected', refused: 'refused' } as const

/** The scope, and what Envoy adds for every client from outside: backends have X-Forwarded-For. */
const proxyHeaders: readonly string[] = [scopeHeader, 'x-envoy-external-address']

/**
 * A route configuration with the constant block. Clusters are not validated: an unknown one would refuse the whole SRDS
 * response (architecture 15.2). Headers of the proxy itself are removed from requests on their way to a backend (15.6).
 */
export function routeConfiguration(
  name: string,
  virtualHosts: readonly envoy.config.route.v3.IVirtualHost[],
): envoy.config.route.v3.IRouteConfiguration {
  return {
    name,
    virtualHosts,
    ignorePortInHostMatching: httpDefaults.ignorePortInHostMatching,
    requestHeadersToRemove: proxyHeaders,
    validateClusters: bool(false),
  }
}

/** A named route that answers every path with `status`. */
export function answerAll(name: string, status: number): envoy.config.route.v3.IRoute {
  return { name, match: { prefix: '/' }, directResponse: { status } }
}
