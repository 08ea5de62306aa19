import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Graph } from './graph.ts'

interface Item {
  readonly groups: readonly string[]
  readonly n: number
}

function build() {
  const graph = new Graph({ checkPurity: true })
  const items = graph.source<Item>('items')
  const byGroup = graph.index('byGroup', items, ({ groups }) => groups)
  const set = (key: string, n: number, ...groups: string[]) => items.set(key, { groups, n })
  return { graph, items, byGroup, set }
}

describe('index', () => {
  test('members are sorted by key, whatever the order they came in', () => {
    const { graph, byGroup, set } = build()
    for (const key of ['b', 'c10', 'a', 'B', 'c2']) {
      set(key, 1, 'g')
      graph.flush()
      byGroup.groups.get('g')
    }
    expect(byGroup.groups.get('g')?.map(({ key }) => key)).toEqual(['B', 'a', 'b', 'c10', 'c2'])
  })

  test.each([3, 100])('of %i members, those that did not change keep their entries', (size) => {
    const { graph, byGroup, set, items } = build()
    for (let i = 0; i < size; i++) set(`k${i}`, i, 'g')
    graph.flush()
    const before = byGroup.groups.get('g') ?? []
    set('k1', -1, 'g')
    items.delete('k0')
    set('new', 1, 'g')
    graph.flush()
    const after = byGroup.groups.get('g') ?? []
    expect(after).not.toBe(before)
    const kept = before.filter((entry) => after.includes(entry)).map(({ key }) => key)
    expect(kept).toEqual(before.map(({ key }) => key).filter((key) => key !== 'k0' && key !== 'k1'))
    expect(after.length).toBe(size)
  })

  test('an untouched group keeps its array', () => {
    const { graph, byGroup, set } = build()
    set('a', 1, 'g')
    set('b', 1, 'h')
    graph.flush()
    const before = byGroup.groups.get('g')
    set('b', 2, 'h')
    graph.flush()
    expect(byGroup.groups.get('g')).toBe(before)
  })

  test('a group key that is named twice counts once', () => {
    const { graph, byGroup, set } = build()
    set('a', 1, 'g', 'g')
    graph.flush()
    expect([byGroup.counts.get('g'), byGroup.groups.get('g')?.length]).toEqual([1, 1])
    set('a', 1, 'g')
    graph.flush()
    expect(byGroup.counts.get('g')).toBe(1)
    set('a', 1)
    graph.flush()
    expect(byGroup.counts.size).toBe(0)
  })

  test('a member that changes leaves counts and presence alone', () => {
    const { graph, byGroup, set } = build()
    graph.observe(byGroup.counts)
    graph.observe(byGroup.presence)
    set('a', 1, 'g')
    graph.flush()
    set('a', 2, 'g')
    const changed = graph.flush()
    expect([changed?.changes(byGroup.counts).size, changed?.changes(byGroup.presence).size]).toEqual([0, 0])
    set('b', 1, 'g')
    const grown = graph.flush()
    expect(grown?.changes(byGroup.counts)).toEqual(new Map([['g', { before: 1, after: 2 }]]))
    expect(grown?.changes(byGroup.presence).size).toBe(0)
  })

  test('members are not looked at while only counts and presence are used', () => {
    const { graph, items, byGroup, set } = build()
    graph.observe(byGroup.counts)
    graph.observe(byGroup.presence)
    for (let i = 0; i < 100; i++) set(`k${i}`, i, 'g')
    graph.flush()
    const get = vi.spyOn(items, 'get')
    set('k5', -1, 'g')
    graph.flush()
    expect(get.mock.calls).toEqual([['k5']])
  })

  test('a group observed late has its members before the next change', () => {
    const { graph, byGroup, set } = build()
    set('a', 1, 'g')
    graph.flush()
    graph.observe(byGroup.groups)
    set('a', 2, 'g')
    const change = graph.flush()?.changes(byGroup.groups).get('g')
    expect(change?.before).toEqual([{ key: 'a', value: { groups: ['g'], n: 1 } }])
    expect(change?.after).toEqual([{ key: 'a', value: { groups: ['g'], n: 2 } }])
  })

  test('a large group read after any number of changes is what sorting gives', () => {
    const key = fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`)
    const step = fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }), fc.boolean())
    fc.assert(
      fc.property(fc.array(step, { size: '+1' }), (steps) => {
        const { graph, items, byGroup, set } = build()
        for (let i = 0; i < 50; i++) set(`k${i}`, 0, 'g')
        graph.flush()
        for (const [at, n, isRead] of steps) {
          if (n === undefined) items.delete(at)
          else set(at, n, n === 3 ? 'other' : 'g')
          graph.flush()
          if (isRead) byGroup.groups.get('g')
        }
        const expected = [...items.entries()]
          .filter(([, { groups }]) => groups.includes('g'))
          .map(([at, value]) => ({ key: at, value }))
          .sort((a, b) => (a.key < b.key ? -1 : 1))
        expect(byGroup.groups.get('g') ?? []).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})
