import { describe, expect, test } from 'vitest'
import { durationFromMs, maxDurationMs, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  test.each([
    ['0h', 0],
    ['0s', 0],
    ['0h0m0s', 0],
    ['1h', 3_600_000],
    ['30m', 1_800_000],
    ['10s', 10_000],
    ['500ms', 500],
    ['2h30m', 9_000_000],
    ['150m', 9_000_000],
    ['7230s', 7_230_000],
    ['1h30m10s', 5_410_000],
    ['10s30m1h', 5_410_000],
    ['100ms200ms300ms', 600],
    ['00001s', 1_000],
    ['99999h59m59s999ms', maxDurationMs],
  ])('%s is %d ms (GEP-2257 "Parsing")', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms })
  })

  test.each([
    '',
    '1',
    '0',
    '1d',
    '1w',
    '1us',
    '1.5h',
    '-15m',
    '+1s',
    ' 1s',
    '1s ',
    '1 s',
    '1S',
    '999999h',
    '1h30m10s20ms50h',
    's',
    '1h\n',
    '٣s',
  ])('%j is refused (GEP-2257 "Duration Format")', (text) => {
    expect(parseDuration(text).ok).toBe(false)
  })

  test('a sum beyond the longest writable duration is refused', () => {
    expect(parseDuration('99999h60m')).toEqual({ ok: false, error: 'must be at most 99999h59m59s999ms' })
  })
})

describe('durationFromMs', () => {
  test.each([
    [-1, 'must not be negative'],
    [0.5, 'must be a whole number of milliseconds'],
    [Number.NaN, 'must be a whole number of milliseconds'],
    [maxDurationMs + 1, 'must be at most 99999h59m59s999ms'],
  ])('%d is refused: %s', (ms, message) => {
    expect(durationFromMs(ms)).toEqual({ ok: false, error: message })
  })
})
