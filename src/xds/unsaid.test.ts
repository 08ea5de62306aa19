import { describe, expect, test } from 'vitest'
import { UnsaidMemory } from './unsaid.ts'

describe('what a client will not say', () => {
  test('is remembered from one stream of it to the next, and shared by streams at a time', () => {
    const memory = new UnsaidMemory()
    const first = memory.join('p')
    first.add('cluster', 'c')
    first.add('scoped-route', 's')
    const second = memory.join('p')
    expect(second).toBe(first)
    memory.leave('p')
    memory.leave('p')
    expect(memory.join('q').size).toBe(0)
    const third = memory.join('p')
    expect([...third.of('cluster')]).toEqual(['c'])
    expect(third.size).toBe(1)
    third.delete('cluster', 'c')
    memory.leave('p')
    expect(memory.join('p').size).toBe(0)
  })

  test('is bounded over all clients that left: those that left first are forgotten', () => {
    const memory = new UnsaidMemory()
    for (const node of ['a', 'b', 'c']) {
      const names = memory.join(node)
      for (let each = 0; each < 9_000; each++) names.add('cluster', `${each}`)
      memory.leave(node)
    }
    expect(memory.join('a').size).toBe(0)
    expect(memory.join('b').size).toBe(9_000)
    expect(memory.join('c').size).toBe(9_000)
  })
})
