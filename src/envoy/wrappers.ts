import { assert } from '../lib/assert.ts'
import type { envoy, google } from './gen/xds.js'

const MS_PER_SECOND = 1000
const NANOS_PER_MS = 1_000_000
const NANOS_PER_SECOND = 1_000_000_000
const MAX_UINT32 = 2 ** 32 - 1

/** A span of time; `ms` may have a fraction (nanoseconds are the smallest step) and may be negative. */
export function durationOf(ms: number): google.protobuf.IDuration {
  assert(Number.isFinite(ms), `duration of ${ms} ms`)
  const seconds = Math.trunc(ms / MS_PER_SECOND)
  const nanos = Math.round((ms - seconds * MS_PER_SECOND) * NANOS_PER_MS)
  const carry = Math.trunc(nanos / NANOS_PER_SECOND)
  return { seconds: seconds + carry, nanos: nanos - carry * NANOS_PER_SECOND }
}

/** A number where absent and 0 differ: an integer from 0 to 2^32 - 1. */
export function uint32(value: number): google.protobuf.IUInt32Value {
  assert(Number.isInteger(value) && value >= 0 && value <= MAX_UINT32, `uint32 of ${value}`)
  return { value }
}

/** A larger number where absent and 0 differ: an integer from 0 to 2^53 - 1. */
export function uint64(value: number): google.protobuf.IUInt64Value {
  assert(Number.isSafeInteger(value) && value >= 0, `uint64 of ${value}`)
  return { value }
}

/** A truth where absent and false differ. */
export function bool(value: boolean): google.protobuf.IBoolValue {
  return { value }
}

/** A floating point number where absent and 0 differ. */
export function double(value: number): google.protobuf.IDoubleValue {
  return { value }
}

/** A share in percent, 0 to 100. */
export function percent(value: number): envoy.type.v3.IPercent {
  assert(value >= 0 && value <= 100, `percent of ${value}`)
  return { value }
}

const DENOMINATORS: readonly (readonly [number, envoy.type.v3.FractionalPercent.DenominatorType])[] = [
  [100, 0],
  [10_000, 1],
  [1_000_000, 2],
]

/**
 * The share `numerator / denominator` in the smallest of Envoy's denominators (100, 10,000, 1,000,000) that holds it
 * exactly, else rounded to the nearest millionth.
 */
export function fraction(numerator: number, denominator: number): envoy.type.v3.IFractionalPercent {
  assert(denominator > 0 && numerator >= 0 && numerator <= denominator, `fraction of ${numerator}/${denominator}`)
  for (const [parts, kind] of DENOMINATORS) {
    const scaled = (numerator * parts) / denominator
    if (Number.isInteger(scaled)) return { numerator: scaled, denominator: kind }
  }
  return { numerator: Math.round((numerator * 1_000_000) / denominator), denominator: 2 }
}
