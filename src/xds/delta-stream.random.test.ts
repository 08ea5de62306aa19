import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { XDS_TYPES, type XdsType } from '../envoy/types.ts'
import { ModelEnvoy } from '../testing/model-envoy.ts'
import { StreamScript } from '../testing/stream-script.ts'
import {
  answerScope,
  assignment,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'

/** What a case draws from: good and bad versions of a few names of every wildcard type and of endpoints. */
const index = fc.nat(4)
const variant = fc.nat(3)

type Step =
  | { readonly kind: 'put'; readonly what: readonly (readonly [XdsType, number, number])[] }
  | { readonly kind: 'remove'; readonly what: readonly (readonly [XdsType, number])[] }
  | { readonly kind: 'bulk'; readonly variant: number }
  | { readonly kind: 'answer'; readonly type: XdsType }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reconnect' | 'restart' | 'congested' | 'drained' }

const kindOfResource = fc.constantFrom<XdsType>('cluster', 'endpoint', 'scoped-route', 'scoped-route', 'listener')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      what: fc.array(fc.tuple(kindOfResource, index, variant), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      what: fc.array(fc.tuple(kindOfResource, index), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bulk' as const), variant }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('answer' as const), type: fc.constantFrom(...XDS_TYPES) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 2_000, 20_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('reconnect' as const, 'restart' as const, 'congested' as const, 'drained' as const),
    }),
  },
)

/** Variant 3 is what Envoy refuses. */
const badVariant = 3

function make(type: XdsType, name: number, version: number): NamedResource {
  switch (type) {
    case 'cluster':
      return edsCluster(`c${name}`, { connectMs: 1000 + version, serviceName: `e${name % 3}` })
    case 'endpoint':
      return assignment(`e${name % 3}`, 1000 + version)
    case 'listener':
      return scopedListener(`l${name}`, 8000 + name, `v${version}`)
    default:
      return version === 1 ? forwardScope(`s${name}`, `c${(name + 1) % 5}`) : answerScope(`s${name}`, `v${version}`)
  }
}

const badHashes = new Set(
  (['cluster', 'endpoint', 'listener', 'scoped-route'] as const).flatMap((type) =>
    [0, 1, 2, 3, 4].map((name) => make(type, name, badVariant).version),
  ),
)
for (let each = 0; each < 130; each++) if (each % 41 === 7) badHashes.add(bulkScope(each, badVariant).version)

function bulkScope(number: number, version: number): NamedResource {
  return answerScope(`bulk${number}`, `v${version}`)
}

class Case {
  stock = new TestStore()
  /** What the client may keep, since a control plane that was started anew cannot know that it has it. */
  readonly #unknowable = new Set<string>()
  readonly envoy = new ModelEnvoy((hash) => badHashes.has(hash))
  readonly seen = new Map<string, NamedResource>()
  #script: StreamScript
  #runs = 0

  constructor() {
    this.#put([warmUpListener()])
    this.#script = this.#open()
  }

  #open(): StreamScript {
    const script = new StreamScript(this.stock, { run: `run${++this.#runs}.`, node: 'envoy' })
    script.onSend = ({ type, sent }) => {
      if (type === 'scoped-route') for (const { resource } of sent) this.#checkClusters(resource, script)
    }
    this.envoy.connect(script)
    return script
  }

  do(step: Step): void {
    switch (step.kind) {
      case 'put':
        this.#put(step.what.map(([type, name, version]) => make(type, name, version)))
        return
      case 'remove':
        for (const [type, name] of step.what) this.seen.delete(`${type} ${make(type, name, 0).name}`)
        this.stock.remove(...step.what.map(([type, name]) => make(type, name, 0)))
        return
      case 'bulk':
        this.#put(Array.from({ length: 130 }, (_, each) => bulkScope(each, step.variant)))
        return
      case 'answer':
        this.envoy.answer(step.type)
        return
      case 'wait':
        this.#script.wait(step.ms)
        return
      case 'reconnect':
        this.#script.leave()
        this.#script = this.#open()
        return
      case 'restart':
        this.#script.leave()
        for (const each of this.envoy.forgetServer()) this.#unknowable.add(each)
        this.stock = new TestStore()
        this.stock.put(this.seen.values())
        this.#script = this.#open()
        return
      default:
        this.#script.event({ kind: step.kind })
    }
  }

  /** Every cluster that a scope names serves when the scope is sent, but for refused ones and where time ran out. */
  #checkClusters(scope: NamedResource, script: StreamScript): void {
    if (script.notes.some((note) => note.kind === 'overdue' && note.name === scope.name)) return
    for (const name of scope.clusters ?? []) {
      const cluster = this.seen.get(`cluster ${name}`)
      if (cluster === undefined || badHashes.has(cluster.version)) continue
      if (!this.envoy.isWarm(name)) this.envoy.faults.push(`${scope.name} is sent before ${name} is warm`)
    }
  }

  #put(resources: readonly NamedResource[]): void {
    for (const resource of resources) this.seen.set(`${resource.type} ${resource.name}`, resource)
    this.stock.put(resources)
  }

  /** Answers and waits until nothing is outstanding. */
  finish(): void {
    this.#script.event({ kind: 'drained' })
    for (let round = 0; round < 40; round++) {
      for (let answers = 0; XDS_TYPES.some((type) => this.envoy.answer(type)); answers++) {
        if (answers > 10_000) throw new Error('the stream never comes to rest')
      }
      this.#script.wait(1_000)
    }
    expect(this.#script.unanswered).toEqual([])
    for (const { type, pending } of this.#script.stream.progress()) expect([type, pending]).toEqual([type, 0])
  }

  check(): void {
    const { served, faults } = this.envoy
    expect(faults).toEqual([])
    expect(this.envoy.warming).toEqual([])
    const has = (type: XdsType, name: string) => this.seen.has(`${type} ${name}`)
    for (const resource of this.seen.values()) {
      const { type, name, version } = resource
      const actual = served[type].get(name)
      if (type === 'endpoint' && actual === undefined) continue // No cluster asks for it.
      if (badHashes.has(version)) expect(badHashes.has(actual ?? '')).toBe(false)
      else expect([type, name, actual]).toEqual([type, name, version])
      if (type === 'scoped-route') expect(actual, `${name} fails closed`).toBeDefined()
    }
    for (const type of ['cluster', 'listener', 'scoped-route'] as const) {
      const extra = [...served[type].keys()].filter((name) => !has(type, name))
      expect(extra.filter((name) => !this.#unknowable.has(`${type} ${name}`))).toEqual([])
    }
  }
}

/** Scopes that Envoy remembers from a refused response must reach it on the next stream too. */
const poisonedThenReconnected: readonly Step[] = [
  { kind: 'put', what: [['cluster', 0, 0]] },
  ...(['cluster', 'endpoint', 'listener'] as const).map((type): Step => ({ kind: 'answer', type })),
  { kind: 'bulk', variant: badVariant },
  { kind: 'answer', type: 'scoped-route' },
  { kind: 'answer', type: 'scoped-route' },
  { kind: 'reconnect' },
]

/** What Envoy took of a refused response it does not speak of on the next stream: that it went then must be told all the same. */
const partlyRefusedThenReconnected: readonly Step[] = [
  {
    kind: 'put',
    what: [
      ['cluster', 0, badVariant],
      ['cluster', 2, 0],
    ],
  },
  { kind: 'answer', type: 'cluster' },
  {
    kind: 'remove',
    what: [
      ['cluster', 2],
      ['cluster', 0],
    ],
  },
  { kind: 'answer', type: 'cluster' },
  { kind: 'reconnect' },
]

/** Nor does it say on the next stream which version it took of it. */
const partlyRefusedThenRolledBack: readonly Step[] = [
  { kind: 'put', what: [['cluster', 2, 0]] },
  ...(['cluster', 'cluster', 'endpoint'] as const).map((type): Step => ({ kind: 'answer', type })),
  {
    kind: 'put',
    what: [
      ['cluster', 0, badVariant],
      ['cluster', 2, 1],
    ],
  },
  { kind: 'answer', type: 'cluster' },
  { kind: 'congested' },
  { kind: 'put', what: [['cluster', 2, 0]] },
  { kind: 'reconnect' },
]

/** A cluster that waits for its endpoints keeps Envoy from asking for clusters until they come on the next stream. */
const warmingThenReconnected: readonly Step[] = [
  { kind: 'put', what: [['cluster', 0, 0]] },
  { kind: 'answer', type: 'cluster' },
  { kind: 'put', what: [['cluster', 0, 1]] },
  { kind: 'answer', type: 'cluster' },
  { kind: 'answer', type: 'endpoint' },
  { kind: 'reconnect' },
]

/** What was taken late of a cluster is still warming when a later version of it is refused. */
const takenLateThenRefused: readonly Step[] = [
  { kind: 'put', what: [['cluster', 0, 0]] },
  { kind: 'wait', ms: 20_000 },
  {
    kind: 'put',
    what: [
      ['scoped-route', 4, 1],
      ['cluster', 0, badVariant],
    ],
  },
  { kind: 'put', what: [['cluster', 0, 0]] },
]

const found = [
  poisonedThenReconnected,
  partlyRefusedThenReconnected,
  partlyRefusedThenRolledBack,
  warmingThenReconnected,
  takenLateThenRefused,
]

describe('a delta stream', () => {
  test('brings any client to what the store holds, whatever comes between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const run = new Case()
        for (const each of steps) run.do(each)
        run.finish()
        run.check()
      }),
      { numRuns: 500, examples: found.map((steps) => [steps] as const) },
    )
  })
})
