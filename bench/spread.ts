import { compareNumbers } from '../src/lib/sorted.ts'

/** How a sample is spread. */
export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly max: number
}

/** Nearest-rank percentiles. Throws on an empty sample. */
export function spreadOf(sample: readonly number[]): Spread {
  const sorted = [...sample].sort(compareNumbers)
  const at = (share: number): number => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
    if (value === undefined) throw new Error('no sample was taken')
    return round(value)
  }
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), max: at(1) }
}

/** To three significant places behind the point: enough for milliseconds. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
