/** Clusters that only features name: targets of mirrors. */
import type { Backend } from '../../ir/backend.ts'
import type { FeatureValue } from '../../ir/feature-value.ts'
import type { ClusterName } from '../../ir/names.ts'
import type { AnyFeature } from './feature.ts'
import { routeFeatures } from './registry.ts'

/** Clusters of the features of a rule and of its backends; may hold one twice. */
export function featureClusters(
  rule: readonly FeatureValue[],
  backends: readonly Backend[],
  known: readonly AnyFeature[] = routeFeatures,
): readonly ClusterName[] {
  const lists = [rule, ...backends.flatMap((backend) => (backend.kind === 'cluster' ? [backend.features] : []))]
  return known.flatMap((feature) =>
    lists.flatMap((values) => {
      const value = feature.clusters === undefined ? undefined : feature.of(values)
      return value === undefined ? [] : (feature.clusters?.(value) ?? [])
    }),
  )
}
