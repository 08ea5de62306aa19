import { describe, expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

describe('Backoff', () => {
  test('the bound of the pause doubles up to the longest', () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 350, minMs: 10, random: () => 1 })
    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 350, 350])
    backoff.reset()
    expect(backoff.next()).toBe(100)
  })

  test('chance may not make it a tight loop', () => {
    expect(new Backoff({ minMs: 10, random: () => 0 }).next()).toBe(10)
  })

  test('a server that asks for time gets it and more', () => {
    expect(new Backoff({ baseMs: 100, random: () => 0.5 }).next(3000)).toBe(3050)
  })

  test('a thousand failures are no overflow', () => {
    const backoff = new Backoff({ maxMs: 1000, random: () => 1 })
    for (let i = 0; i < 1000; i++) backoff.next()
    expect(backoff.next()).toBe(1000)
    expect(backoff.failures).toBe(1001)
  })
})
