/**
 * Runs the tests that need Kubernetes: those with an API server alone, then those with Fairlead in a cluster, which is
 * started for them and removed after them. Ends with the line `N passed, N failed`.
 *
 *   npm run e2e -- [--provider bare|kind|k3s] [--id NAME] [--keep] [words that the path of a test file holds]
 *
 * With --keep the cluster goes on running, and is taken as it is by the next run with --keep.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { environmentOf } from './cluster/facts.ts'
import { chooseProvider } from './cluster/choose.ts'
import type { Cluster, ClusterProvider, Step } from './cluster/provider.ts'
import { printedStep, printReasons } from './cluster/steps.ts'
import { install, loadImages } from './install.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
}

const running = new Set<ChildProcess>()

/** Runs vitest on a terminal of its own kind and reads its last line. A run that has none counts as one failure. */
function runTests(
  project: 'kube' | 'cluster',
  filters: readonly string[],
  { enter, env }: { readonly enter: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<Counts> {
  const tests = join(import.meta.dirname, '..', 'tools', 'run-tests.ts')
  const [program = '', ...args] = [...enter, process.execPath, tests, `--project=${project}`, ...filters]
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn(program, args, {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, ...color, ...env },
  })
  running.add(child)
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    tail = (tail + text).slice(-500)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      running.delete(child)
      const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(tail) ?? [undefined, '0', '1']
      resolve({ passed: Number(passed), failed: Number(failed) })
    })
  })
}

async function clusterFor(provider: ClusterProvider, id: string, isKept: boolean, step: Step): Promise<Cluster> {
  const found = isKept ? await provider.find(id) : undefined
  return found ?? (await provider.start(id, step))
}

async function runInCluster(
  provider: ClusterProvider,
  id: string,
  isKept: boolean,
  filters: readonly string[],
): Promise<Counts> {
  try {
    const cluster = await clusterFor(provider, id, isKept, printedStep)
    await loadImages(cluster, printedStep)
    await install(cluster, printedStep)
    return await runTests('cluster', filters, { enter: cluster.enter, env: environmentOf(cluster) })
  } finally {
    if (!isKept) await printedStep('tear-down', () => provider.remove(id))
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      provider: { type: 'string' },
      id: { type: 'string', default: 'e2e' },
      keep: { type: 'boolean', default: false },
    },
  })
  const { id, keep } = values
  const provider = await chooseProvider(values.provider)
  console.error(`cluster "${id}" by provider ${provider.name}`)
  const interrupted = async (signal: NodeJS.Signals) => {
    for (const child of running) child.kill(signal)
    if (!keep) await provider.remove(id)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted).once('SIGHUP', interrupted)
  const alone = await printedStep('tests with an API server', () =>
    runTests('kube', positionals, { enter: [], env: {} }),
  )
  const inside = await runInCluster(provider, id, keep, positionals)
  const [passed, failed] = [alone.passed + inside.passed, alone.failed + inside.failed]
  if (failed > 0) process.exitCode = 1
  console.log(`\n${passed} passed, ${failed} failed`)
}

try {
  await main()
} catch (error) {
  printReasons(error)
  console.log('\n0 passed, 1 failed')
  process.exitCode = 1
}
