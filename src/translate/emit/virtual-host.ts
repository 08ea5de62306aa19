/** ir.VirtualHost -> envoy.config.route.v3.VirtualHost. */
import type { envoy } from '../../envoy/gen/xds.js'
import { type Host, scopeName } from '../../ir/names.ts'
import type { VirtualHost } from '../../ir/virtual-host.ts'
import { unreachable } from '../../lib/assert.ts'
import type { AnyFeature } from '../features/feature.ts'
import { bucketsRoute, missRoute, wildcardMissRoute } from './lua.ts'
import { emitRoutes } from './route.ts'
import { answerAll, builtInRouteNames } from './route-config.ts'

type EnvoyRoute = envoy.config.route.v3.IRoute
type EnvoyVirtualHost = envoy.config.route.v3.IVirtualHost

/** A virtual host of one domain, under its real name: what sees the host sees the one that was asked for. */
export function hostOf(domain: Host, routes: readonly EnvoyRoute[]): EnvoyVirtualHost {
  return { name: domain, domains: [domain], routes }
}

/** The routes of a virtual host in order, and last the one for requests that none of them matches. */
export function emitVirtualHost(vhost: VirtualHost, features: readonly AnyFeature[]): EnvoyVirtualHost {
  return hostOf(vhost.host, [...vhost.routes.flatMap((route) => emitRoutes(route, features)), ...missRoutes(vhost)])
}

function missRoutes({ table, host, onMiss }: VirtualHost): readonly EnvoyRoute[] {
  switch (onMiss.kind) {
    case 'not-found':
      return [host.startsWith('*') ? wildcardMissRoute() : answerAll(builtInRouteNames.notFound, 404)]
    case 'scope':
      return [missRoute(onMiss.scope)]
    case 'stubs':
      return []
    case 'buckets':
      return [bucketsRoute(scopeName(table, host), onMiss.depth)]
    default:
      return unreachable(onMiss)
  }
}
