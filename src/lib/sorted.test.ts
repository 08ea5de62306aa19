import { describe, expect, test } from 'vitest'
import { compareBy, compareNumbers, compareStrings } from './sorted.ts'

describe('sorted', () => {
  test('strings are ordered by code unit, not by locale', () => {
    expect(['b', 'a', 'B', 'ä', 'a1', 'a'].toSorted(compareStrings)).toEqual(['B', 'a', 'a', 'a1', 'b', 'ä'])
  })

  test('numbers are ordered by size', () => {
    expect([10, 9, 1].toSorted(compareNumbers)).toEqual([1, 9, 10])
  })

  test('objects are ordered by the string they carry', () => {
    expect([{ name: 'b' }, { name: 'a' }].toSorted(compareBy((x) => x.name))).toEqual([{ name: 'a' }, { name: 'b' }])
  })
})
