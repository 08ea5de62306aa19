import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { FakeApi, type FakeFault } from './fake-api.ts'
import { Reflector } from './reflector.ts'

const objectCount = 14

type Step =
  | { readonly kind: 'put'; readonly name: number }
  | { readonly kind: 'remove'; readonly name: number }
  | { readonly kind: 'removeAll' | 'break' | 'end' | 'compact' | 'silence' | 'speak' | 'bookmark' | 'heal' | 'garbage' }
  | { readonly kind: 'fail'; readonly fault: FakeFault }
  | { readonly kind: 'streams'; readonly streams: boolean }
  | { readonly kind: 'wait'; readonly ms: number }

const name = fc.nat({ max: objectCount - 1 })
const fault = fc.oneof(
  fc.constant<FakeFault>({ kind: 'lost' }),
  fc
    .record({ status: fc.constantFrom(403, 404, 410, 422, 429, 500, 503), retryAfterMs: fc.constantFrom(0, 1000) })
    .map((answer): FakeFault => ({ kind: 'answer', ...answer })),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('removeAll', 'break', 'end', 'compact', 'silence', 'speak', 'bookmark', 'heal', 'garbage'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), fault }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('streams' as const), streams: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 50, 1500, 31_000) }) },
)

const route = (index: number, version: number) => ({
  kind: 'HTTPRoute',
  metadata: { name: `r${index}`, namespace: 'shop' },
  spec: { hostnames: [`v${version}.example`] },
})

async function settle(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let i = 0; i < 60; i++) await Promise.resolve()
}

async function play(api: FakeApi, one: Step, count: number): Promise<void> {
  switch (one.kind) {
    case 'put':
      api.put(route(one.name, count))
      return
    case 'remove':
      api.remove('HTTPRoute', 'shop', `r${one.name}`)
      return
    case 'removeAll':
      for (let i = 0; i < objectCount; i++) api.remove('HTTPRoute', 'shop', `r${i}`)
      return
    case 'break':
      api.breakWatches()
      return
    case 'end':
      api.endWatches()
      return
    case 'compact':
      api.compact()
      return
    case 'silence':
    case 'speak':
      for (const watch of api.watches()) watch.stream.setSilent(one.kind === 'silence')
      return
    case 'bookmark':
      api.bookmark()
      return
    case 'garbage':
      for (const watch of api.watches()) watch.send('{"type":"ADDED","obj\n')
      return
    case 'heal':
      api.fault = undefined
      return
    case 'fail':
      api.fault = () => one.fault
      return
    case 'streams':
      api.servesStreamingLists = one.streams
      return
    case 'wait':
      await settle(one.ms)
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('Reflector under random failures', () => {
  test('has what the server has when it is quiet again, and deletes nothing twice', { timeout: 120_000 }, async () => {
    const history = fc.array(step, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(1, 7, 65_536), fc.double({ min: 0, max: 1, noNaN: true }), run),
      { numRuns: 400 },
    )
  })
})

async function run(steps: readonly Step[], chunkBytes: number, chance: number): Promise<void> {
  const api = new FakeApi()
  api.chunkBytes = chunkBytes
  const copy = new Map<string, unknown>()
  const wrong: string[] = []
  const reflector = new Reflector({
    client: api,
    path: '/apis/gateway.networking.k8s.io/v1/httproutes',
    logger: silentLogger(),
    random: () => chance,
    limits: { pageSize: 3 },
    sink: {
      upsert: (object) => void copy.set(`${object.metadata.namespace}/${object.metadata.name}`, object.spec),
      remove: (key) => {
        if (!copy.delete(key)) wrong.push(`${key} is deleted twice`)
      },
      state: () => {},
    },
  })
  reflector.start()
  try {
    for (const [count, one] of steps.entries()) {
      await play(api, one, count)
      await settle(0)
    }
    api.fault = undefined
    // Longer than the longest pause, the longest silence and the time of doubt together.
    await settle(200_000)
    const truth = new Map<string, unknown>()
    for (let i = 0; i < objectCount; i++) {
      const object = api.get('HTTPRoute', 'shop', `r${i}`)
      if (object !== undefined) truth.set(`shop/r${i}`, object.spec)
    }
    expect(copy).toEqual(truth)
    expect(wrong).toEqual([])
  } finally {
    await reflector.close()
  }
}
