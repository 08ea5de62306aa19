import { parseArgs } from 'node:util'
import type { WorkloadShape } from '../src/testing/workload.ts'

/** What can be measured alone, by `--only`. */
export const parts = ['cold', 'edits', 'cost', 'endpoints', 'burst', 'files', 'table', 'requests', 'shapes'] as const
export type Part = (typeof parts)[number]

/** One size of one shape. */
export interface Size {
  readonly shape: WorkloadShape
  readonly count: number
}

export interface BenchOptions {
  /** Numbers of hostnames, ascending. */
  readonly hosts: readonly number[]
  /** Other shapes, printed without a target. */
  readonly shapes: readonly Size[]
  readonly parts: ReadonlySet<Part>
  /** Edits whose latency is taken, one after another. */
  readonly edits: number
  /** Where the results go; undefined: bench/results/<time>.json. */
  readonly json: string | undefined
  /** Writes a CPU profile of the control plane here, for each size. */
  readonly profile: string | undefined
}

export const usage = `npm run bench -- [--hosts 100,1000,5000,20000] [--json FILE] [--only ${parts.join(',')}]
                 [--edits 100] [--profile FOLDER]

Measures the whole product with a real Envoy on one worker: see bench/README.md.`

const extraShapes: readonly Size[] = [
  { shape: 'paths', count: 1000 },
  { shape: 'paths', count: 5000 },
  { shape: 'wildcard-paths', count: 1000 },
  { shape: 'wildcard-paths', count: 5000 },
  { shape: 'wildcards', count: 5000 },
]

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: 'string', default: '100,1000,5000,20000' },
      json: { type: 'string' },
      only: { type: 'string', default: parts.join(',') },
      edits: { type: 'string', default: '100' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const wanted = new Set(values.only.split(',').map(partOf))
  return {
    hosts: values.hosts
      .split(',')
      .map((text) => countOf('--hosts', text))
      .sort((a, b) => a - b),
    shapes: wanted.has('shapes') ? extraShapes : [],
    parts: wanted,
    edits: countOf('--edits', values.edits),
    json: values.json,
    profile: values.profile,
  }
}

function partOf(text: string): Part {
  const part = parts.find((name) => name === text)
  if (part === undefined) throw new Error(`--only: "${text}" is not a part; write some of ${parts.join(', ')}`)
  return part
}

function countOf(option: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`${option}: "${text}" is not a whole number above 0`)
  return count
}
