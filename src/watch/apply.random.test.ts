import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FleetKindName, ManagedObject } from '../api/managed-kinds.ts'
import { ApplierRig, fleetObject } from '../testing/applier-rig.ts'
import type { FakeFault } from './fake-api.ts'
import type { RawObject } from './fake-store.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const kinds = ['ConfigMap', 'Service', 'Deployment', 'DaemonSet'] as const
const gateways = ['a', 'b']
const gateway = fc.constantFrom(...gateways)
const kind = fc.constantFrom(...kinds)

type Step =
  | {
      readonly kind: 'set'
      readonly gateway: string
      readonly of: readonly FleetKindName[]
      readonly content: number
      readonly uid: number
    }
  | { readonly kind: 'delete'; readonly gateway: string }
  | {
      readonly kind: 'remove' | 'drift' | 'strip' | 'occupy' | 'vacate'
      readonly gateway: string
      readonly of: FleetKindName
    }
  | { readonly kind: 'hold' | 'release' | 'restart' }
  | { readonly kind: 'faults'; readonly percent: number }
  | { readonly kind: 'pass'; readonly ms: number }

const set = fc.record({
  kind: fc.constant('set'),
  gateway,
  of: fc.uniqueArray(kind, { maxLength: 3 }),
  content: fc.integer({ min: 1, max: 3 }),
  uid: fc.integer({ min: 1, max: 2 }),
})
const meddling = fc.record({ kind: fc.constantFrom('remove', 'drift', 'strip', 'occupy', 'vacate'), gateway, of: kind })
/** What may happen between any two requests. */
const step = fc.oneof(
  { weight: 5, arbitrary: set },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), gateway }) },
  { weight: 4, arbitrary: meddling },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release', 'restart') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('faults'), percent: fc.constantFrom(0, 20, 60, 100) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(1, 20, 150, 3000) }) },
) as fc.Arbitrary<Step>

const faults: readonly FakeFault[] = [
  { kind: 'lost' },
  { kind: 'lostAnswer' },
  { kind: 'answer', status: 409, reason: 'Conflict' },
  { kind: 'answer', status: 429, retryAfterMs: 200 },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 404, reason: 'NotFound' },
  { kind: 'answer', status: 403, message: 'cannot patch resource "services" in API group ""' },
  { kind: 'answer', status: 422, reason: 'Invalid' },
]

/** A history: what is wanted of every Gateway, what others did, and what became of it. */
class History {
  rig = new ApplierRig()
  readonly wanted = new Map<string, readonly ManagedObject[]>()
  readonly foreign = new Map<string, RawObject>()
  #chance = 1

  constructor() {
    this.rig.applier.start()
  }

  async do(step: Step): Promise<void> {
    const { api } = this.rig
    switch (step.kind) {
      case 'set': {
        const uid = `uid-${step.gateway}-${step.uid}`
        this.wanted.set(
          step.gateway,
          step.of.map((one) => fleetObject(one, step.gateway, { spec: { content: step.content } }, uid)),
        )
        return this.#want(step.gateway)
      }
      case 'delete':
        this.wanted.delete(step.gateway)
        return this.rig.applier.delete(`shop/${step.gateway}`)
      case 'hold':
        return this.rig.holdWatch()
      case 'release':
        return this.rig.releaseWatch()
      case 'restart':
        return this.#restart()
      case 'faults':
        api.fault = () => (this.#random() * 100 < step.percent ? this.#fault() : undefined)
        return
      case 'pass':
        await vi.advanceTimersByTimeAsync(step.ms)
        return
      default:
        this.#meddle(step.kind, step.of, step.gateway)
    }
  }

  /** Everything works from now on, and nothing happens any more. */
  async calm(): Promise<void> {
    this.rig.api.fault = undefined
    this.rig.releaseWatch()
    await vi.advanceTimersByTimeAsync(30 * 60_000)
  }

  #want(one: string): void {
    this.rig.applier.set(`shop/${one}`, this.wanted.get(one) ?? [])
  }

  async #restart(): Promise<void> {
    await this.rig.stop()
    this.rig = new ApplierRig(this.rig.api)
    for (const one of this.wanted.keys()) this.#want(one)
    this.rig.applier.start()
  }

  #meddle(how: string, of: FleetKindName, one: string): void {
    const { api } = this.rig
    const name = `${one}-ours`
    const live = api.get(of, 'shop', name)
    const key = `${of}/${name}`
    const isTheirs = this.foreign.get(key)?.metadata.uid === live?.metadata.uid
    if (how === 'occupy' && live === undefined) {
      this.foreign.set(key, api.put({ kind: of, metadata: { name, namespace: 'shop' }, spec: { theirs: 1 } }))
    }
    if (live === undefined) return
    if (how === 'vacate' && isTheirs) api.remove(of, 'shop', name)
    if (isTheirs) return
    // Who changes a field of ours owns it, and we do not any more.
    const less = [{ manager: 'fairlead', operation: 'Apply', fieldsV1: { [`f:${this.#random()}`]: {} } }]
    const changed = { ...live, metadata: { ...live.metadata, managedFields: less } }
    if (how === 'remove') api.remove(of, 'shop', name)
    if (how === 'drift') api.put({ ...changed, spec: { content: 'theirs' } })
    if (how === 'strip') api.put({ ...changed, metadata: { ...changed.metadata, labels: {} } })
  }

  #fault(): FakeFault | undefined {
    return faults[Math.floor(this.#random() * faults.length)]
  }

  /** Always the same. */
  #random(): number {
    this.#chance = (this.#chance * 48_271) % 0x7fffffff
    return this.#chance / 0x7fffffff
  }
}

/** Compares what is there with what is wanted. */
function check({ rig: { api }, wanted, foreign }: History): void {
  for (const one of gateways) {
    for (const of of kinds) {
      const there = api.get(of, 'shop', `${one}-ours`)
      const theirs = foreign.get(`${of}/${one}-ours`)
      const ours = wanted.get(one)?.find((object) => object.kind === of)
      if (theirs !== undefined && theirs.metadata.uid === there?.metadata.uid) expect(there).toEqual(theirs)
      else if (ours !== undefined) expect(there).toMatchObject({ spec: ours.spec, metadata: ours.metadata })
      // What lost its label while nobody wanted it is not ours any more.
      else if (there !== undefined) expect(there.metadata.labels).toEqual({})
    }
  }
}

test('whatever fails on the way, in the end there is what is wanted, nothing more, and what others made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const history = new History()
      for (const one of steps) await history.do(one)
      await history.calm()
      expect(history.rig.applier.pending()).toBe(0)
      check(history)
      const before = history.rig.writes().length
      await vi.advanceTimersByTimeAsync(30 * 60_000)
      expect(history.rig.writes().length).toBe(before)
      vi.clearAllTimers()
    }),
    { numRuns: 200 },
  )
})
