/** Runs every golden case three ways: from scratch, as shuffled events, and twice. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baseObjects, type GoldenCase, goldenCases, readGolden, render, updateGolden } from '../testing/golden.ts'
import { type PipelineRig, pipelineRig } from '../testing/pipeline-rig.ts'

const base = baseObjects()
const isUpdate = process.env.GOLDEN_UPDATE === '1'

function fromScratch(golden: GoldenCase): PipelineRig {
  const rig = pipelineRig({ settings: { platform: golden.platform } })
  for (const object of [...base, ...golden.objects]) {
    rig.set(object)
  }
  rig.graph.flush()
  return rig
}

describe.each(goldenCases().map((golden) => ({ ...golden })))('$name: $title', (golden) => {
  test('has the statuses and resources that were reviewed', () => {
    const output = render(fromScratch(golden), golden.show)
    if (isUpdate) {
      updateGolden(golden, output)
    }
    expect(output['status.yaml']).toBe(readGolden(golden, 'status.yaml'))
    expect(output['envoy.yaml']).toBe(readGolden(golden, 'envoy.yaml'))
  })

  test('comes out the same when objects arrive one by one in any order, come and go', () => {
    const expected = render(fromScratch(golden), golden.show)
    const all = [...base, ...golden.objects]
    const order = fc.shuffledSubarray(all, { minLength: all.length })
    fc.assert(
      fc.property(order, fc.subarray(all), (events, flapping) => {
        const rig = pipelineRig({ settings: { platform: golden.platform } })
        for (const object of events) {
          rig.set(object)
          rig.graph.flush()
        }
        for (const object of flapping) {
          rig.delete(object)
          rig.graph.flush()
          rig.set(object)
          rig.graph.flush()
        }
        expect(render(rig, golden.show)).toEqual(expected)
      }),
      { numRuns: 4 },
    )
  })

  test('changes nothing when the same objects arrive again', () => {
    const rig = fromScratch(golden)
    const before = [...rig.outputs.resources.entries()]
    for (const object of golden.objects) {
      rig.set(structuredClone(object))
    }
    rig.graph.flush()
    expect([...rig.outputs.resources.entries()]).toEqual(before)
  })
})
