import { describe, expect, test } from 'vitest'
import { Graph } from './graph.ts'

function build() {
  const graph = new Graph({ checkPurity: true })
  return { graph, numbers: graph.source<number>('numbers') }
}

describe('source', () => {
  test('replaceAll deletes what is not listed, pending writes included', () => {
    const { graph, numbers } = build()
    graph.observe(numbers)
    numbers.replaceAll([
      ['a', 1],
      ['b', 2],
    ])
    graph.flush()
    numbers.set('c', 3)
    numbers.replaceAll([
      ['b', 2],
      ['d', 4],
    ])
    const epoch = graph.flush()
    expect(new Map(numbers.entries())).toEqual(
      new Map([
        ['b', 2],
        ['d', 4],
      ]),
    )
    expect([...(epoch?.changes(numbers).keys() ?? [])].sort()).toEqual(['a', 'd'])
  })

  test('it is synced when its owner says so', () => {
    const { numbers } = build()
    expect(numbers.synced).toBe(false)
    numbers.markSynced()
    expect(numbers.synced).toBe(true)
  })
})

describe('join', () => {
  test('a hidden value shows when the first input lets go of the key', () => {
    const { graph, numbers } = build()
    const second = graph.source<number>('second')
    const both = graph.join('both', [numbers, second])
    numbers.set('a', 1)
    second.set('a', 2)
    second.set('b', 3)
    graph.flush()
    expect(new Map(both.entries())).toEqual(
      new Map([
        ['a', 1],
        ['b', 3],
      ]),
    )
    second.set('a', 4)
    expect(graph.flush()).toBeDefined()
    expect(both.get('a')).toBe(1)
    numbers.delete('a')
    graph.flush()
    expect(both.get('a')).toBe(4)
  })

  test('an equal value that comes from another input is no change', () => {
    const { graph } = build()
    const first = graph.source<{ readonly n: number }>('first')
    const second = graph.source<{ readonly n: number }>('second')
    const both = graph.join('both', [first, second])
    graph.observe(both)
    first.set('a', { n: 1 })
    second.set('a', { n: 1 })
    graph.flush()
    const before = both.get('a')
    first.delete('a')
    expect(graph.flush()?.changes(both).size).toBe(0)
    expect(both.get('a')).toBe(before)
  })
})

describe('single', () => {
  test('it may hold undefined', () => {
    const { graph, numbers } = build()
    const config = graph.single<string | undefined>('config', undefined)
    const out = graph.derive('out', numbers, (read, _n, key) => [[key, [read.single(config)]]])
    numbers.set('a', 1)
    graph.flush()
    expect(out.get('a')).toEqual([undefined])
    config.set('x')
    expect(config.get()).toBeUndefined()
    graph.flush()
    expect([config.get(), out.get('a')]).toEqual(['x', ['x']])
  })
})
