/** Pairs of filters that one rule may not have: the one place where features know each other. */
import type { HTTPRouteFilter } from '../../api/gen/types.ts'

type FilterType = HTTPRouteFilter['type']

/** Two filters and why they exclude each other. */
export interface ForbiddenPair {
  readonly pair: readonly [FilterType, FilterType]
  readonly why: string
}

/** Each pair once, in either order. */
export const forbiddenPairs: readonly ForbiddenPair[] = [
  // `HTTPRequestRedirectFilter`: "This filter MUST NOT be used on the same Route rule as a HTTPURLRewrite filter."
  { pair: ['RequestRedirect', 'URLRewrite'], why: 'a redirect asks no backend, so there is nothing to rewrite for' },
  // Documented limit (`HTTPRouteRule.filters`): Envoy mirrors requests that it forwards.
  { pair: ['RequestRedirect', 'RequestMirror'], why: 'the proxy answers a redirect itself and mirrors nothing' },
]

/** Filters that a rule may have more than once (`HTTPRouteRule.filters`). */
export const repeatable: ReadonlySet<FilterType> = new Set(['RequestMirror', 'ExtensionRef'])
