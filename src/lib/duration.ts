/**
 * Durations as the Gateway API writes them.
 * @see GEP-2257 "Gateway API Duration Format", https://gateway-api.sigs.k8s.io/geps/gep-2257/ (API v1.7)
 */
import type { Brand } from './brand.ts'
import { err, ok, type Result } from './result.ts'

/** A length of time in whole milliseconds, 0 or more, at most `maxDurationMs`. */
export type Duration = Brand<number, 'DurationMs'>

const msPerUnit = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
type Unit = keyof typeof msPerUnit

const grammar = /^(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}$/
const component = /([0-9]{1,5})(ms|h|m|s)/g

/** The longest duration that can be written with one number for each unit: 99999h59m59s999ms. */
export const maxDurationMs = 99_999 * msPerUnit.h + 59 * msPerUnit.m + 59 * msPerUnit.s + 999

/** Reads `1h30m`, `500ms`. Units may come in any order and more than once, as Go's parser allows; they add up. */
export function parseDuration(text: string): Result<Duration, string> {
  if (!grammar.test(text)) {
    return err('must be one to four numbers of at most five digits, each with a unit h, m, s or ms, such as 1m30s')
  }
  let totalMs = 0
  for (const [, count, unit] of text.matchAll(component)) totalMs += Number(count) * msPerUnit[unit as Unit]
  return durationFromMs(totalMs)
}

/** A duration of that many milliseconds; an error when the format of the Gateway API could not write it. */
export function durationFromMs(ms: number): Result<Duration, string> {
  if (!Number.isInteger(ms)) return err('must be a whole number of milliseconds')
  if (ms < 0) return err('must not be negative')
  if (ms > maxDurationMs) return err('must be at most 99999h59m59s999ms')
  return ok(ms as Duration)
}
