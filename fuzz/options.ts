/** The command line of `npm run fuzz`. */
import { parseArgs } from 'node:util'
import type { PlatformName } from './rig.ts'

export interface FuzzOptions {
  readonly seed: number
  /** Index of the first set. */
  readonly from: number
  /** It ends after so many sets or so much time, whatever comes first. */
  readonly sets: number
  readonly minutes: number
  /** What the proxy runs on; the other one is translated beside it. */
  readonly platform: PlatformName
  /** Where failing sets go. */
  readonly folder: string
  /** A file of it, to be run again. */
  readonly replay: string | undefined
}

export const usage = `npm run fuzz -- [--minutes 5] [--sets N] [--seed S] [--from INDEX] [--platform standalone|kubernetes]
               [--folder FOLDER] [--replay FILE]

Random sets of objects through the whole product into one Envoy: see fuzz/README.md. Ends with 1 when something was found.`

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function parseOptions(args: readonly string[], randomSeed: () => number): FuzzOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      sets: { type: 'string' },
      seed: { type: 'string' },
      from: { type: 'string', default: '0' },
      platform: { type: 'string', default: 'standalone' },
      folder: { type: 'string', default: 'fuzz/findings' },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { minutes, sets, seed, from, folder, replay } = values
  return {
    seed: seed === undefined ? randomSeed() : numberOf('--seed', seed, Number.isSafeInteger),
    from: numberOf('--from', from, isCount),
    sets: sets === undefined ? Number.POSITIVE_INFINITY : numberOf('--sets', sets, isCount),
    minutes: minutes === undefined ? defaultMinutes(sets) : numberOf('--minutes', minutes, (count) => count > 0),
    platform: platformOf(values.platform),
    folder,
    replay,
  }
}

function defaultMinutes(sets: string | undefined): number {
  return sets === undefined ? 5 : Number.POSITIVE_INFINITY
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function numberOf(option: string, text: string, isGood: (value: number) => boolean): number {
  const value = Number(text)
  if (text.trim() === '' || !isGood(value)) throw new Error(`${option}: "${text}" is no number that can be used`)
  return value
}

function platformOf(text: string): PlatformName {
  if (text === 'standalone' || text === 'kubernetes') return text
  throw new Error(`--platform: "${text}" is none; write standalone or kubernetes`)
}
