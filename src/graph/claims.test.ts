import { describe, expect, test } from 'vitest'
import { Graph } from './graph.ts'

describe('conflicts', () => {
  function buildOwners() {
    const graph = new Graph({ checkPurity: true })
    const claims = graph.source<{ readonly to: string; readonly text: string }>('claims')
    const owned = graph.derive('owned', claims, (_read, { to, text }) => [[to, text]])
    const conflicts = () => graph.trace().nodes.find(({ name }) => name === 'owned')?.conflicts
    return { graph, claims, owned, conflicts }
  }

  test.each([
    ['the winner first', ['a', 'b']],
    ['the winner last', ['b', 'a']],
  ])('the smallest input key wins an output key, %s', (_title, order) => {
    const { graph, claims, owned, conflicts } = buildOwners()
    for (const key of order) {
      claims.set(key, { to: 'x', text: key })
      graph.flush()
    }
    expect(owned.get('x')).toBe('a')
    expect(owned.size).toBe(1)
    expect(conflicts()).toBe(1)
  })

  test('the loser takes over when the winner goes, with its newest value', () => {
    const { graph, claims, owned, conflicts } = buildOwners()
    for (const key of ['a', 'b', 'c']) claims.set(key, { to: 'x', text: key })
    graph.flush()
    claims.set('b', { to: 'x', text: 'b2' })
    graph.flush()
    expect(owned.get('x')).toBe('a')
    claims.delete('a')
    graph.flush()
    expect([owned.get('x'), conflicts()]).toEqual(['b2', 1])
    claims.set('b', { to: 'y', text: 'b3' })
    graph.flush()
    expect([owned.get('x'), owned.get('y'), conflicts()]).toEqual(['c', 'b3', 0])
    claims.delete('c')
    graph.flush()
    expect([...owned.entries()]).toEqual([['y', 'b3']])
  })

  test('an output whose owner has its very key counts as any other', () => {
    const { graph, claims, owned } = buildOwners()
    claims.set('b', { to: 'b', text: 'own' })
    claims.set('c', { to: 'b', text: 'of c' })
    graph.flush()
    expect(owned.get('b')).toBe('own')
    claims.set('a', { to: 'b', text: 'of a' })
    graph.flush()
    expect(owned.get('b')).toBe('of a')
    claims.delete('a')
    claims.delete('b')
    graph.flush()
    expect(owned.get('b')).toBe('of c')
  })

  test('an output that moves between inputs in one tick unchanged is no change', () => {
    const graph = new Graph()
    const claims = graph.source<{ readonly to: string; readonly text: string }>('claims')
    const owned = graph.derive('owned', claims, (_read, { to, text }) => [[to, [text]]])
    const visited: string[] = []
    graph.derive('below', owned, (_read, _value, key) => {
      visited.push(key)
      return []
    })
    graph.observe(owned)
    claims.set('a', { to: 'x', text: 'same' })
    claims.set('b', { to: 'y', text: 'b' })
    graph.flush()
    const before = owned.get('x')
    visited.length = 0
    claims.set('a', { to: 'z', text: 'a' })
    claims.set('b', { to: 'x', text: 'same' })
    const epoch = graph.flush()
    expect(epoch?.changes(owned)).toEqual(
      new Map([
        ['y', { before: ['b'], after: undefined }],
        ['z', { before: undefined, after: ['a'] }],
      ]),
    )
    expect(owned.get('x')).toBe(before)
    expect(visited).toEqual(['z'])
  })
})
