/**
 * A route whose backends need routes of their own, because an entry of a weighted cluster cannot say what the filters of
 * one backendRef ask: a rewritten path, mirrors.
 *
 * Envoy draws one random number per request and compares it with the fraction of every route that it tries. So fractions
 * that add up divide requests exactly: with 10 %, 30 % and none, the routes get 10, 20 and 70 of a hundred.
 */
import { envoy } from '../../envoy/gen/xds.js'
import type { Backend } from '../../ir/backend.ts'
import type { Route } from '../../ir/route.ts'
import { composed, type AnyFeature } from '../features/feature.ts'
import { liveBackends } from './action.ts'
import { fitsEntry } from './features.ts'

/** The finest that Envoy draws. */
const parts = 1_000_000

/** A route and which of the requests that match it are its own; all that are left when `fraction` is absent. */
export interface Share {
  readonly route: Route
  readonly fraction?: envoy.type.v3.IFractionalPercent | undefined
}

/** In the order in which they are to be tried. Mostly the route itself. */
export function sharesOf(route: Route, features: readonly AnyFeature[]): readonly Share[] {
  if (route.action.kind !== 'forward') return [{ route }]
  const { backends } = route.action
  const isOne = liveBackends(backends).every((backend) =>
    fitsEntry(features, { rule: route.features, backend: backend.features, backends }),
  )
  return isOne ? [{ route }] : divide(route, backends, features)
}

function divide(route: Route, backends: readonly Backend[], features: readonly AnyFeature[]): readonly Share[] {
  const weighted = backends.filter(({ weight }) => weight > 0)
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  const last = weighted.length - 1
  let passed = 0
  let numerator = 0
  return weighted.map((backend, index) => {
    const share = { route: routeTo(backend, route, features) }
    if (index === last) return share
    passed += backend.weight
    // At least one part: a weight above 0 gets requests.
    numerator = Math.min(Math.max(Math.round((passed * parts) / total), numerator + 1), parts - (last - index))
    return { ...share, fraction: { numerator, denominator: envoy.type.v3.FractionalPercent.DenominatorType.MILLION } }
  })
}

/** The route as if the rule had this backend alone: the filters of the backendRef follow those of the rule. */
function routeTo(backend: Backend, route: Route, features: readonly AnyFeature[]): Route {
  if (backend.kind === 'invalid') return { ...route, action: { kind: 'forward', backends: [backend] } }
  const values = features.flatMap((feature) => {
    const value = composed(feature, feature.of(route.features), feature.of(backend.features))
    return value === undefined ? [] : [feature.value(value)]
  })
  return { ...route, action: { kind: 'forward', backends: [{ ...backend, features: [] }] }, features: values }
}
