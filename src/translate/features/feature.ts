/** The contract of an optional filter or field of a rule or a backendRef: one file per feature (architecture, section 9). */
import type { Problem } from '../../api/conditions.ts'
import type { HTTPRouteFilter, HTTPRouteRule } from '../../api/gen/types.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import type { FeatureValue } from '../../ir/feature-value.ts'
import type { ClusterName } from '../../ir/names.ts'
import type { Route } from '../../ir/route.ts'
import type { Result } from '../../lib/result.ts'
import type { BackendReference } from '../backends/service.ts'

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter

/** Where a filter may stand. */
export type FilterLevel = 'rule' | 'backend'

/** What a filter may ask about the rest of the world. */
export interface FilterContext {
  /**
   * The cluster of a reference. Undefined when it does not resolve, which is told under ResolvedRefs: the filter goes on
   * without it.
   */
  readonly resolve: (reference: BackendReference, field: string) => ClusterName | undefined
}

/** Fields that a feature adds to an Envoy route; those of `action` only when it forwards. */
export interface RoutePatch {
  readonly route?: Partial<envoy.config.route.v3.IRoute> | undefined
  readonly action?: Partial<envoy.config.route.v3.IRouteAction> | undefined
}

/** Fields that a feature adds to the entry of one backend. */
export type BackendPatch = Partial<envoy.config.route.v3.WeightedCluster.IClusterWeight>

type Parsed<V> = Result<V, readonly Problem[]>

interface FeatureHooks<V> {
  /** `HTTPRouteFilter.type`, or the name of the field of the rule. Names its values. */
  readonly name: string
  /** Names of GEP-2162 that GatewayClass.status.supportedFeatures gains. */
  readonly conformance: readonly string[]
  /**
   * The HTTP filter that works for it, in every connection manager. It must do nothing by itself and be overridden per
   * route: a `disabled` filter would be decided before the scope of a request is known (architecture 15.3).
   */
  readonly filter?: (() => HttpFilter) | undefined
  readonly route?: ((value: V, route: Route) => RoutePatch) | undefined
  /** Routes to be tried just before that of the rule, for requests that its match or its answer leaves out. */
  readonly ahead?: ((value: V, route: Route) => readonly Route[]) | undefined
  /** Undefined for a value that an entry cannot say: the backend then gets a route of its own, and `route` says it. */
  readonly backend?: ((value: V) => BackendPatch | undefined) | undefined
  /**
   * The value that does `first` and `second` after it: that of the rule and that of a backendRef, or those of one list for
   * a filter that may be repeated. Default: the second replaces the first.
   */
  readonly compose?: ((first: V, second: V) => V) | undefined
  /** Clusters besides the backends that requests are sent to. */
  readonly clusters?: ((value: V) => readonly ClusterName[]) | undefined
}

/** What `defineFeature` is given. */
export interface FilterOptions<V> extends FeatureHooks<V> {
  readonly levels: readonly FilterLevel[]
  /** The filter as a plain value, or every problem found. `field` is the path of the filter. */
  readonly parse: (filter: HTTPRouteFilter, field: string, context: FilterContext) => Parsed<V>
}

/** What `defineRuleField` is given. */
export interface RuleFieldOptions<V> extends FeatureHooks<V> {
  /** What the fields of the rule say, if anything, or every problem found. `field` is the path of the rule. */
  readonly parse: (rule: HTTPRouteRule, field: string) => Parsed<V | undefined>
}

/** Where the values of a feature are written. */
type FeatureSource<V> =
  | ({ readonly kind: 'filter' } & Pick<FilterOptions<V>, 'levels' | 'parse'>)
  | ({ readonly kind: 'rule' } & Pick<RuleFieldOptions<V>, 'parse'>)

/** A feature and the only way to read its values back. */
export interface RouteFeature<V> extends FeatureHooks<V> {
  readonly source: FeatureSource<V>
  /** The value among those of a route or backend. */
  readonly of: (features: readonly FeatureValue[]) => V | undefined
  readonly value: (value: V) => FeatureValue
}

/** A feature of any value: what lists of features hold. Its hooks take only what its own accessor returned. */
export type AnyFeature = RouteFeature<unknown>

/** A feature that is a filter. */
export function defineFeature<V>({ levels, parse, ...hooks }: FilterOptions<V>): RouteFeature<V> {
  return withAccessors(hooks, { kind: 'filter', levels, parse })
}

/** A feature that is written in fields of the rule itself. */
export function defineRuleField<V>({ parse, ...hooks }: RuleFieldOptions<V>): RouteFeature<V> {
  return withAccessors(hooks, { kind: 'rule', parse })
}

function withAccessors<V>(hooks: FeatureHooks<V>, source: FeatureSource<V>): RouteFeature<V> {
  return {
    ...hooks,
    source,
    of: (features) => {
      const found = features.find(({ feature }) => feature === hooks.name)
      // Values of this name are made by `value` below only.
      return found === undefined ? undefined : (found.value as V)
    },
    value: (value) => ({ feature: hooks.name, value }),
  }
}

/** What a rule and its backendRef say together; undefined when neither says anything. */
export function composed<V>(feature: RouteFeature<V>, rule: V | undefined, backend: V | undefined): V | undefined {
  if (rule === undefined || backend === undefined) return backend ?? rule
  return feature.compose?.(rule, backend) ?? backend
}

/** Forgets the type of the values, for lists. */
export function anyFeature<V>(feature: RouteFeature<V>): AnyFeature {
  return feature as unknown as AnyFeature // `of` and the hooks of one feature always meet the same V.
}
