import type { ClusterName } from './names.ts'
import type { FeatureValue } from './feature-value.ts'

/**
 * One target of a rule. An invalid one keeps its weight: its share of the requests is answered 500
 * (`HTTPRouteRule.backendRefs`). Weight is relative; 0 takes no traffic.
 */
export type Backend =
  | {
      readonly kind: 'cluster'
      readonly cluster: ClusterName
      readonly weight: number
      /** Filters of the backendRef itself, in order. */
      readonly features: readonly FeatureValue[]
    }
  | { readonly kind: 'invalid'; readonly weight: number }
