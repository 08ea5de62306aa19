/** Whatever happened before, the outputs are those of the objects that are there now. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../api/kinds.ts'
import type { Collection } from '../graph/collection.ts'
import { objectEvents } from '../testing/events.ts'
import { baseObjects } from '../testing/golden.ts'
import { type PipelineRig, pipelineRig } from '../testing/pipeline-rig.ts'

function keyOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`
}

function snapshot({ outputs }: PipelineRig) {
  const sorted = <V>(collection: Collection<V>) =>
    [...collection.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return {
    resources: sorted(outputs.resources).map(([key, { resource }]) => [
      key,
      resource.version,
      resource.clusters,
      resource.origins,
    ]),
    endpoints: sorted(outputs.endpoints).map(([key, { version }]) => [key, version]),
    statuses: sorted(outputs.statuses),
    notices: sorted(outputs.notices),
    infra: sorted(outputs.infra),
  }
}

/** Clusters that routes name and that no resource of their Gateway is. */
function missingClusters({ outputs }: PipelineRig): readonly string[] {
  return [...outputs.resources.entries()].flatMap(([, { gateway, resource }]) =>
    (resource.clusters ?? [])
      .map((cluster) => `${gateway}|cluster|${cluster}`)
      .filter((key) => outputs.resources.get(key) === undefined),
  )
}

describe('the pipeline', () => {
  test('after any sequence of events equals one built from scratch', () => {
    const certificate = baseObjects().find(({ kind }) => kind === 'Secret')
    if (certificate === undefined) {
      throw new Error('the base has no Secret')
    }
    fc.assert(
      fc.property(objectEvents(certificate), fc.infiniteStream(fc.boolean()), (events, ticks) => {
        const rig = pipelineRig()
        const present = new Map<string, KubernetesObject>()
        for (const { action, object } of events) {
          if (action === 'set') {
            present.set(keyOf(object), object)
            rig.set(object)
          } else {
            present.delete(keyOf(object))
            rig.delete(object)
          }
          if (ticks.next().value) {
            rig.graph.flush()
          }
        }
        rig.graph.flush()
        const scratch = pipelineRig()
        for (const object of present.values()) {
          scratch.set(object)
        }
        scratch.graph.flush()
        expect(snapshot(rig)).toEqual(snapshot(scratch))
        expect(rig.graph.trace().errors).toEqual([])
        expect(missingClusters(rig)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
