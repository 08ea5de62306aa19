/** ir.Action -> the action of an Envoy route. */
import type { envoy } from '../../envoy/gen/xds.js'
import { durationOf, uint32 } from '../../envoy/wrappers.ts'
import type { Redirect } from '../../ir/action.ts'
import type { Backend } from '../../ir/backend.ts'
import { routeDefaults } from '../edge-defaults.ts'
import { emitRedirectPath } from './path-change.ts'

type EnvoyRoute = envoy.config.route.v3.IRoute
type EnvoyRouteAction = envoy.config.route.v3.IRouteAction
type ClusterWeight = envoy.config.route.v3.WeightedCluster.IClusterWeight
type ValidBackend = Extract<Backend, { kind: 'cluster' }>

/** A cluster that never exists: real names hold a `/`. Its share of the requests is answered 500. */
const invalidBackendCluster = 'invalid-backend'

const internalServerError = 2 satisfies envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode

const redirectCodes = { 301: 0, 302: 1, 303: 2, 307: 3, 308: 4 } as const satisfies Record<
  Redirect['status'],
  envoy.config.route.v3.RedirectAction.RedirectResponseCode
>

/** An answer of the proxy itself, without a body. */
export function respond(status: number): Pick<EnvoyRoute, 'directResponse'> {
  return { directResponse: { status } }
}

/** For requests that a filter answers: filters such as CORS look at routes that forward and at no others. */
export function forwardNowhere(): Pick<EnvoyRoute, 'route'> {
  return { route: { cluster: invalidBackendCluster, clusterNotFoundResponseCode: internalServerError } }
}

/** Backends that get requests. */
export function liveBackends(backends: readonly Backend[]): readonly ValidBackend[] {
  return backends.filter((backend) => backend.kind === 'cluster').filter(({ weight }) => weight > 0)
}

/**
 * Requests by weight. The share of invalid backends is answered 500 (`HTTPRouteRule.backendRefs`) by an entry of the same
 * list, not by a `runtime_fraction` ahead of it: Envoy draws one number per request for both, so the second draw would
 * be skewed by the first. `entryOf` adds what the filters of one backendRef say.
 */
export function forward(
  backends: readonly Backend[],
  entryOf: (backend: ValidBackend) => Partial<ClusterWeight>,
  extra: Partial<EnvoyRouteAction>,
): Pick<EnvoyRoute, 'route' | 'directResponse'> {
  const live = liveBackends(backends)
  const [first] = live
  if (first === undefined) return respond(500)
  const invalidWeight = sum(backends.filter(({ kind }) => kind === 'invalid').map(({ weight }) => weight))
  const action = { timeout: durationOf(routeDefaults.timeoutMs), ...extra }
  if (live.length === 1 && invalidWeight === 0 && Object.keys(entryOf(first)).length === 0) {
    return { route: { cluster: first.cluster, ...action } }
  }
  const valid = live.map((backend) => ({
    name: backend.cluster,
    weight: uint32(backend.weight),
    ...entryOf(backend),
  }))
  if (invalidWeight === 0) return { route: { weightedClusters: { clusters: valid }, ...action } }
  const clusters = [...valid, { name: invalidBackendCluster, weight: uint32(invalidWeight) }]
  return { route: { weightedClusters: { clusters }, clusterNotFoundResponseCode: internalServerError, ...action } }
}

/**
 * The request's scheme and host stay unless given. Envoy keeps the port that the Host header has unless it is told one:
 * whether there is such a port, `hasPort` says.
 */
export function redirectTo(redirect: Redirect, hasPort: boolean): Pick<EnvoyRoute, 'redirect'> {
  const { scheme, hostname, path, status } = redirect
  const port = redirect.port ?? (hasPort ? redirect.wellKnownPort : undefined)
  return {
    redirect: {
      ...(scheme === undefined ? {} : { schemeRedirect: scheme }),
      ...(hostname === undefined ? {} : { hostRedirect: hostname }),
      ...(port === undefined ? {} : { portRedirect: port }),
      ...(path === undefined ? {} : emitRedirectPath(path)),
      responseCode: redirectCodes[status],
    },
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
