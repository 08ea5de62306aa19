/** Measures the whole product at several sizes, prints the figures beside their targets and writes them down. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { envoyBinary } from '../src/testing/envoy-binary.ts'
import { describeMachine, loadNow } from './machine.ts'
import {
  type Figures,
  measureHosts,
  measureRequests,
  measureShape,
  type RequestCost,
  type Surroundings,
} from './measure.ts'
import { type BenchOptions, parseOptions, usage } from './options.ts'
import { renderFigures, renderRequests, renderVerdicts, verdictsOf } from './report.ts'

const options = readOptions()
if (options !== 'help') await run(options)
else process.stdout.write(`${usage}\n`)
process.exit()

function readOptions(): BenchOptions | 'help' {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    process.exit(2)
  }
}

async function run(options: BenchOptions): Promise<void> {
  const envoy = envoyBinary()
  const begunAt = new Date().toISOString()
  const loadBefore = loadNow()
  const backend = fork(join(import.meta.dirname, 'backend.ts'))
  const [address]: readonly unknown[] = await once(backend, 'message')
  const backendPort = Number(Object(address).port)
  const all: Figures[] = []
  let requests: readonly RequestCost[] = []
  const around: Surroundings = { options, envoy, backendPort, say: (text) => process.stderr.write(`${text}\n`) }
  try {
    await measureAll(all, around)
    if (options.parts.has('requests')) requests = await measureRequests(around)
  } finally {
    backend.disconnect()
  }
  const verdicts = verdictsOf(all)
  const machine = describeMachine(envoy)
  const load = { before: loadBefore, after: loadNow() }
  if (all.length > 0) process.stdout.write(`\n${renderFigures(all)}\n\n`)
  if (requests.length > 0) process.stdout.write(`${renderRequests(requests)}\n\n`)
  if (verdicts.length > 0) process.stdout.write(`${renderVerdicts(verdicts)}\n\n`)
  process.stdout.write(`${machine.cpu}, ${machine.cores} cores, load ${load.before[0]} -> ${load.after[0]}\n`)
  const file = options.json ?? join(import.meta.dirname, 'results', `${begunAt.replaceAll(':', '-')}.json`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ begunAt, machine, load, figures: all, requests, verdicts }, undefined, 2)}\n`)
  process.stdout.write(`written to ${file}\n`)
}

/** Sizes one after another: they would disturb each other. */
async function measureAll(all: Figures[], around: Surroundings): Promise<void> {
  const { hosts, shapes, parts } = around.options
  const hasSizes = [...parts].some((part) => part !== 'shapes' && part !== 'requests')
  for (const count of hasSizes ? hosts : []) all.push(await measureHosts(count, around))
  for (const { shape, count } of shapes) all.push(await measureShape(shape, count, around))
}
