/** The contract of an optional filter of a rule or a backendRef: one file per feature (architecture, section 9). */
import type { Problem } from '../../api/conditions.ts'
import type { HTTPRouteFilter } from '../../api/gen/types.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import type { FeatureValue } from '../../ir/feature-value.ts'
import type { Route } from '../../ir/route.ts'
import type { Result } from '../../lib/result.ts'

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter

/** Where a filter may stand. */
export type FilterLevel = 'rule' | 'backend'

/** Fields that a feature adds to an Envoy route; those of `action` only when it forwards. */
export interface RoutePatch {
  readonly route?: Partial<envoy.config.route.v3.IRoute> | undefined
  readonly action?: Partial<envoy.config.route.v3.IRouteAction> | undefined
}

/** Fields that a feature adds to the entry of one backend. */
export type BackendPatch = Partial<envoy.config.route.v3.WeightedCluster.IClusterWeight>

export interface FeatureOptions<V> {
  /** `HTTPRouteFilter.type`, or the name of the field of the rule. Names its values. */
  readonly name: string
  /** Names of GEP-2162 that GatewayClass.status.supportedFeatures gains. */
  readonly conformance: readonly string[]
  readonly levels: readonly FilterLevel[]
  /** The filter as a plain value, or every problem found. `field` is the path of the filter. */
  readonly parse: (filter: HTTPRouteFilter, field: string) => Result<V, readonly Problem[]>
  /**
   * The HTTP filter that works for it, in every connection manager. It must do nothing by itself and be overridden per
   * route: a `disabled` filter would be decided before the scope of a request is known (architecture 15.3).
   */
  readonly filter?: (() => HttpFilter) | undefined
  readonly route?: ((value: V, route: Route) => RoutePatch) | undefined
  readonly backend?: ((value: V) => BackendPatch) | undefined
  /** The value that does `rule` first and `backend` after it. Default: the backend's replaces the rule's. */
  readonly compose?: ((rule: V, backend: V) => V) | undefined
}

/** A feature and the only way to read its values back. */
export interface RouteFeature<V> extends FeatureOptions<V> {
  /** The value among those of a route or backend. */
  readonly of: (features: readonly FeatureValue[]) => V | undefined
  readonly value: (value: V) => FeatureValue
}

/** A feature of any value: what lists of features hold. Its hooks take only what its own accessor returned. */
export type AnyFeature = RouteFeature<unknown>

export function defineFeature<V>(options: FeatureOptions<V>): RouteFeature<V> {
  return {
    ...options,
    of: (features) => {
      const found = features.find(({ feature }) => feature === options.name)
      // Values of this name are made by `value` below only.
      return found === undefined ? undefined : (found.value as V)
    },
    value: (value) => ({ feature: options.name, value }),
  }
}

/** Forgets the type of the values, for lists. */
export function anyFeature<V>(feature: RouteFeature<V>): AnyFeature {
  return feature as unknown as AnyFeature // `of` and the hooks of one feature always meet the same V.
}
