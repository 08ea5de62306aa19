import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unreachable } from '../lib/assert.ts'
import type { Collection } from './collection.ts'
import { FakeSchedule } from './fake-schedule.ts'
import { buildGnarlyGraph, type GnarlyEndpoint, type GnarlyGraph, type GnarlyRoute } from './gnarly-graph.ts'
import { type Epoch, Graph } from './graph.ts'

/** What can happen between two looks at the graph. */
type Event =
  | { readonly kind: 'route'; readonly isMore: boolean; readonly key: string; readonly value: GnarlyRoute | undefined }
  | { readonly kind: 'service'; readonly key: string; readonly n: number | undefined }
  | { readonly kind: 'endpoint'; readonly key: string; readonly value: GnarlyEndpoint | undefined }
  | { readonly kind: 'note'; readonly key: string; readonly n: number | undefined }
  | { readonly kind: 'relist'; readonly routes: readonly (readonly [string, GnarlyRoute])[] }
  | { readonly kind: 'suffix'; readonly value: string }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'flush' }

const key = fc.constantFrom('a', 'b', 'c', 'd')
const small = fc.integer({ min: 0, max: 5 })
const route: fc.Arbitrary<GnarlyRoute> = fc.record({
  service: key,
  hosts: fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 }),
  namespace: fc.constantFrom('n1', 'n2'),
  n: small,
})
const endpoint: fc.Arbitrary<GnarlyEndpoint> = fc.record({ service: key, n: small })

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('route' as const),
      isMore: fc.boolean(),
      key,
      value: fc.option(route, { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      key,
      n: fc.option(small, { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('endpoint' as const),
      key,
      value: fc.option(endpoint, { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('relist' as const),
      routes: fc.array(fc.tuple(key, route), { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('suffix' as const), value: fc.constantFrom('.', '!') }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
)

function writeOrDelete<V>(
  source: { set(key: string, value: V): void; delete(key: string): void },
  at: string,
  value: V | undefined,
): void {
  if (value === undefined) source.delete(at)
  else source.set(at, value)
}

function apply(gnarly: GnarlyGraph, graph: Graph, turns: FakeSchedule, happened: Event): void {
  switch (happened.kind) {
    case 'route':
      writeOrDelete(happened.isMore ? gnarly.moreRoutes : gnarly.routes, happened.key, happened.value)
      break
    case 'service':
      writeOrDelete(gnarly.services, happened.key, happened.n === undefined ? undefined : { n: happened.n })
      break
    case 'endpoint':
      writeOrDelete(gnarly.endpoints, happened.key, happened.value)
      break
    case 'note':
      writeOrDelete(gnarly.notes, happened.key, happened.n)
      break
    case 'relist':
      gnarly.routes.replaceAll(happened.routes)
      break
    case 'suffix':
      gnarly.suffix.set(happened.value)
      break
    case 'turns':
      for (let i = 0; i < happened.count; i++) turns.turn()
      break
    case 'flush':
      graph.flush()
      break
    default:
      unreachable(happened)
  }
}

/** The content of every collection, by name, as plain data in a fixed order. */
function contents(collections: readonly Collection<unknown>[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(collections.map((c) => [c.name, [...c.entries()].sort(([a], [b]) => (a < b ? -1 : 1))]))
}

/** The gnarly graph with the same content in its sources, built in one go. */
function fromScratch(copies: ReadonlyMap<string, ReadonlyMap<string, unknown>>) {
  const graph = new Graph()
  const gnarly = buildGnarlyGraph(graph)
  for (const source of [gnarly.routes, gnarly.moreRoutes, gnarly.services, gnarly.endpoints, gnarly.notes]) {
    for (const [at, value] of copies.get(source.name) ?? []) Reflect.apply(source.set, source, [at, value])
  }
  gnarly.suffix.set(String(copies.get(gnarly.suffixes.name)?.get('suffix')))
  graph.flush()
  return contents(gnarly.collections)
}

/** A copy of every collection, made from nothing but epochs. */
class Replica {
  readonly #gnarly: GnarlyGraph
  readonly #copies: ReadonlyMap<string, Map<string, unknown>>
  #number = 0

  constructor(gnarly: GnarlyGraph) {
    this.#gnarly = gnarly
    this.#copies = new Map(gnarly.collections.map(({ name }) => [name, new Map()]))
  }

  apply(epoch: Epoch): void {
    expect(epoch.number).toBe(++this.#number)
    for (const collection of this.#gnarly.collections) {
      const copy = this.#copies.get(collection.name)
      for (const [at, { before, after }] of epoch.changes(collection)) {
        expect(before).toEqual(copy?.get(at))
        expect(after).not.toEqual(before)
        if (after === undefined) copy?.delete(at)
        else copy?.set(at, after)
      }
    }
  }

  contents(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Array.from(this.#copies, ([name, copy]) => [name, [...copy].sort(([a], [b]) => (a < b ? -1 : 1))]),
    )
  }

  /** What the epochs so far amount to must be what its own sources give from scratch: nothing early, late or missing. */
  check(): void {
    expect(this.contents()).toEqual(fromScratch(this.#copies))
  }
}

describe('random histories', () => {
  test('every epoch is what a build from scratch gives, whatever the pauses', { timeout: 120_000 }, () => {
    let epochsBesideAPause = 0
    const property = fc.property(fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), (events) => {
      const turns = new FakeSchedule()
      const graph = new Graph({ sliceMs: 0, now: () => 0, schedule: turns.schedule, checkPurity: true })
      const gnarly = buildGnarlyGraph(graph)
      for (const collection of gnarly.collections) graph.observe(collection)
      const replica = new Replica(gnarly)
      graph.onEpoch((epoch) => {
        if (graph.trace().pausedTicks > 0) epochsBesideAPause++
        replica.apply(epoch)
        replica.check()
      })
      graph.flush()
      for (const happened of events) apply(gnarly, graph, turns, happened)
      turns.run()
      expect(graph.trace()).toMatchObject({ pausedTicks: 0, pending: [], errors: [] })
      expect(contents(gnarly.collections)).toEqual(replica.contents())
    })
    fc.assert(property, { numRuns: 200 })
    expect(epochsBesideAPause).toBeGreaterThan(0)
  })
})
