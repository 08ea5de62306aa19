import { describe, expect, test } from 'vitest'
import type { Collection } from './collection.ts'
import { FakeSchedule } from './fake-schedule.ts'
import { type Epoch, Graph } from './graph.ts'

/** A graph that pauses after every single visit and is turned by hand. */
function build() {
  const turns = new FakeSchedule()
  const graph = new Graph({ sliceMs: 0, now: () => 0, schedule: turns.schedule, checkPurity: true })
  const epochs: Epoch[] = []
  graph.onEpoch((epoch) => epochs.push(epoch))
  return { graph, turns, epochs }
}

/** Routes with a pipeline of their own, and endpoints with another: neither reads the other. */
function buildTwoPipelines() {
  const parts = build()
  const { graph } = parts
  const routes = graph.source<number>('routes')
  const endpoints = graph.source<number>('endpoints')
  const scopes = graph.derive('scopes', routes, (_read, n, key) => [[key, n * 10]])
  const assignments = graph.derive('assignments', endpoints, (_read, n, key) => [[key, n * 100]])
  for (const collection of [routes, endpoints, scopes, assignments]) graph.observe(collection)
  return { ...parts, routes, endpoints, scopes, assignments }
}

function keysOf(epoch: Epoch | undefined, collection: Collection<unknown>): readonly string[] {
  return [...(epoch?.changes(collection).keys() ?? [])].sort()
}

describe('a tick that exceeds its slice', () => {
  test('pauses, publishes nothing, and goes on in the next turn', () => {
    const { routes, scopes, turns, epochs } = buildTwoPipelines()
    for (const key of ['a', 'b', 'c']) routes.set(key, 1)
    let pauses = 0
    while (epochs.length === 0) {
      expect(turns.turn()).toBe(true)
      if (epochs.length === 0) pauses++
    }
    expect(pauses).toBe(5)
    expect(keysOf(epochs[0], routes)).toEqual(['a', 'b', 'c'])
    expect(keysOf(epochs[0], scopes)).toEqual(['a', 'b', 'c'])
    expect(turns.turn()).toBe(false)
  })

  test('shows through get what no epoch has published yet', () => {
    const { routes, scopes, turns, epochs } = buildTwoPipelines()
    routes.set('a', 1)
    routes.set('b', 2)
    while (!scopes.has('a')) turns.turn()
    expect([scopes.get('a'), scopes.get('b'), epochs.length]).toEqual([10, undefined, 0])
  })

  test('announces what it changed in the end, not what it held at a pause', () => {
    const turns = new FakeSchedule()
    const graph = new Graph({ sliceMs: 0, now: () => 0, schedule: turns.schedule })
    const claims = graph.source<string>('claims')
    const owned = graph.derive('owned', claims, (_read, to) => [[to, 'same']])
    const visited: string[] = []
    graph.derive('below', owned, (_read, _value, key) => {
      visited.push(key)
      return []
    })
    claims.set('a', 'x')
    turns.run()
    claims.set('a', 'y')
    claims.set('b', 'x')
    turns.run()
    expect(visited).toEqual(['x', 'y'])
  })

  test('does not pause within its slice', () => {
    const turns = new FakeSchedule()
    let ms = 0
    const graph = new Graph({ sliceMs: 5, now: () => ms++, schedule: turns.schedule })
    const numbers = graph.source<number>('numbers')
    const epochs: number[] = []
    graph.onEpoch(({ number }) => epochs.push(number))
    numbers.set('a', 1)
    turns.turn()
    expect(epochs).toEqual([1])
    for (let i = 0; i < 20; i++) numbers.set(`k${i}`, 1)
    turns.turn()
    expect(epochs).toEqual([1])
    expect(graph.trace().pausedTicks).toBe(1)
    turns.run()
    expect(epochs).toEqual([1, 2])
  })

  test('is finished by flush, and the turn that was scheduled finds nothing', () => {
    const { graph, routes, scopes, turns, epochs } = buildTwoPipelines()
    for (const key of ['a', 'b', 'c']) routes.set(key, 1)
    turns.turn()
    expect(graph.flush()?.number).toBe(1)
    expect(scopes.size).toBe(3)
    turns.run()
    expect(epochs.length).toBe(1)
  })

  test('is finished before a collection is created', () => {
    const { graph, routes, scopes, turns, epochs } = buildTwoPipelines()
    for (const key of ['a', 'b', 'c']) routes.set(key, 1)
    turns.turn()
    turns.turn()
    const late = graph.derive('late', scopes, (_read, n, key) => [[key, n + 1]])
    expect(epochs.length).toBe(1)
    turns.run()
    expect(new Map(late.entries())).toEqual(new Map(['a', 'b', 'c'].map((key) => [key, 11])))
    expect(epochs.length).toBe(2)
  })
})

describe('writes while a tick is paused', () => {
  test('to a disjoint part are an epoch of their own, before the paused one', () => {
    const { routes, endpoints, scopes, assignments, turns, epochs } = buildTwoPipelines()
    for (let i = 0; i < 20; i++) routes.set(`r${i}`, i)
    turns.turn()
    endpoints.set('e', 1)
    turns.run()
    expect(epochs.map((epoch) => [keysOf(epoch, endpoints), keysOf(epoch, assignments)])).toEqual([
      [['e'], ['e']],
      [[], []],
    ])
    expect(epochs.map((epoch) => epoch.changes(routes).size)).toEqual([0, 20])
    expect(epochs.map((epoch) => epoch.changes(scopes).size)).toEqual([0, 20])
  })

  test('to the same part wait, and are seen by nothing in the paused tick', () => {
    const { routes, scopes, turns, epochs } = buildTwoPipelines()
    routes.set('a', 1)
    routes.set('b', 1)
    turns.turn()
    routes.set('b', 2)
    routes.set('a', 2)
    turns.run()
    expect(epochs.map((epoch) => epoch.changes(scopes).get('b'))).toEqual([
      { before: undefined, after: 10 },
      { before: 10, after: 20 },
    ])
  })

  test('to a source that a node downstream reads by key wait as well', () => {
    const { graph, turns, epochs } = build()
    const routes = graph.source<number>('routes')
    const services = graph.source<number>('services')
    const scopes = graph.derive('scopes', routes, (read, n, key) => [[key, n + (read.get(services, 's') ?? 0)]])
    graph.observe(scopes)
    for (const key of ['a', 'b', 'c']) routes.set(key, 1)
    turns.run()
    for (const key of ['a', 'b', 'c']) routes.set(key, 2)
    while (scopes.get('a') !== 2) turns.turn()
    services.set('s', 100)
    turns.run()
    expect(epochs.slice(1).map((epoch) => [...epoch.changes(scopes).values()].map(({ after }) => after))).toEqual([
      [2, 2, 2],
      [102, 102, 102],
    ])
  })

  test('a batch over two parts is split only when one of them is busy', () => {
    const { routes, endpoints, turns, epochs } = buildTwoPipelines()
    routes.set('a', 1)
    endpoints.set('e', 1)
    turns.run()
    expect(epochs.length).toBe(1)
    for (let i = 0; i < 5; i++) routes.set(`r${i}`, 2)
    turns.turn()
    routes.set('a', 3)
    endpoints.set('e', 3)
    turns.run()
    expect(epochs.slice(1).map((epoch) => [keysOf(epoch, routes), keysOf(epoch, endpoints)])).toEqual([
      [[], ['e']],
      [['r0', 'r1', 'r2', 'r3', 'r4'], []],
      [['a'], []],
    ])
  })

  test('ticks share the turns: a long disjoint tick does not stop the paused one', () => {
    const { routes, endpoints, scopes, turns, epochs } = buildTwoPipelines()
    for (let i = 0; i < 5; i++) routes.set(`r${i}`, i)
    turns.turn()
    for (let i = 0; i < 50; i++) endpoints.set(`e${i}`, i)
    turns.run()
    expect(epochs.map((epoch) => epoch.changes(scopes).size)).toEqual([5, 0])
  })
})

describe('a dependency found on a paused tick', () => {
  /** `late` reads the outputs of the route pipeline only for values above 1. */
  function buildLate() {
    const parts = buildTwoPipelines()
    const { graph, endpoints, scopes } = parts
    const late = graph.derive('late', endpoints, (read, n, key) => [
      [key, n > 1 ? Array.from(['a', 'b', 'g'], (route) => read.get(scopes, route)) : []],
    ])
    graph.observe(late)
    return { ...parts, late }
  }

  test('makes one epoch of both ticks, which shows no half state', () => {
    const { routes, endpoints, scopes, late, turns, epochs } = buildLate()
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const key of keys) routes.set(key, 1)
    while (!scopes.has('a')) turns.turn()
    expect(scopes.size).toBe(1)
    endpoints.set('e', 2)
    while (!late.has('e')) turns.turn()
    expect(scopes.size).toBeLessThan(keys.length)
    turns.run()
    expect(epochs.length).toBe(1)
    expect(epochs[0]?.changes(late).get('e')?.after).toEqual([10, 10, 10])
    expect(keysOf(epochs[0], routes)).toEqual(keys)
    expect(keysOf(epochs[0], endpoints)).toEqual(['e'])
  })

  test('makes later writes to either side wait for both', () => {
    const { routes, endpoints, scopes, late, turns, epochs } = buildLate()
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const key of keys) routes.set(key, 1)
    while (!scopes.has('a')) turns.turn()
    endpoints.set('e', 2)
    while (!late.has('e')) turns.turn()
    expect(scopes.size).toBeLessThan(keys.length)
    routes.set('g', 2)
    endpoints.set('e', 3)
    turns.run()
    expect(epochs.map((epoch) => epoch.changes(late).get('e')?.after)).toEqual([
      [10, 10, 10],
      [10, 10, 20],
    ])
  })

  test('is known from then on', () => {
    const { routes, endpoints, late, turns, epochs } = buildLate()
    endpoints.set('e', 2)
    for (const key of ['a', 'b', 'g']) routes.set(key, 1)
    turns.run()
    for (const key of ['a', 'b', 'g']) routes.set(key, 2)
    turns.turn()
    endpoints.set('e', 3)
    turns.run()
    expect(epochs.map((epoch) => epoch.changes(late).get('e')?.after)).toEqual([[10, 10, 10], [20, 20, 20], undefined])
  })

  test('is found by the paused tick as well, when it goes on', () => {
    const { graph, turns, epochs } = build()
    const routes = graph.source<number>('routes')
    const endpoints = graph.source<number>('endpoints')
    const totals = graph.derive('totals', endpoints, (_read, n, key) => [[key, n]])
    const scopes = graph.derive('scopes', routes, (read, n, key) => [
      [key, key === 'b' ? [n, read.get(totals, 'x'), read.get(totals, 'y')] : [n]],
    ])
    graph.observe(scopes)
    graph.observe(totals)
    routes.set('a', 1)
    routes.set('b', 1)
    while (!scopes.has('a')) turns.turn()
    endpoints.set('x', 1)
    endpoints.set('y', 1)
    turns.run()
    const seen = epochs.map((epoch) => epoch.changes(scopes).get('b')?.after).filter((after) => after !== undefined)
    expect(seen).toEqual([[1, 1, 1]])
  })
})

describe('idle', () => {
  test('resolves at once when nothing is pending', async () => {
    const { graph } = buildTwoPipelines()
    await graph.idle()
  })

  test('resolves after the last epoch, those of listeners that write included', async () => {
    const { graph, routes, endpoints, turns, epochs } = buildTwoPipelines()
    graph.onEpoch(({ number }) => {
      if (number < 4) endpoints.set('e', number)
    })
    routes.set('a', 1)
    let isIdle = false
    const idle = graph.idle().then(() => {
      isIdle = true
    })
    while (epochs.length < 4) {
      await Promise.resolve()
      expect(isIdle).toBe(false)
      turns.turn()
    }
    turns.run()
    await idle
    expect(epochs.length).toBe(4)
  })

  test('resolves after a flush', async () => {
    const { graph, routes } = buildTwoPipelines()
    routes.set('a', 1)
    const idle = graph.idle()
    graph.flush()
    await idle
  })

  test('by default ticks run by themselves and let the event loop turn between slices', async () => {
    const graph = new Graph({ sliceMs: 0 })
    const numbers = graph.source<number>('numbers')
    const doubled = graph.derive('doubled', numbers, (_read, n, key) => [[key, n * 2]])
    for (let i = 0; i < 50; i++) numbers.set(`k${i}`, i)
    let immediates = 0
    let isDone = false
    const count = () => {
      immediates++
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    await graph.idle()
    isDone = true
    expect(doubled.get('k49')).toBe(98)
    expect(immediates).toBeGreaterThan(50)
  })
})
