import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, nearest } from './suggest.ts'

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['matches', 'matches', 0],
    ['matchs', 'matches', 1],
    ['mathces', 'matches', 1],
    ['backend', 'backendRefs', 4],
    ['kitten', 'sitting', 3],
  ])('of %s and %s is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  test('is symmetric, zero only for equal texts, and at most the longer length', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b)
        expect(editDistance(b, a)).toBe(distance)
        expect(distance === 0).toBe(a === b)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})

describe('nearest', () => {
  test.each([
    ['Prefix', ['Exact', 'PathPrefix', 'RegularExpression'], 'PathPrefix'],
    ['exact', ['Exact', 'PathPrefix'], 'Exact'],
    ['hsotnames', ['hostnames', 'rules'], 'hostnames'],
    ['xyz', ['hostnames', 'rules'], undefined],
    ['a', ['b'], undefined],
    ['x'.repeat(1000), ['x'.repeat(999)], undefined],
  ])('to %s of %j is %s', (name, candidates, found) => {
    expect(nearest(name, candidates)).toBe(found)
  })
})
