import { describe, expect, test } from 'vitest'
import { bool, double, durationOf, fraction, percent, uint32, uint64 } from './wrappers.ts'

describe('durationOf', () => {
  test.each([
    [0, { seconds: 0, nanos: 0 }],
    [1, { seconds: 0, nanos: 1_000_000 }],
    [1500, { seconds: 1, nanos: 500_000_000 }],
    [0.000001, { seconds: 0, nanos: 1 }],
    [86_400_000, { seconds: 86_400, nanos: 0 }],
  ])('%d ms', (ms, expected) => {
    expect(durationOf(ms)).toEqual(expected)
  })

  test('seconds and nanos of a negative span have the same sign (google.protobuf.Duration)', () => {
    expect(durationOf(-1500)).toEqual({ seconds: -1, nanos: -500_000_000 })
  })

  test('a fraction that rounds up to a whole second becomes one', () => {
    expect(durationOf(999.9999999)).toEqual({ seconds: 1, nanos: 0 })
  })

  test('refuses what is no number', () => {
    expect(() => durationOf(Number.NaN)).toThrow('duration of NaN ms')
    expect(() => durationOf(Number.POSITIVE_INFINITY)).toThrow()
  })
})

describe('wrappers', () => {
  test('keep zero and false, which differ from absent', () => {
    expect([uint32(0), uint64(0), bool(false), double(0)]).toEqual([
      { value: 0 },
      { value: 0 },
      { value: false },
      { value: 0 },
    ])
  })

  test('refuse what does not fit', () => {
    for (const value of [-1, 1.5, 2 ** 32, Number.NaN]) expect(() => uint32(value)).toThrow('bug: uint32')
    for (const value of [-1, 1.5, 2 ** 53]) expect(() => uint64(value)).toThrow('bug: uint64')
    for (const value of [-1, 101, Number.NaN]) expect(() => percent(value)).toThrow('bug: percent')
    expect(uint32(2 ** 32 - 1)).toEqual({ value: 4_294_967_295 })
  })
})

describe('fraction', () => {
  test.each([
    [1, 2, { numerator: 50, denominator: 0 }],
    [0, 1, { numerator: 0, denominator: 0 }],
    [1, 1, { numerator: 100, denominator: 0 }],
    [1, 1000, { numerator: 10, denominator: 1 }],
    [1, 8, { numerator: 1250, denominator: 1 }],
    [1, 3, { numerator: 333_333, denominator: 2 }],
    [29, 100, { numerator: 29, denominator: 0 }],
  ])('%d/%d', (numerator, denominator, expected) => {
    expect(fraction(numerator, denominator)).toEqual(expected)
  })

  test('refuses more than the whole', () => {
    expect(() => fraction(2, 1)).toThrow('fraction of 2/1')
    expect(() => fraction(0, 0)).toThrow('fraction of 0/0')
  })
})
