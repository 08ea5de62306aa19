/** Short ways to write IR values in tests. */
import type { Action, PathChange, Redirect } from '../ir/action.ts'
import type { Backend } from '../ir/backend.ts'
import type { PathMatch, RouteMatch } from '../ir/match.ts'
import {
  clusterName,
  type EndpointsName,
  endpointsName,
  type GatewayKey,
  gatewayKey,
  type Host,
  tableName,
} from '../ir/names.ts'
import type { FeatureValue } from '../ir/feature-value.ts'
import type { Route } from '../ir/route.ts'
import type { OnMiss, VirtualHost } from '../ir/virtual-host.ts'

export const testGateway: GatewayKey = gatewayKey('infra', 'edge')

export function prefix(path: string): PathMatch {
  return { kind: 'prefix', prefix: path }
}

export function exact(path: string): PathMatch {
  return { kind: 'exact', path }
}

export function matchOf(path: PathMatch, more: Partial<RouteMatch> = {}): RouteMatch {
  return { path, headers: [], queryParams: [], ...more }
}

/** Endpoints of Service `shop/<service>` on port 80. */
export function endpointsOf(service: string): EndpointsName {
  return endpointsName('shop', service, 80)
}

export function backend(service: string, weight = 1, features: readonly FeatureValue[] = []): Backend {
  return { kind: 'cluster', cluster: clusterName(endpointsOf(service), 'http1'), weight, features }
}

export function invalidBackend(weight = 1): Backend {
  return { kind: 'invalid', weight }
}

export function forwardTo(...backends: readonly Backend[]): Action {
  return { kind: 'forward', backends }
}

export function redirectAction(redirect: Partial<Redirect>): Action {
  return { kind: 'redirect', redirect: { status: 302, wellKnownPort: 80, ...redirect } }
}

export function prefixChange(from: string, to: string): PathChange {
  return { kind: 'prefix', from, to }
}

/** A route of HTTPRoute `shop/<name>`. */
export function route(
  name: string,
  path: PathMatch,
  action: Action,
  more: { readonly match?: Partial<RouteMatch>; readonly features?: readonly FeatureValue[] } = {},
): Route {
  return {
    name: `shop/${name}`,
    match: matchOf(path, more.match),
    action,
    features: more.features ?? [],
    origin: { object: `HTTPRoute/shop/${name}`, field: 'spec.rules[0].matches[0]' },
  }
}

/** A host of the plain-HTTP port, or of the HTTPS chain `chain`. */
export function virtualHost(
  place: { readonly port: number; readonly chain?: string },
  host: Host,
  routes: readonly Route[],
  onMiss: OnMiss = { kind: 'not-found' },
): VirtualHost {
  return { gateway: testGateway, table: tableName(place.port, place.chain), host, routes, onMiss }
}
