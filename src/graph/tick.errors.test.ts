import { describe, expect, test } from 'vitest'
import { type Epoch, Graph, type GraphOptions } from './graph.ts'
import { ImpureError } from './purity.ts'

interface Heard {
  readonly collection: string
  readonly key: string
  readonly message: string
}

function build(options: GraphOptions = {}) {
  const heard: Heard[] = []
  const onError = (collection: string, key: string, error: unknown) =>
    heard.push({ collection, key, message: error instanceof Error ? error.message : String(error) })
  const graph = new Graph({ checkPurity: true, onError, ...options })
  return { graph, numbers: graph.source<number>('numbers'), heard }
}

/** Throws for numbers below 0. */
function root(n: number): number {
  if (n < 0) throw new Error(`no root of ${n}`)
  return Math.sqrt(n)
}

describe('a transform that throws', () => {
  test('keeps the last good outputs of its key, and siblings go on', () => {
    const { graph, numbers } = build()
    const roots = graph.derive('roots', numbers, (_read, n, key) => [
      [`${key}/root`, root(n)],
      [`${key}/number`, n],
    ])
    numbers.set('a', 4)
    numbers.set('b', 9)
    graph.flush()
    numbers.set('a', -1)
    numbers.set('b', 16)
    graph.flush()
    expect(Object.fromEntries(roots.entries())).toEqual({ 'a/root': 2, 'a/number': 4, 'b/root': 4, 'b/number': 16 })
  })

  test('keeps the last good report', () => {
    const { graph, numbers } = build()
    const { reports } = graph.deriveWithReport('roots', numbers, (_read, n) => ({ outputs: [], report: root(n) }))
    numbers.set('a', 4)
    graph.flush()
    numbers.set('a', -1)
    graph.flush()
    expect(reports.get('a')).toBe(2)
  })

  test('has no outputs when it never succeeded', () => {
    const { graph, numbers } = build()
    const roots = graph.derive('roots', numbers, (_read, n, key) => [[key, root(n)]])
    numbers.set('a', -1)
    graph.flush()
    expect(roots.size).toBe(0)
    numbers.set('a', 1)
    graph.flush()
    expect(roots.get('a')).toBe(1)
  })

  test('is told to onError and counted in the trace until it succeeds', () => {
    const { graph, numbers, heard } = build()
    graph.derive('roots', numbers, (_read, n, key) => [[key, root(n)]])
    for (const n of [-1, -2]) {
      numbers.set('a', n)
      graph.flush()
    }
    expect(heard).toEqual([
      { collection: 'roots', key: 'a', message: 'no root of -1' },
      { collection: 'roots', key: 'a', message: 'no root of -2' },
    ])
    expect(graph.trace().errors).toEqual([{ collection: 'roots', key: 'a', error: 'no root of -2', count: 2 }])
    numbers.set('a', 4)
    graph.flush()
    expect(graph.trace().errors).toEqual([])
  })

  test('is forgotten with its outputs when the input goes', () => {
    const { graph, numbers } = build()
    const roots = graph.derive('roots', numbers, (_read, n, key) => [[key, root(n)]])
    numbers.set('a', 4)
    graph.flush()
    numbers.set('a', -1)
    graph.flush()
    numbers.delete('a')
    graph.flush()
    expect(roots.size).toBe(0)
    expect(graph.trace().errors).toEqual([])
  })

  test('runs again when something changes that it read before it threw', () => {
    const { graph, numbers } = build()
    const offsets = graph.source<number>('offsets')
    const roots = graph.derive('roots', numbers, (read, n, key) => [[key, root(n + (read.get(offsets, key) ?? 0))]])
    numbers.set('a', -1)
    graph.flush()
    expect(roots.get('a')).toBeUndefined()
    offsets.set('a', 10)
    graph.flush()
    expect(roots.get('a')).toBe(3)
  })

  test('does not run again for what only the last good run has read', () => {
    const { graph, numbers, heard } = build({ checkPurity: false })
    const offsets = graph.source<number>('offsets')
    graph.derive('roots', numbers, (read, n, key) => [[key, root(n) + (read.get(offsets, key) ?? 0)]])
    numbers.set('a', 1)
    graph.flush()
    numbers.set('a', -1)
    graph.flush()
    offsets.set('a', 1)
    graph.flush()
    expect(heard.length).toBe(1)
  })

  test('a generator that throws half way changes nothing', () => {
    const { graph, numbers } = build()
    const roots = graph.derive('roots', numbers, function* (_read, n, key) {
      yield [`${key}/number`, n]
      yield [`${key}/root`, root(n)]
    })
    numbers.set('a', 4)
    graph.flush()
    numbers.set('a', -1)
    graph.flush()
    expect(Object.fromEntries(roots.entries())).toEqual({ 'a/number': 4, 'a/root': 2 })
  })

  test('what is not an error can be thrown too', () => {
    const { graph, numbers } = build()
    graph.derive('out', numbers, () => {
      throw 'text'
    })
    numbers.set('a', 1)
    graph.flush()
    expect(graph.trace().errors[0]?.error).toBe('text')
  })

  test('with checkPurity and no onError the error comes out of flush', () => {
    const { graph, numbers } = build({ onError: undefined })
    graph.derive('roots', numbers, (_read, n, key) => [[key, root(n)]])
    numbers.set('a', -1)
    expect(() => graph.flush()).toThrow('no root of -1')
  })

  test('without both it is in the trace alone', () => {
    const { graph, numbers } = build({ onError: undefined, checkPurity: false })
    graph.derive('roots', numbers, (_read, n, key) => [[key, root(n)]])
    numbers.set('a', -1)
    graph.flush()
    expect(graph.trace().errors.length).toBe(1)
  })
})

describe('an index whose keysOf throws', () => {
  test('leaves the member in its last groups, with its newest value', () => {
    const { graph, numbers, heard } = build()
    const byRoot = graph.index('byRoot', numbers, (n) => [String(root(n))])
    numbers.set('a', 4)
    numbers.set('b', -5)
    graph.flush()
    numbers.set('a', -1)
    graph.flush()
    expect(byRoot.groups.get('2')).toEqual([{ key: 'a', value: -1 }])
    expect(byRoot.counts.size).toBe(1)
    expect(heard.map(({ collection, key }) => [collection, key])).toEqual([
      ['byRoot', 'b'],
      ['byRoot', 'a'],
    ])
    numbers.delete('a')
    graph.flush()
    expect(byRoot.groups.size).toBe(0)
    expect(graph.trace().errors.map(({ key }) => key)).toEqual(['b'])
  })
})

describe('a listener that throws', () => {
  test('is heard after all others, and the graph goes on', () => {
    const { graph, numbers } = build()
    const heard: number[] = []
    const remove = graph.onEpoch(() => {
      throw new Error('broken listener')
    })
    graph.onEpoch((epoch: Epoch) => heard.push(epoch.number))
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('a listener of epoch 1 threw')
    remove()
    numbers.set('a', 2)
    expect(graph.flush()?.number).toBe(2)
    expect(heard).toEqual([1, 2])
  })
})

describe('checkPurity', () => {
  test('finds a transform that remembers', () => {
    const { graph, numbers } = build()
    let calls = 0
    graph.derive('impure', numbers, (_read, n, key) => [[key, n + calls++]])
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow(ImpureError)
  })

  test('finds a report that differs', () => {
    const { graph, numbers } = build()
    let calls = 0
    graph.deriveWithReport('impure', numbers, () => ({ outputs: [], report: calls++ }))
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('impure: "a" gave two results')
  })

  test('finds outputs in another order of keys or number', () => {
    const { graph, numbers } = build()
    let calls = 0
    graph.derive('impure', numbers, (_read, n) => (calls++ % 2 === 0 ? [['x', n]] : []))
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('gave two results')
  })

  test('finds reads that are skipped the second time', () => {
    const { graph, numbers } = build()
    const cache = new Map<string, number | undefined>()
    graph.derive('cached', numbers, (read, n, key) => {
      if (!cache.has(key)) cache.set(key, read.get(numbers, 'other'))
      return [[key, [n, cache.get(key)]]]
    })
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('read other things')
  })

  test('finds keysOf that remembers', () => {
    const { graph, numbers } = build()
    let calls = 0
    graph.index('impure', numbers, () => [String(calls++)])
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('gave two lists')
  })

  test('makes modifying an input, an output or a group an error', () => {
    const { graph, heard } = build()
    const lists = graph.source<{ readonly items: number[] }>('lists')
    const byLength = graph.index('byLength', lists, ({ items }) => [String(items.length)])
    const copies = graph.derive('copies', lists, (_read, { items }, key) => [[key, { items }]])
    graph.derive('pushes', lists, (_read, { items }) => [['x', items.push(1)]])
    graph.derive('pops', copies, (_read, { items }) => [['x', items.pop()]])
    graph.derive('drops', byLength.groups, (_read, members) => [['x', Reflect.deleteProperty(members, 0)]])
    lists.set('a', { items: [1] })
    graph.flush()
    expect(heard.map(({ collection }) => collection)).toEqual(['pushes', 'pops'])
    expect(byLength.groups.get('1')?.length).toBe(1)
  })

  test('compares by the equality of the collection, and leaves bytes alone', () => {
    const { graph, numbers } = build()
    let calls = 0
    const out = graph.derive(
      'out',
      numbers,
      (_read, n, key) => [[key, { n, at: calls++, bytes: new Uint8Array([n]) }]],
      {
        equals: (a, b) => a.n === b.n,
      },
    )
    numbers.set('a', 1)
    graph.flush()
    expect(out.get('a')?.bytes).toEqual(new Uint8Array([1]))
  })
})
