/** ir.Route -> envoy.config.route.v3.Route, with what its features add. */
import type { envoy } from '../../envoy/gen/xds.js'
import type { Backend } from '../../ir/backend.ts'
import type { Route } from '../../ir/route.ts'
import { assert, unreachable } from '../../lib/assert.ts'
import { featureClusters } from '../features/clusters.ts'
import type { AnyFeature } from '../features/feature.ts'
import { forward, forwardNowhere, liveBackends, redirectTo, respond } from './action.ts'
import { backendPatch, mergePatches, routePatch } from './features.ts'
import { emitMatch } from './match.ts'
import { sharesOf } from './shares.ts'

type EnvoyRoute = envoy.config.route.v3.IRoute

/** One route; more where a feature needs some ahead of it, or where backends need one each. */
export function emitRoutes(route: Route, features: readonly AnyFeature[]): readonly EnvoyRoute[] {
  const ahead = features.flatMap((feature) => {
    const value = feature.ahead === undefined ? undefined : feature.of(route.features)
    return value === undefined ? [] : (feature.ahead?.(value, route) ?? [])
  })
  return [...ahead, route].flatMap((each) => [...portedRedirect(each, features), ...emitShares(each, features)])
}

function emitShares(route: Route, features: readonly AnyFeature[]): readonly EnvoyRoute[] {
  return sharesOf(route, features).map(({ route: share, fraction }) => {
    const emitted = emitRoute(share, features)
    return fraction === undefined
      ? emitted
      : { ...emitted, match: { ...emitted.match, runtimeFraction: { defaultValue: fraction } } }
  })
}

const anyPort = { name: ':authority', stringMatch: { safeRegex: { regex: '.*:[0-9]+' } } }

/**
 * Of a redirect that keeps the host of the request and shows no port: the route for requests whose host has one, as
 * where a client came through a forwarded port. Envoy would keep that port, which is not the listener's.
 */
function portedRedirect(route: Route, features: readonly AnyFeature[]): readonly EnvoyRoute[] {
  if (route.action.kind !== 'redirect') return []
  const { redirect } = route.action
  if (redirect.port !== undefined || redirect.hostname !== undefined) return []
  const emitted = emitRoute(route, features)
  const match = { ...emitted.match, headers: [...(emitted.match?.headers ?? []), anyPort] }
  return [{ ...emitted, match, ...redirectTo(redirect, true) }]
}

/** The route alone. */
export function emitRoute(route: Route, features: readonly AnyFeature[]): EnvoyRoute {
  assert(route.name !== '', 'a route without a name is a miss to the data plane')
  const patch = mergePatches(features.map((feature) => routePatch(feature, route)))
  return {
    name: route.name,
    match: emitMatch(route.match),
    ...emitAction(route, features, patch.action ?? {}),
    ...patch.route,
  }
}

/** Clusters that requests of the route are sent to. */
export function clustersOf(route: Route, features: readonly AnyFeature[]): readonly string[] {
  if (route.action.kind !== 'forward') return []
  const live = liveBackends(route.action.backends)
  return [...live.map(({ cluster }) => cluster), ...featureClusters(route.features, live, features)]
}

function emitAction(
  route: Route,
  features: readonly AnyFeature[],
  extra: Partial<envoy.config.route.v3.IRouteAction>,
): EnvoyRoute {
  const { action } = route
  switch (action.kind) {
    case 'forward': {
      const entryOf = (backend: Extract<Backend, { kind: 'cluster' }>) =>
        backendPatch(features, { rule: route.features, backend: backend.features, backends: action.backends })
      return forward(action.backends, entryOf, extra)
    }
    case 'redirect':
      return redirectTo(action.redirect, false)
    case 'respond':
      return respond(action.status)
    case 'answered':
      return forwardNowhere()
    default:
      return unreachable(action)
  }
}
