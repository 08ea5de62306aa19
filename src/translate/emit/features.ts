/** What features add to a route and to the entries of its backends. */
import type { envoy } from '../../envoy/gen/xds.js'
import type { Backend } from '../../ir/backend.ts'
import type { FeatureValue } from '../../ir/feature-value.ts'
import type { Route } from '../../ir/route.ts'
import { assert } from '../../lib/assert.ts'
import { compareBy } from '../../lib/sorted.ts'
import { type AnyFeature, type BackendPatch, composed, type RoutePatch } from '../features/feature.ts'

type PerFilterConfig = NonNullable<envoy.config.route.v3.IRoute['typedPerFilterConfig']>

/** What the value of a feature on the rule adds to the route, unless its backends carry it (see `backendPatch`). */
export function routePatch(feature: AnyFeature, route: Route): RoutePatch {
  const value = feature.of(route.features)
  const backends = route.action.kind === 'forward' ? route.action.backends : []
  if (value === undefined || anyBackendHas(feature, backends)) return {}
  return feature.route?.(value, route) ?? {}
}

/** The features of a rule and of one of its backends, with all of them to know who carries what. */
export interface BackendValues {
  readonly rule: readonly FeatureValue[]
  readonly backend: readonly FeatureValue[]
  readonly backends: readonly Backend[]
}

/**
 * What features add to one backend's entry. Envoy applies an entry before its route, while filters of a backendRef come
 * after those of their rule: so as soon as one backend has a feature, the rule's value moves into every entry, composed.
 */
export function backendPatch(features: readonly AnyFeature[], values: BackendValues): BackendPatch {
  return mergeWithFilters<BackendPatch>(features.map((feature) => entryPatch(feature, values) ?? {}))
}

/** Whether an entry of a weighted cluster can say all that the features ask of one backend. */
export function fitsEntry(features: readonly AnyFeature[], values: BackendValues): boolean {
  return features.every((feature) => entryPatch(feature, values) !== undefined)
}

function entryPatch(feature: AnyFeature, { rule, backend, backends }: BackendValues): BackendPatch | undefined {
  if (!anyBackendHas(feature, backends)) return {}
  const value = composed(feature, feature.of(rule), feature.of(backend))
  return value === undefined ? {} : feature.backend?.(value)
}

/** One patch of many. Two features that write the same field are a bug: the order would decide silently. */
export function mergePatches(patches: readonly RoutePatch[]): RoutePatch {
  return {
    route: mergeWithFilters<envoy.config.route.v3.IRoute>(patches.map(({ route }) => route ?? {})),
    action: mergeFields(patches.map(({ action }) => action ?? {})),
  }
}

function anyBackendHas(feature: AnyFeature, backends: readonly Backend[]): boolean {
  return backends.some((backend) => backend.kind === 'cluster' && feature.of(backend.features) !== undefined)
}

/** Per-filter configurations are merged by filter, everything else by field. */
function mergeWithFilters<T extends { readonly typedPerFilterConfig?: PerFilterConfig | undefined }>(
  patches: readonly Partial<T>[],
): Partial<T> {
  const entries = patches
    .flatMap(({ typedPerFilterConfig }) => Object.entries(typedPerFilterConfig ?? {}))
    .sort(compareBy(([filter]) => filter))
  assert(new Set(entries.map(([filter]) => filter)).size === entries.length, 'two features configure one filter')
  const merged = mergeFields(patches, 'typedPerFilterConfig')
  return entries.length === 0 ? merged : Object.assign(merged, { typedPerFilterConfig: Object.fromEntries(entries) })
}

/** Every field of the patches; `apart` may be in several and is the caller's to merge. */
function mergeFields<T extends object>(patches: readonly Partial<T>[], apart?: keyof T): Partial<T> {
  const merged: Partial<T> = {}
  for (const patch of patches) {
    for (const field of Object.keys(patch)) {
      assert(field === apart || !Object.hasOwn(merged, field), `two features write ${field}`)
    }
    Object.assign(merged, patch)
  }
  return merged
}
