import { describe, expect, test } from 'vitest'
import { isRecord } from '../src/api/compile.ts'
import { parseObject } from '../src/api/parse.ts'
import { checkRules } from '../src/api/rules.ts'
import { messageToJson } from '../src/envoy/json.ts'
import { testCertificate } from '../src/testing/certificates.ts'
import { baseObjects as goldenBase, goldenCases } from '../src/testing/golden.ts'
import { mustParse, type PipelineRig, pipelineRig } from '../src/testing/pipeline-rig.ts'
import { readCorpus } from './corpus.ts'
import type { ObjectSet } from './finding.ts'
import { SetMaker } from './object-set.ts'
import { asServed, baseObjects, type Fields } from './world.ts'

const corpus = readCorpus()
// More than enough for most fields: what is drawn shifts with every golden and example.
const sets = Array.from({ length: 180 }, (_, index) => new SetMaker(1, corpus).make(index))
const objects = sets.flatMap(({ steps }) => steps.flatMap((step) => (step.do === 'set' ? [step.object] : [])))

/** Every field that is set in a resource of `default/gw`, without indexes. */
function fieldsOf({ outputs }: PipelineRig): readonly string[] {
  return [...outputs.resources.entries()].flatMap(([, { gateway, resource }]) =>
    gateway === 'default/gw' ? leaves(messageToJson(resource.type, resource.bytes), resource.type) : [],
  )
}

function leaves(value: unknown, place: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, `${place}[]`))
  return isRecord(value) ? Object.entries(value).flatMap(([key, part]) => leaves(part, `${place}.${key}`)) : [place]
}

function flushed(fill: (rig: PipelineRig) => void): PipelineRig {
  const rig = pipelineRig({ checkPurity: false })
  fill(rig)
  rig.graph.flush()
  return rig
}

const certificate = testCertificate()

function translated({ steps }: ObjectSet): PipelineRig {
  return flushed((rig) => {
    for (const object of baseObjects(certificate)) rig.set(mustParse(object))
    for (const step of steps) {
      const parsed = step.do === 'set' ? parseObject(served(step.object), { channel: 'experimental' }) : undefined
      if (parsed?.ok) rig.set(parsed.value)
    }
  })
}

function served(object: Fields): Fields {
  const isServed = object.kind === 'Gateway' && isRecord(object.metadata) && object.metadata.name === 'gw'
  return isServed ? asServed(object) : object
}

describe('sets of objects', () => {
  test('are the same for the same seed and index, but for certificates', () => {
    const text = ({ steps }: ObjectSet) => JSON.stringify(steps.filter((step) => !JSON.stringify(step).includes('PEM')))
    const again = new SetMaker(1, corpus)
    expect(text(again.make(7))).toBe(text(sets[7] ?? expect.unreachable()))
    expect(text(again.make(8))).not.toBe(text(again.make(7)))
  })

  test('are mostly such as an API server takes, and not always', () => {
    const taken = objects.filter((object) => parseObject(object, { channel: 'experimental', checkRules }).ok)
    expect(taken.length / objects.length).toBeGreaterThan(0.75)
    expect(taken.length).toBeLessThan(objects.length)
  })

  test('lead to nearly every field that a golden shows', () => {
    const known = new Set(
      goldenCases().flatMap((golden) =>
        fieldsOf(
          flushed((rig) => {
            for (const object of [...goldenBase(), ...golden.objects]) rig.set(object)
          }),
        ),
      ),
    )
    const found = new Set(sets.flatMap((set) => fieldsOf(translated(set))))
    const missing = [...known].filter((field) => !found.has(field))
    expect(missing.length / known.size, missing.join('\n')).toBeLessThan(0.2)
  })
})
