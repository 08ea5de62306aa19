import { describe, expect, test } from 'vitest'
import type { Reader } from './collection.ts'
import { type Epoch, Graph } from './graph.ts'

function build() {
  const graph = new Graph({ checkPurity: true })
  return { graph, numbers: graph.source<number>('numbers') }
}

/** A graph that runs each transform once, so runs can be counted. */
function buildCounting() {
  const graph = new Graph()
  return { graph, numbers: graph.source<number>('numbers') }
}

describe('rank order', () => {
  test('a diamond is visited once per key and never sees two times at once', () => {
    const { graph, numbers } = buildCounting()
    const left = graph.derive('left', numbers, (_read, n, key) => [[key, n * 2]])
    const right = graph.derive('right', numbers, (_read, n, key) => [[key, n * 3]])
    const seen: string[] = []
    const sums = graph.derive('sums', left, (read, n, key) => {
      seen.push(`${n}+${read.get(right, key)}`)
      return [[key, n + (read.get(right, key) ?? 0)]]
    })
    for (const n of [1, 10, 100]) {
      numbers.set('a', n)
      graph.flush()
    }
    expect(seen).toEqual(['2+3', '20+30', '200+300'])
    expect(sums.get('a')).toBe(500)
  })

  test('a key that becomes dirty by many paths in one tick is visited once', () => {
    const { graph, numbers } = buildCounting()
    const more = graph.source<number>('more')
    const flag = graph.single('flag', 0)
    let runs = 0
    graph.derive('mixed', numbers, (read, n, key) => {
      runs++
      return [[key, [n, read.get(more, 'a'), read.has(more, 'a'), read.single(flag), read.entries(more).length]]]
    })
    numbers.set('a', 1)
    graph.flush()
    numbers.set('a', 2)
    more.set('a', 1)
    more.set('b', 1)
    flag.set(1)
    graph.flush()
    expect(runs).toBe(2)
  })

  test('ranks rise along inputs, and sources have rank 0 whenever they are made', () => {
    const { graph, numbers } = build()
    const one = graph.derive('one', numbers, () => [])
    const two = graph.index('two', one, () => [])
    const late = graph.source('late')
    const three = graph.join('three', [two.counts])
    expect([numbers, late].map(({ rank }) => rank)).toEqual([0, 0])
    expect(one.rank).toBeLessThan(two.rank)
    expect(two.groups.rank).toBe(two.rank)
    expect(two.rank).toBeLessThan(three.rank)
  })

  test('a source made after a transform can be read by it', () => {
    const { graph, numbers } = build()
    const holder: { late?: ReturnType<typeof graph.source<string>> } = {}
    const out = graph.derive('out', numbers, (read, n, key) => [
      [key, [n, holder.late === undefined ? undefined : read.get(holder.late, key)]],
    ])
    holder.late = graph.source<string>('late')
    numbers.set('a', 1)
    holder.late.set('a', 'x')
    graph.flush()
    expect(out.get('a')).toEqual([1, 'x'])
    holder.late.set('a', 'y')
    graph.flush()
    expect(out.get('a')).toEqual([1, 'y'])
  })

  test('reading a collection made later throws', () => {
    const { graph, numbers } = build()
    const holder: { read?: (read: Reader) => unknown } = {}
    graph.derive('early', numbers, (read, n, key) => {
      holder.read?.(read)
      return [[key, n]]
    })
    const later = graph.derive('later', numbers, (_read, n, key) => [[key, n]])
    const index = graph.index('index', numbers, () => [])
    numbers.set('a', 1)
    const reads: ((read: Reader) => unknown)[] = [
      (read) => read.get(later, 'a'),
      (read) => read.has(later, 'a'),
      (read) => read.entries(later),
      (read) => read.group(index, 'a'),
      (read) => read.count(index, 'a'),
    ]
    for (const [n, read] of reads.entries()) {
      holder.read = read
      numbers.set('a', n + 2)
      expect(() => graph.flush()).toThrow(/early \(rank 1\) reads \S+ \(rank [23]\)/)
    }
  })

  test('a transform cannot read itself', () => {
    const { graph, numbers } = build()
    const holder: { self?: ReturnType<typeof graph.derive<number, number>> } = {}
    holder.self = graph.derive('self', numbers, (read, n, key) => {
      if (holder.self !== undefined) read.get(holder.self, 'other')
      return [[key, n]]
    })
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('self (rank 1) reads self (rank 1)')
  })
})

describe('propagation', () => {
  test('an output that stays equal stops there', () => {
    const { graph, numbers } = buildCounting()
    const parity = graph.derive('parity', numbers, (_read, n, key) => [[key, { isEven: n % 2 === 0 }]])
    let runs = 0
    graph.derive('below', parity, (_read, value, key) => {
      runs++
      return [[key, value]]
    })
    for (const n of [2, 4, 6, 8]) {
      numbers.set('a', n)
      graph.flush()
    }
    expect(runs).toBe(1)
  })

  test('equality can be given: a version stands for the value', () => {
    const { graph, numbers } = build()
    const out = graph.derive('out', numbers, (_read, n, key) => [[key, { version: Math.floor(n), n }]], {
      equals: (a, b) => a.version === b.version,
    })
    numbers.set('a', 1.25)
    graph.flush()
    numbers.set('a', 1.5)
    graph.flush()
    expect(out.get('a')?.n).toBe(1.25)
    numbers.set('a', 2)
    graph.flush()
    expect(out.get('a')?.n).toBe(2)
  })

  test('a read that is no longer done no longer counts', () => {
    const { graph, numbers } = buildCounting()
    const other = graph.source<number>('other')
    let runs = 0
    graph.derive('out', numbers, (read, n, key) => {
      runs++
      return [[key, n > 0 ? (read.get(other, key) ?? 0) : -1]]
    })
    numbers.set('a', 1)
    graph.flush()
    other.set('a', 5)
    graph.flush()
    expect(runs).toBe(2)
    numbers.set('a', 0)
    graph.flush()
    other.set('a', 6)
    graph.flush()
    expect(runs).toBe(3)
  })

  test('reads of a deleted input no longer count', () => {
    const { graph, numbers } = buildCounting()
    const other = graph.source<number>('other')
    let runs = 0
    graph.derive('out', numbers, (read, _n, key) => {
      runs++
      return [[key, [read.get(other, 'x'), ...read.entries(other)]]]
    })
    numbers.set('a', 1)
    graph.flush()
    numbers.delete('a')
    graph.flush()
    other.set('x', 1)
    graph.flush()
    expect(runs).toBe(1)
    const reads = graph.trace().nodes.find(({ name }) => name === 'out')?.reads
    expect(reads?.map(({ keys }) => keys)).toEqual([undefined, 0, 0])
  })

  test('a repeated read stays tracked when its repetition goes', () => {
    const { graph, numbers } = build()
    const other = graph.source<number>('other')
    const out = graph.derive('out', numbers, (read, n, key) => {
      const order = n === 1 ? ['a', 'b', 'a', 'c'] : ['a', 'b', 'c']
      return [[key, order.map((name) => read.get(other, name))]]
    })
    numbers.set('x', 1)
    graph.flush()
    numbers.set('x', 2)
    graph.flush()
    other.set('a', 1)
    graph.flush()
    expect(out.get('x')).toEqual([1, undefined, undefined])
  })

  test('reads of the same number from other collections are told apart', () => {
    const { graph, numbers } = build()
    const evens = graph.source<number>('evens')
    const odds = graph.source<number>('odds')
    const out = graph.derive('out', numbers, (read, n, key) => [[key, [read.get(n % 2 === 0 ? evens : odds, 'x')]]])
    numbers.set('a', 1)
    numbers.set('b', 2)
    graph.flush()
    evens.set('x', 10)
    graph.flush()
    expect([out.get('a'), out.get('b')]).toEqual([[undefined], [10]])
    odds.set('x', 11)
    graph.flush()
    expect([out.get('a'), out.get('b')]).toEqual([[11], [10]])
  })

  test('reads done while a generator is consumed are tracked', () => {
    const { graph, numbers } = build()
    const other = graph.source<number>('other')
    const out = graph.derive('out', numbers, function* (read, n, key) {
      yield [key, n]
      yield [`${key}/other`, read.get(other, key) ?? 0]
    })
    numbers.set('a', 1)
    graph.flush()
    other.set('a', 7)
    graph.flush()
    expect(new Map(out.entries())).toEqual(
      new Map([
        ['a', 1],
        ['a/other', 7],
      ]),
    )
  })

  test('count runs again for the number alone, group for every change of a member', () => {
    const { graph, numbers } = buildCounting()
    const bySign = graph.index('bySign', numbers, (n) => [n < 0 ? 'minus' : 'plus'])
    const one = graph.source<true>('one')
    const runs = { count: 0, group: 0 }
    graph.derive('counted', one, (read, _true, key) => {
      runs.count++
      return [[key, read.count(bySign, 'plus')]]
    })
    const grouped = graph.derive('grouped', one, (read, _true, key) => {
      runs.group++
      return [[key, read.group(bySign, 'plus').map(({ value }) => value)]]
    })
    one.set('one', true)
    graph.flush()
    expect(grouped.get('one')).toEqual([])
    numbers.set('b', 1)
    graph.flush()
    numbers.set('b', 2)
    graph.flush()
    numbers.set('a', 3)
    graph.flush()
    numbers.set('a', -3)
    graph.flush()
    expect(runs).toEqual({ count: 4, group: 5 })
    expect(grouped.get('one')).toEqual([2])
  })

  test('more than a few reads, repeated, are tracked and retracted', () => {
    const { graph, numbers } = buildCounting()
    const other = graph.source<number>('other')
    let runs = 0
    const out = graph.derive('out', numbers, (read, n, key) => {
      runs++
      let sum = 0
      for (let i = 0; i < 3 * n; i++) sum += read.get(other, `k${i % n}`) ?? 0
      return [[key, sum]]
    })
    numbers.set('a', 40)
    graph.flush()
    other.set('k39', 1)
    graph.flush()
    expect([runs, out.get('a')]).toEqual([2, 3])
    numbers.set('a', 20)
    graph.flush()
    other.set('k39', 2)
    graph.flush()
    expect(runs).toBe(3)
    other.set('k19', 2)
    graph.flush()
    expect([runs, out.get('a')]).toEqual([4, 6])
  })
})

describe('epochs', () => {
  test('numbers rise by one, and a tick that changes nothing has none', () => {
    const { graph, numbers } = build()
    const epochs: number[] = []
    graph.onEpoch(({ number }) => epochs.push(number))
    numbers.set('a', 1)
    graph.flush()
    numbers.set('a', 1)
    expect(graph.flush()).toBeUndefined()
    numbers.set('a', 2)
    expect(graph.flush()?.number).toBe(2)
    expect(epochs).toEqual([1, 2])
  })

  test('an epoch is heard even when nothing observed has changed', () => {
    const { graph, numbers } = build()
    const other = graph.source<number>('other')
    graph.observe(other)
    numbers.set('a', 1)
    expect(graph.flush()?.changes(other)).toEqual(new Map())
  })

  test('an epoch keeps its changes when later ones come', () => {
    const { graph, numbers } = build()
    graph.observe(numbers)
    const epochs: Epoch[] = []
    graph.onEpoch((epoch) => epochs.push(epoch))
    for (const n of [1, 2]) {
      numbers.set('a', n)
      graph.flush()
    }
    expect(epochs.map((epoch) => epoch.changes(numbers).get('a'))).toEqual([
      { before: undefined, after: 1 },
      { before: 1, after: 2 },
    ])
  })

  test('the changes of a collection that is not observed cannot be asked for', () => {
    const { graph, numbers } = build()
    numbers.set('a', 1)
    const epoch = graph.flush()
    expect(() => epoch?.changes(numbers)).toThrow('numbers are asked for, but it is not observed')
  })

  test('a listener that writes a source leads to the next epoch', () => {
    const { graph, numbers } = build()
    const echo = graph.source<number>('echo')
    const epochs: number[] = []
    graph.observe(echo)
    graph.onEpoch((epoch) => {
      epochs.push(epoch.number)
      for (const [key, value] of numbers.entries()) echo.set(key, value)
    })
    numbers.set('a', 1)
    const last = graph.flush()
    expect(last?.changes(echo)).toEqual(new Map([['a', { before: undefined, after: 1 }]]))
    expect(epochs).toEqual([1, 2])
  })

  test('listeners that write without end are found out', () => {
    const { graph, numbers } = build()
    graph.onEpoch(({ number }) => numbers.set('a', number))
    numbers.set('a', 0)
    expect(() => graph.flush()).toThrow('flush would never end')
  })

  test('a removed listener hears nothing', () => {
    const { graph, numbers } = build()
    let heard = 0
    const remove = graph.onEpoch(() => heard++)
    numbers.set('a', 1)
    graph.flush()
    remove()
    numbers.set('a', 2)
    graph.flush()
    expect(heard).toBe(1)
  })
})

describe('misuse', () => {
  test('a transform cannot write, create or flush', () => {
    const { graph, numbers } = build()
    const other = graph.source<number>('other')
    const holder: { act?: () => unknown } = {}
    graph.derive('out', numbers, (_read, n, key) => {
      holder.act?.()
      return [[key, n]]
    })
    const acts: [() => unknown, string][] = [
      [() => other.set('a', 1), 'other is written by a transform'],
      [() => graph.source('new'), 'new is created by a transform'],
      [() => graph.flush(), 'flush is called by a transform'],
    ]
    for (const [n, [act, message]] of acts.entries()) {
      holder.act = act
      numbers.set('a', n)
      expect(() => graph.flush()).toThrow(message)
    }
  })

  test('a listener cannot create or flush', () => {
    const { graph, numbers } = build()
    graph.onEpoch(() => graph.flush())
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('a listener of epoch 1 threw')
  })

  test('a reader that outlives its transform throws', () => {
    const { graph, numbers } = build()
    const kept: Reader[] = []
    graph.derive('out', numbers, (read, n, key) => {
      kept.push(read)
      return [[key, n]]
    })
    numbers.set('a', 1)
    graph.flush()
    expect(() => kept[0]?.get(numbers, 'a')).toThrow('after its transform has ended')
  })

  test('names are unique, and collections belong to one graph', () => {
    const { graph, numbers } = build()
    expect(() => graph.source('numbers')).toThrow('two collections called numbers')
    expect(() => new Graph().derive('out', numbers, () => [])).toThrow('belongs to another graph')
    const map = new Map<string, number>()
    const fake = { name: 'fake', rank: 0, size: 0, get: () => 0, has: () => true, keys: () => map.keys() }
    const foreign = { ...fake, entries: () => map.entries() }
    expect(() => graph.observe(foreign)).toThrow('fake is not a collection of a graph')
  })

  test('undefined is no value', () => {
    const { graph, numbers } = build()
    const loose = graph.source<number | undefined>('loose')
    expect(() => loose.set('a', undefined)).toThrow('"a" is undefined')
    graph.derive('out', numbers, (_read, _n, key) => [[key, undefined]])
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('makes the output "a" undefined')
  })

  test('an output that is made twice by one input throws', () => {
    const { graph, numbers } = build()
    graph.derive('out', numbers, () => [
      ['x', 1],
      ['x', 2],
    ])
    numbers.set('a', 1)
    expect(() => graph.flush()).toThrow('out: "a" makes the output "x" twice')
  })
})
