import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { controllerName, parentOf, routeStatus, StatusRig } from '../testing/status-rig.ts'
import type { FakeFault } from './fake-api.ts'
import { mergeStatus } from './status-merge.ts'
import type { WantedStatus } from './status-writer.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const names = ['a', 'b', 'c']
const name = fc.constantFrom(...names)

/** What may happen between any two requests. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('want'),
      name,
      parents: fc.integer({ min: 0, max: 3 }),
      status: fc.constantFrom('True', 'False'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unwant'), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('foreign'), name, status: fc.constantFrom('True', 'False') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'create'), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release', 'restart') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('faults'), percent: fc.constantFrom(0, 20, 60, 100) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(1, 20, 150, 3000) }) },
) as fc.Arbitrary<Step>

type Step =
  | { readonly kind: 'want'; readonly name: string; readonly parents: number; readonly status: string }
  | { readonly kind: 'unwant' | 'remove' | 'create'; readonly name: string }
  | { readonly kind: 'foreign'; readonly name: string; readonly status: string }
  | { readonly kind: 'hold' | 'release' | 'restart' }
  | { readonly kind: 'faults'; readonly percent: number }
  | { readonly kind: 'pass'; readonly ms: number }

const faults: readonly FakeFault[] = [
  { kind: 'lost' },
  { kind: 'lostAnswer' },
  { kind: 'answer', status: 409, reason: 'Conflict' },
  { kind: 'answer', status: 429, retryAfterMs: 200 },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 503 },
  { kind: 'answer', status: 404, reason: 'NotFound' },
  { kind: 'answer', status: 403, message: 'cannot patch resource "httproutes/status" in API group "x"' },
  { kind: 'answer', status: 422, reason: 'Invalid' },
]

/** A history: what was wanted, what somebody else wrote, and what became of it. */
class History {
  seconds = 0
  readonly rig = new StatusRig(() => `2026-01-01T00:00:${String(this.seconds++).padStart(2, '0')}Z`)
  readonly wanted = new Map<string, WantedStatus>()
  readonly foreign = new Map<string, object>()
  #chance = 1

  constructor() {
    for (const one of names) this.rig.put('HTTPRoute', one)
    this.rig.writer.start()
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'want': {
        const parents = Array.from({ length: step.parents }, (_, index) =>
          parentOf(controllerName, `gw-${index}`, step.status),
        )
        this.#want(step.name, routeStatus(step.name, parents))
        return
      }
      case 'unwant':
        this.#want(step.name, undefined)
        return
      case 'foreign':
        this.#writeForeign(step.name, parentOf('theirs', 'gw', step.status))
        return
      case 'remove':
        this.foreign.delete(step.name)
        this.rig.api.remove('HTTPRoute', 'shop', step.name)
        return
      case 'create':
        if (this.rig.api.get('HTTPRoute', 'shop', step.name) === undefined) this.rig.put('HTTPRoute', step.name)
        return
      case 'hold':
        this.rig.holdWatch()
        return
      case 'release':
        this.rig.releaseWatch()
        return
      case 'restart':
        await this.rig.writer.stop()
        this.rig.writer.start()
        return
      case 'faults':
        this.rig.api.fault = () => (this.#random() * 100 < step.percent ? this.#fault() : undefined)
        return
      case 'pass':
        await vi.advanceTimersByTimeAsync(step.ms)
    }
  }

  /** Everything works from now on, and nothing happens any more. */
  async calm(): Promise<void> {
    this.rig.api.fault = undefined
    this.rig.releaseWatch()
    await vi.advanceTimersByTimeAsync(10 * 60_000)
  }

  #want(route: string, wanted: WantedStatus | undefined): void {
    if (wanted === undefined) this.wanted.delete(route)
    else this.wanted.set(route, wanted)
    this.rig.writer.set(`HTTPRoute/shop/${route}`, wanted)
  }

  /** Another controller reads and writes in one go. */
  #writeForeign(route: string, entry: ReturnType<typeof parentOf>): void {
    const live = this.rig.api.get('HTTPRoute', 'shop', route)
    if (live === undefined) return
    const stamped = { ...entry, conditions: entry.conditions.map((one) => ({ ...one, lastTransitionTime: 'theirs' })) }
    const { parents = [] } = (live.status ?? {}) as {
      readonly parents?: readonly { readonly controllerName: string }[]
    }
    const ours = parents.filter((parent) => parent.controllerName === controllerName)
    this.foreign.set(route, stamped)
    this.rig.put('HTTPRoute', route, { parents: [stamped, ...ours] })
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

test('whatever fails on the way, in the end every object has what is wanted and what others wrote', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const history = new History()
      for (const one of steps) await history.do(one)
      await history.calm()
      const { rig, wanted, foreign } = history
      expect(rig.writer.pending()).toBe(0)
      for (const route of names) {
        const live = rig.api.get('HTTPRoute', 'shop', route)
        if (live === undefined) continue
        const status = (live.status ?? {}) as Readonly<Record<string, unknown>>
        const options = { now: () => 'changed', controllerName, generation: 1 }
        expect(mergeStatus(status, wanted.get(route)?.status ?? {}, options)).toEqual(status)
        const theirs = foreign.get(route)
        if (theirs !== undefined) expect(status.parents).toContainEqual(theirs)
      }
      const before = rig.api.requests.length
      await vi.advanceTimersByTimeAsync(10 * 60_000)
      expect(rig.api.requests.length).toBe(before)
      vi.clearAllTimers()
    }),
    { numRuns: 300 },
  )
})

test('the time of a condition changes with its status and only then', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const history = new History()
      const times = new Map<string, { readonly status: string; readonly lastTransitionTime: string }>()
      history.rig.api.store.onEvent(({ after, before }) => {
        const parents =
          (after?.status as { parents?: readonly ReturnType<typeof parentOf>[] } | undefined)?.parents ?? []
        const uid = String((after ?? before)?.metadata.uid)
        const seen = new Set<string>()
        for (const { conditions, parentRef } of parents.filter((parent) => parent.controllerName === controllerName)) {
          const [condition] = conditions as unknown as readonly { status: string; lastTransitionTime: string }[]
          if (condition === undefined) continue
          const key = `${uid}/${parentRef.name}`
          const last = times.get(key)
          if (last !== undefined) {
            expect(condition.lastTransitionTime === last.lastTransitionTime).toBe(condition.status === last.status)
          }
          times.set(key, condition)
          seen.add(key)
        }
        for (const key of times.keys()) if (key.startsWith(`${uid}/`) && !seen.has(key)) times.delete(key)
      })
      for (const one of steps) await history.do(one)
      await history.calm()
    }),
    { numRuns: 100 },
  )
})
