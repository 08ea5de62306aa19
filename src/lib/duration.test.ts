import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationFromMs, formatDuration, maxDurationMs, parseDuration } from './duration.ts'

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

describe('formatDuration', () => {
  test.each([
    ['0h0m', '0s'],
    ['150m', '2h30m'],
    ['7230s', '2h30s'],
    ['3600001ms', undefined],
    ['60000ms', '1m'],
    ['1500ms', '1s500ms'],
    ['99999h59m59s999ms', '99999h59m59s999ms'],
  ])('%s is written %s (GEP-2257 "Formatting")', (text, canonical) => {
    const parsed = parseDuration(text)
    expect(parsed.ok ? formatDuration(parsed.value) : undefined).toBe(canonical)
  })

  test('every duration survives writing and reading', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maxDurationMs }), (ms) => {
        const duration = durationFromMs(ms)
        if (!duration.ok) throw new Error(duration.error)
        expect(parseDuration(formatDuration(duration.value))).toEqual(duration)
      }),
    )
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
