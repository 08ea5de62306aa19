import { describe, expect, test } from 'vitest'
import { isOnlyCounts, WritePace } from './status-pace.ts'

/** Times of the writes when something changes every 10 ms. */
function writesDuring(seconds: number, due: (pace: WritePace) => number): readonly number[] {
  const pace = new WritePace()
  const times: number[] = []
  for (let nowMs = 0; nowMs <= seconds * 1000; nowMs += 10) {
    pace.changed(nowMs)
    if (due(pace) > nowMs) continue
    times.push(nowMs)
    pace.tried(nowMs)
    pace.wrote(nowMs)
  }
  return times
}

describe('WritePace', () => {
  test('changes in a row wait twice as long each time, up to a second', () => {
    expect(writesDuring(5, ({ dueMs }) => dueMs)).toEqual([0, 100, 300, 700, 1500, 2500, 3500, 4500])
  })

  test('counts alone wait much longer', () => {
    expect(writesDuring(45, ({ countsDueMs }) => countsDueMs)).toEqual([0, 500, 3500, 21_500, 41_500])
  })

  test('counts wait no longer than a second after the last change', () => {
    const pace = new WritePace()
    for (const nowMs of [0, 500, 1500]) {
      pace.changed(nowMs)
      pace.tried(nowMs)
    }
    pace.changed(2000)
    expect(pace.countsDueMs).toBe(3000)
  })

  test('after two seconds without a change the next one is due at once', () => {
    const pace = new WritePace()
    for (const nowMs of [0, 100, 300]) {
      pace.changed(nowMs)
      pace.tried(nowMs)
    }
    pace.changed(2301)
    expect(pace.dueMs).toBeLessThan(2301)
  })

  test('the fifth write of the same looks like a fight and is told once; a change ends it', () => {
    const pace = new WritePace()
    const fights = [0, 1, 2, 3, 4, 5].map((second) => {
      pace.tried(second * 1000)
      return pace.wrote(second * 1000)
    })
    expect(fights).toEqual([false, false, false, false, true, false])
    expect(pace.dueMs).toBe(5000 + 4000)
    pace.changed(5001)
    expect(pace.dueMs).toBe(5000 + 1000)
  })

  test('a write that is undone ten minutes later is no fight', () => {
    const pace = new WritePace()
    const fights = [0, 1, 2, 3, 604].map((second) => pace.wrote(second * 1000))
    expect(fights).toEqual([false, false, false, false, false])
  })
})

describe('isOnlyCounts', () => {
  const listener = (name: string, attachedRoutes: number) => ({ name, attachedRoutes })
  test.each([
    [true, { listeners: [listener('a', 1)] }, { listeners: [listener('a', 2)] }],
    [false, { listeners: [listener('a', 1)] }, { listeners: [listener('b', 1)] }],
    [false, { listeners: [listener('a', 1)] }, { listeners: [listener('a', 1), listener('b', 1)] }],
    [false, { listeners: [listener('a', 1)] }, { listeners: [listener('a', 2)], addresses: [] }],
    [false, { listeners: [] }, { conditions: [] }],
    [false, undefined, { listeners: [listener('a', 1)] }],
  ])('is %s from %j to %j', (expected, status, changed) => {
    expect(isOnlyCounts(status, changed)).toBe(expected)
  })
})
