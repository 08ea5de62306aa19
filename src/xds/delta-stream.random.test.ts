import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { XDS_TYPES, type XdsType } from '../envoy/types.ts'
import { ModelEnvoy } from '../testing/model-envoy.ts'
import { badVariant, type Change, ChangingStore, weightedChanges } from '../testing/random-changes.ts'
import { StreamScript } from '../testing/stream-script.ts'
import { warmUpListener } from '../testing/xds-resources.ts'

type Step =
  | Change
  | { readonly kind: 'answer'; readonly type: XdsType }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reconnect' | 'restart' | 'congested' | 'drained' }

const step: fc.Arbitrary<Step> = fc.oneof(
  ...weightedChanges,
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('answer' as const), type: fc.constantFrom(...XDS_TYPES) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 2_000, 20_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('reconnect' as const, 'restart' as const, 'congested' as const, 'drained' as const),
    }),
  },
)

class Case {
  readonly #store = new ChangingStore((index) => 8000 + index)
  /** What the client may keep, since a control plane that was started anew cannot know that it has it. */
  readonly #unknowable = new Set<string>()
  readonly envoy = new ModelEnvoy((hash) => this.#store.isBad(hash))
  #script: StreamScript
  #runs = 0

  constructor() {
    this.#store.put([warmUpListener()])
    this.#script = this.#open()
  }

  #open(): StreamScript {
    const script = new StreamScript(this.#store.stock, { run: `run${++this.#runs}.`, node: 'envoy' })
    script.onSend = ({ type, sent }) => {
      if (type === 'scoped-route') for (const { resource } of sent) this.#checkClusters(resource, script)
    }
    this.envoy.connect(script)
    return script
  }

  do(step: Step): void {
    switch (step.kind) {
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
        this.#store.startAnew()
        this.#script = this.#open()
        return
      case 'congested':
      case 'drained':
        this.#script.event({ kind: step.kind })
        return
      default:
        this.#store.apply(step)
    }
  }

  /** Every cluster that a scope names serves when the scope is sent, but for refused ones and where time ran out. */
  #checkClusters(scope: NamedResource, script: StreamScript): void {
    if (script.notes.some((note) => note.kind === 'overdue' && note.name === scope.name)) return
    for (const name of scope.clusters ?? []) {
      const cluster = this.#store.wanted.get(`cluster ${name}`)
      if (cluster === undefined || this.#store.isBad(cluster.version)) continue
      if (!this.envoy.isWarm(name)) this.envoy.faults.push(`${scope.name} is sent before ${name} is warm`)
    }
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
    const has = (type: XdsType, name: string) => this.#store.wanted.has(`${type} ${name}`)
    for (const resource of this.#store.wanted.values()) {
      const { type, name, version } = resource
      const actual = served[type].get(name)
      if (type === 'endpoint' && actual === undefined) continue // No cluster asks for it.
      if (this.#store.isBad(version)) expect(this.#store.isBad(actual ?? '')).toBe(false)
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

/** What was sent last and not answered in time is what the client comes to have, though it has acknowledged another version. */
const overtakenThenRolledBack: readonly Step[] = [
  { kind: 'put', what: [['cluster', 0, 2]] },
  { kind: 'answer', type: 'cluster' },
  { kind: 'put', what: [['cluster', 0, 0]] },
  { kind: 'answer', type: 'cluster' },
  {
    kind: 'put',
    what: [
      ['cluster', 0, 2],
      ['cluster', 1, 0],
    ],
  },
  { kind: 'wait', ms: 20_000 },
]

/** What comes before the culprit in a refused response of endpoints is in effect, and no version of it is recorded. */
const refusedAndRolledBack: readonly Step[] = [
  {
    kind: 'put',
    what: [
      ['cluster', 0, 0],
      ['cluster', 1, 0],
      ['endpoint', 0, 0],
      ['endpoint', 1, 0],
    ],
  },
  ...(['cluster', 'cluster', 'endpoint', 'endpoint'] as const).map((type): Step => ({ kind: 'answer', type })),
  {
    kind: 'put',
    what: [
      ['endpoint', 0, 1],
      ['endpoint', 1, badVariant],
    ],
  },
  { kind: 'put', what: [['endpoint', 0, 0]] },
  { kind: 'answer', type: 'endpoint' },
]

const refusedThenRolledBackAway: readonly Step[] = [
  ...refusedAndRolledBack.slice(0, -2),
  { kind: 'answer', type: 'endpoint' },
  { kind: 'put', what: [['endpoint', 0, 0]] },
  { kind: 'reconnect' },
]

const found = [
  poisonedThenReconnected,
  partlyRefusedThenReconnected,
  partlyRefusedThenRolledBack,
  warmingThenReconnected,
  takenLateThenRefused,
  overtakenThenRolledBack,
  refusedAndRolledBack,
  refusedThenRolledBackAway,
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
