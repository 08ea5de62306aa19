/** What is measured at each size, and in which order. */
import { setTimeout as delay } from 'node:timers/promises'
import type { WorkloadShape } from '../src/testing/workload.ts'
import { must } from '../src/lib/assert.ts'
import { Cell, type CellOptions, type EditCost, timeInTurns } from './cell.ts'
import type { BenchOptions, Part } from './options.ts'
import { rssMibOf } from './processes.ts'
import { type Spread, spreadOf } from './spread.ts'

/** The figures of one size; a part that was not asked for is absent. */
export interface Figures {
  readonly shape: WorkloadShape
  readonly count: number
  coldStartMs?: number
  /** Of all hosts, asked one by one at the end, those not served: must be none. */
  unserved?: number
  editMs?: Spread
  /** The same with 100 hosts, edited in turns with these. */
  smallEditMs?: Spread
  cost?: EditCost
  endpointsAckedMs?: Spread
  burstMs?: number
  controlPlaneRssMib?: number
  envoyRssMib?: number
  /** Once every host has been asked: each has an upstream connection then. */
  envoyRssAfterAllMib?: number
  files?: { readonly coldStartMs: number; readonly editMs: Spread }
  table?: { readonly editMs: Spread; readonly cost: EditCost }
}

/** What stays the same for all sizes. */
export interface Surroundings {
  readonly options: BenchOptions
  readonly envoy: string
  readonly backendPort: number
  say(text: string): void
}

/** The parts for which one cell is fed with events. */
const injectedParts: readonly Part[] = ['cold', 'edits', 'cost', 'endpoints', 'burst']
/** What larger sizes are compared with. */
const SMALL_SIZE = 100
const BURST_EDITS = 100
const COST_EDITS = 200
/** A whole table takes Envoy so long that fewer edits say as much. */
const TABLE_EDITS = 20
const REQUESTS = 2_000
const REQUEST_ROUNDS = 15
const SETTLE_MS = 3_000

/**
 * Options of Node for the control plane, those of the product's own start: a small young generation, so that garbage of
 * the first translation does not stay resident.
 */
const controlPlaneArgs = ['--max-semi-space-size=4']

/** Everything that was asked for, at one number of hostnames. */
export async function measureHosts(count: number, around: Surroundings): Promise<Figures> {
  const { parts } = around.options
  const figures: Figures = { shape: 'hosts', count }
  if (injectedParts.some((part) => parts.has(part))) await measureInjected(figures, around)
  if (parts.has('files')) await measureFiles(figures, around)
  if (parts.has('table')) await measureTable(figures, around)
  return figures
}

/** A shape without targets: fewer edits, because each may take long. */
export async function measureShape(shape: WorkloadShape, count: number, around: Surroundings): Promise<Figures> {
  const figures: Figures = { shape, count }
  const cell = await startCell({ program: 'control-plane', shape, count, fromFiles: false }, around)
  try {
    figures.coldStartMs = cell.coldStartMs
    figures.editMs = await timeOne(() => cell.edit(), TABLE_EDITS)
    figures.cost = await cell.cost(TABLE_EDITS)
    await takeMemory(cell, figures)
  } finally {
    await cell.stop()
  }
  return figures
}

/** What a request costs Envoy, by how its route is found: the median of several rounds. */
export interface RequestCost {
  readonly name: string
  readonly envoyCpuMicros: number
}

/**
 * Whether a small Gateway pays for what makes a large one cheap: the same single route as an exact host, as a catch-all,
 * and in a plain table.
 */
export async function measureRequests(around: Surroundings): Promise<readonly RequestCost[]> {
  const kinds = [
    { name: 'exact host', program: 'control-plane', shape: 'hosts' },
    { name: 'exact host in a plain table', program: 'plain-table', shape: 'hosts' },
    { name: 'catch-all', program: 'control-plane', shape: 'catch-all' },
    { name: 'catch-all in a plain table', program: 'plain-table', shape: 'catch-all' },
  ] as const
  const cells: { readonly name: string; readonly cell: Cell; readonly micros: number[] }[] = []
  try {
    for (const { name, program, shape } of kinds) {
      cells.push({ name, micros: [], cell: await startCell({ program, shape, count: 1, fromFiles: false }, around) })
    }
    // In turns, so that what else the machine does meets all of them.
    for (let round = 0; round < REQUEST_ROUNDS; round++) {
      for (const { cell, micros } of cells) micros.push(await cell.requestMicros(REQUESTS))
    }
    return cells.map(({ name, micros }) => ({ name, envoyCpuMicros: spreadOf(micros).p50 }))
  } finally {
    for (const { cell } of cells) await cell.stop()
  }
}

async function measureInjected(figures: Figures, around: Surroundings): Promise<void> {
  const { parts, edits } = around.options
  const { shape, count } = figures
  const cell = await startCell({ program: 'control-plane', shape, count, fromFiles: false }, around)
  try {
    figures.coldStartMs = cell.coldStartMs
    if (parts.has('edits')) await timeEdits(cell, figures, around)
    if (parts.has('cost')) figures.cost = await cell.cost(COST_EDITS)
    if (parts.has('endpoints')) figures.endpointsAckedMs = await cell.endpoints(edits)
    if (parts.has('burst')) figures.burstMs = await cell.burst(BURST_EDITS)
    await takeMemory(cell, figures)
    figures.unserved = await cell.unserved()
    figures.envoyRssAfterAllMib = rssMibOf(cell.envoyPid)
  } finally {
    await cell.stop()
  }
}

/** In turns with a small Gateway of its own, so that the two can be compared whatever the machine does. */
async function timeEdits(cell: Cell, figures: Figures, around: Surroundings): Promise<void> {
  const { edits } = around.options
  if (figures.count <= SMALL_SIZE) {
    figures.editMs = await timeOne(() => cell.edit(), edits)
    return
  }
  const small = await startCell(
    { program: 'control-plane', shape: 'hosts', count: SMALL_SIZE, fromFiles: false },
    around,
  )
  try {
    const [editMs, smallEditMs] = await timeInTurns([() => cell.edit(), () => small.edit()], edits)
    Object.assign(figures, { editMs, smallEditMs })
  } finally {
    await small.stop()
  }
}

async function timeOne(time: () => Promise<number>, count: number): Promise<Spread> {
  return must((await timeInTurns([time], count))[0], 'nothing was timed')
}

async function measureFiles(figures: Figures, around: Surroundings): Promise<void> {
  const { shape, count } = figures
  const cell = await startCell({ program: 'control-plane', shape, count, fromFiles: true }, around)
  try {
    const editMs = await timeOne(() => cell.editFile(), around.options.edits)
    figures.files = { coldStartMs: cell.coldStartMs, editMs }
  } finally {
    await cell.stop()
  }
}

async function measureTable(figures: Figures, around: Surroundings): Promise<void> {
  const { shape, count } = figures
  const cell = await startCell({ program: 'plain-table', shape, count, fromFiles: false }, around)
  try {
    const editMs = await timeOne(() => cell.edit(), TABLE_EDITS)
    figures.table = { editMs, cost: await cell.cost(TABLE_EDITS) }
  } finally {
    await cell.stop()
  }
}

async function takeMemory(cell: Cell, figures: Figures): Promise<void> {
  await delay(SETTLE_MS)
  figures.controlPlaneRssMib = rssMibOf(cell.subject.pid)
  figures.envoyRssMib = rssMibOf(cell.envoyPid)
}

function startCell(
  what: Pick<CellOptions, 'program' | 'shape' | 'count' | 'fromFiles'>,
  { options, envoy, backendPort, say }: Surroundings,
): Promise<Cell> {
  const source = what.fromFiles ? ' from files' : ''
  say(`${what.program}: ${what.count} ${what.shape}${source}`)
  const profile = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]
  const execArgv = what.program === 'control-plane' ? [...controlPlaneArgs, ...profile] : []
  return Cell.start({ ...what, backendPort, envoy, execArgv })
}
