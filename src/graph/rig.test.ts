import { describe, expect, test } from 'vitest'
import type { Change, Collection, Entry, Index } from './collection.ts'
import { type Epoch, Graph } from './graph.ts'

/** A row of the input that every rig is driven by. */
interface Row {
  readonly text: string
  readonly groups: readonly string[]
}

/** One kind of collection under test: how it is made from rows, and what it then must hold. */
interface Rig {
  readonly kind: string
  make(graph: Graph): RigParts
}

interface RigParts {
  readonly collection: Collection<unknown>
  set(key: string, row: Row): void
  delete(key: string): void
  /** What the collection must hold, computed in the plainest way. */
  expected(rows: ReadonlyMap<string, Row>): ReadonlyMap<string, unknown>
}

function row(text: string, ...groups: string[]): Row {
  return { text, groups }
}

const upper = (rows: ReadonlyMap<string, Row>) => new Map(rows.entries().map(([key, { text }]) => [key, `${text}!`]))

function membersByGroup(rows: ReadonlyMap<string, Row>): ReadonlyMap<string, readonly Entry<Row>[]> {
  const members = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }))
  const names = new Set(members.flatMap(({ value }) => value.groups))
  return new Map([...names].map((name) => [name, members.filter(({ value }) => value.groups.includes(name))]))
}

function overSource(
  kind: string,
  build: (graph: Graph, rows: Collection<Row>) => Omit<RigParts, 'set' | 'delete'>,
): Rig {
  return {
    kind,
    make(graph) {
      const rows = graph.source<Row>('rows')
      const parts = build(graph, rows)
      return { ...parts, set: (key, value) => rows.set(key, value), delete: (key) => rows.delete(key) }
    },
  }
}

function overIndex(kind: string, pick: (index: Index<Row>) => Omit<RigParts, 'set' | 'delete'>): Rig {
  return overSource(kind, (graph, rows) => pick(graph.index('byGroup', rows, ({ groups }) => groups)))
}

const rigs: readonly Rig[] = [
  overSource('source', (_graph, collection) => ({ collection, expected: (rows) => rows })),
  overSource('derive', (graph, rows) => ({
    collection: graph.derive('upper', rows, (_read, { text }, key) => [[key, `${text}!`]]),
    expected: upper,
  })),
  overSource('derive to other keys', (graph, rows) => ({
    collection: graph.derive('parts', rows, (_read, { text, groups }, key) =>
      groups.map((group) => [`${key}/${group}`, text] as const),
    ),
    expected: (all) =>
      new Map([...all].flatMap(([key, { text, groups }]) => groups.map((group) => [`${key}/${group}`, text] as const))),
  })),
  overSource('deriveWithReport outputs', (graph, rows) => ({
    collection: graph.deriveWithReport('upper', rows, (_read, { text }, key) => ({
      outputs: [[key, `${text}!`]],
      report: text.length,
    })).outputs,
    expected: upper,
  })),
  overSource('deriveWithReport reports', (graph, rows) => ({
    collection: graph.deriveWithReport('upper', rows, (_read, { text, groups }) => ({
      outputs: [],
      report: { length: text.length, groups },
    })).reports,
    expected: (all) =>
      new Map(all.entries().map(([key, { text, groups }]) => [key, { length: text.length, groups }] as const)),
  })),
  overSource('derive that reads a collection', (graph, rows) => {
    const base = graph.derive('upper', rows, (_read, { text }, key) => [[key, `${text}!`]])
    return {
      collection: graph.derive('reread', rows, (read, _row, key) => [[key, read.get(base, key) ?? 'none']]),
      expected: upper,
    }
  }),
  overSource('derive that reads a whole collection', (graph, rows) => ({
    collection: graph.derive('all', rows, (read, _row, key) => [
      [key, read.entries(rows).map(({ key: other, value }) => `${other}=${value.text}`)],
    ]),
    expected: (all) => {
      const texts = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { text }]) => `${key}=${text}`)
      return new Map(all.keys().map((key) => [key, texts]))
    },
  })),
  overSource('join', (graph, rows) => ({
    collection: graph.join('both', [rows, graph.source<Row>('other')]),
    expected: (all) => all,
  })),
  overIndex('index groups', (index) => ({ collection: index.groups, expected: membersByGroup })),
  overIndex('index counts', (index) => ({
    collection: index.counts,
    expected: (rows) =>
      new Map(
        membersByGroup(rows)
          .entries()
          .map(([name, members]) => [name, members.length]),
      ),
  })),
  overIndex('index presence', (index) => ({
    collection: index.presence,
    expected: (rows) =>
      new Map(
        membersByGroup(rows)
          .keys()
          .map((name) => [name, true]),
      ),
  })),
  {
    kind: 'derive that reads a single',
    make(graph) {
      const suffix = graph.single('suffix', '!')
      const rows = graph.source<Row>('rows')
      return {
        collection: graph.derive('upper', rows, (read, { text }, key) => [[key, text + read.single(suffix)]]),
        set: (key, value) => rows.set(key, value),
        delete: (key) => rows.delete(key),
        expected: upper,
      }
    },
  },
  {
    kind: 'single, as a collection of a reader',
    make(graph) {
      const held = new Map<string, Row>()
      const single = graph.single<readonly (readonly [string, Row])[]>('rows', [])
      const one = graph.source<true>('one')
      one.set('one', true)
      return {
        collection: graph.derive('rows of single', one, (read) => read.single(single)),
        set(key, value) {
          held.set(key, value)
          single.set([...held])
        },
        delete(key) {
          held.delete(key)
          single.set([...held])
        },
        expected: (rows) => rows,
      }
    },
  },
]

/** A rig in a graph, with the rows that were written to it and the epochs it has seen. */
class Bench {
  readonly graph = new Graph({ checkPurity: true })
  readonly rows = new Map<string, Row>()
  readonly epochs: Epoch[] = []
  readonly parts: RigParts

  constructor(rig: Rig) {
    this.parts = rig.make(this.graph)
    this.graph.flush()
    this.graph.observe(this.parts.collection)
    this.graph.onEpoch((epoch) => this.epochs.push(epoch))
  }

  set(key: string, value: Row): void {
    this.rows.set(key, value)
    this.parts.set(key, value)
  }

  delete(key: string): void {
    this.rows.delete(key)
    this.parts.delete(key)
  }

  held(): ReadonlyMap<string, unknown> {
    return new Map(this.parts.collection.entries())
  }

  expected(): ReadonlyMap<string, unknown> {
    return this.parts.expected(this.rows)
  }

  /** Flushes; returns the changes of the collection, or undefined when there was no epoch. */
  flush(): ReadonlyMap<string, Change<unknown>> | undefined {
    return this.graph.flush()?.changes(this.parts.collection)
  }
}

/** What the changes of an epoch must be, given the collection before and after. */
function difference(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>) {
  const changes = new Map<string, Change<unknown>>()
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = { before: before.get(key), after: after.get(key) }
    if (JSON.stringify(change.before) !== JSON.stringify(change.after)) changes.set(key, change)
  }
  return changes
}

describe.each(rigs.map((rig) => [rig.kind, rig] as const))('%s', (_kind, rig) => {
  test('nothing is seen before the tick, everything after it', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    expect(bench.held()).toEqual(new Map())
    bench.flush()
    expect(bench.held()).toEqual(bench.expected())
    expect(bench.held().size).toBeGreaterThan(0)
  })

  test('size, has, get, keys and entries agree', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g', 'h'))
    bench.set('b', row('y', 'g'))
    bench.flush()
    const { collection } = bench.parts
    const expected = bench.expected()
    expect(collection.size).toBe(expected.size)
    expect(new Set(collection.keys())).toEqual(new Set(expected.keys()))
    for (const [key, value] of expected) {
      expect(collection.has(key)).toBe(true)
      expect(collection.get(key)).toEqual(value)
    }
    expect(collection.has('absent')).toBe(false)
    expect(collection.get('absent')).toBeUndefined()
  })

  test('an epoch holds exactly the keys that differ, with the values before and after', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    bench.set('b', row('y', 'g', 'h'))
    bench.flush()
    const before = bench.held()
    bench.set('b', row('z', 'h', 'i'))
    bench.set('c', row('w', 'g'))
    bench.delete('a')
    const changes = bench.flush()
    expect(changes).toEqual(difference(before, bench.expected()))
    expect(bench.held()).toEqual(bench.expected())
  })

  test('an equal write changes nothing, not even an identity', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    bench.flush()
    const before = bench.held()
    bench.set('a', row('x', 'g'))
    expect(bench.flush()).toBeUndefined()
    for (const [key, value] of before) expect(bench.parts.collection.get(key)).toBe(value)
  })

  test('a write that is taken back within the tick is no change', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    bench.flush()
    bench.set('a', row('y', 'h'))
    bench.set('b', row('y', 'h'))
    bench.set('a', row('x', 'g'))
    bench.delete('b')
    expect(bench.flush()).toBeUndefined()
    expect(bench.held()).toEqual(bench.expected())
  })

  test('deleting everything leaves nothing', () => {
    const bench = new Bench(rig)
    for (const key of ['a', 'b', 'c']) bench.set(key, row(key, 'g'))
    bench.flush()
    const before = bench.held()
    for (const key of ['a', 'b', 'c']) bench.delete(key)
    expect(bench.flush()).toEqual(difference(before, new Map()))
    expect(bench.parts.collection.size).toBe(0)
    expect([...bench.parts.collection.keys()]).toEqual([])
  })

  test('the value that comes back after a delete is a new change', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    bench.flush()
    bench.delete('a')
    bench.flush()
    bench.set('a', row('x', 'g'))
    expect(bench.flush()).toEqual(difference(new Map(), bench.expected()))
  })

  test('one tick of many writes is one epoch', () => {
    const bench = new Bench(rig)
    for (let i = 0; i < 50; i++) bench.set(`k${i}`, row('x', `g${i % 7}`))
    bench.flush()
    expect(bench.epochs.length).toBe(1)
    expect(bench.held()).toEqual(bench.expected())
  })

  test('a derive over it that is created late sees all of it', () => {
    const bench = new Bench(rig)
    bench.set('a', row('x', 'g'))
    bench.set('b', row('y', 'h'))
    bench.flush()
    const late = bench.graph.derive('late', bench.parts.collection, (_read, value, key) => [[key, [value]]])
    bench.flush()
    expect(new Map(late.entries())).toEqual(
      new Map(
        bench
          .expected()
          .entries()
          .map(([key, value]) => [key, [value]]),
      ),
    )
  })

  test('a derive over it follows it', () => {
    const bench = new Bench(rig)
    const copy = bench.graph.derive('copy', bench.parts.collection, (_read, value, key) => [[key, [value]]])
    bench.set('a', row('x', 'g'))
    bench.flush()
    bench.set('a', row('y', 'g', 'h'))
    bench.set('b', row('z', 'h'))
    bench.flush()
    bench.delete('a')
    bench.flush()
    expect(new Map(copy.entries())).toEqual(
      new Map(
        bench
          .expected()
          .entries()
          .map(([key, value]) => [key, [value]]),
      ),
    )
  })

  test('a reader of a key follows the key, and a reader of presence only its coming and going', () => {
    const bench = new Bench(rig)
    const one = bench.graph.source<string>('watched key')
    let hasRuns = 0
    const { collection } = bench.parts
    const seen = bench.graph.derive('seen', one, (read, key) => [['value', [read.get(collection, key)]]])
    const here = bench.graph.derive('here', one, (read, key) => {
      hasRuns++
      return [['has', read.has(collection, key)]]
    })
    bench.set('a', row('x', 'g'))
    bench.flush()
    const [key = ''] = collection.keys()
    one.set('one', key)
    bench.flush()
    const runs = hasRuns
    bench.set('a', row('yy', 'g'))
    bench.flush()
    expect(seen.get('value')).toEqual([collection.get(key)])
    expect(hasRuns).toBe(runs)
    bench.delete('a')
    bench.flush()
    expect(seen.get('value')).toEqual([undefined])
    expect(here.get('has')).toBe(false)
    expect(hasRuns).toBeGreaterThan(runs)
  })
})
