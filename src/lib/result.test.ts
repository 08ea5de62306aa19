import { describe, expect, test } from 'vitest'
import { collect, err, mapOk, ok, type Result } from './result.ts'

describe('collect', () => {
  test('gives all values in order when none failed', () => {
    expect(collect([ok(1), ok(2), ok(3)])).toEqual(ok([1, 2, 3]))
  })

  test('gives every error and no value when one failed', () => {
    const results: Result<number, string>[] = [ok(1), err('a'), ok(2), err('b')]
    expect(collect(results)).toEqual(err(['a', 'b']))
  })

  test('of nothing is an empty list', () => {
    expect(collect([])).toEqual(ok([]))
  })
})

describe('mapOk', () => {
  test('changes a value', () => {
    expect(mapOk(ok(2), (n) => n + 1)).toEqual(ok(3))
  })

  test('passes an error through without calling the change', () => {
    const failed: Result<number, string> = err('no')
    expect(
      mapOk(failed, () => {
        throw new Error('must not run')
      }),
    ).toBe(failed)
  })
})
