import { describe, expect, test } from 'vitest'
import { PendingPaths } from './pending-paths.ts'

describe('PendingPaths', () => {
  test('a touched path is due at once, and until it is done', () => {
    const pending = new PendingPaths()
    pending.touch('a', 10)
    expect(pending.due(10).map(({ path }) => path)).toEqual(['a'])
    expect(pending.nextAtMs()).toBe(10)
    pending.done('a')
    expect([pending.due(10), pending.nextAtMs(), pending.size]).toEqual([[], undefined, 0])
  })

  test('a path that waits is due at its time, and at once when it is touched again', () => {
    const pending = new PendingPaths()
    pending.touch('a', 10)
    const [a] = pending.due(10)
    if (a === undefined) throw new Error('a is not due')
    a.dueAtMs = 110
    a.signature = 's'
    a.heldSinceMs = 10
    expect(pending.due(109)).toEqual([])
    pending.touch('a', 50)
    expect(pending.due(50)).toEqual([{ path: 'a', dueAtMs: 50, signature: undefined, heldSinceMs: 10 }])
  })

  test('the next time is that of the earliest path', () => {
    const pending = new PendingPaths()
    pending.touch('a', 30)
    pending.touch('b', 20)
    expect(pending.nextAtMs()).toBe(20)
  })
})
