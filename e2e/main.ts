/**
 * Runs the tests that need Kubernetes: those with an API server alone, then those with Fairlead in a cluster, which is
 * started for them and removed after them. Ends with the line `N passed, N failed`.
 *
 *   npm run e2e -- [--provider bare|kind|k3s] [--id NAME] [--keep] [words that the path of a test file holds]
 *
 * With --keep the cluster goes on running, and is taken as it is by the next run with --keep.
 */
import { parseArgs } from 'node:util'
import { chooseProvider } from './cluster/choose.ts'
import { environmentOf } from './cluster/facts.ts'
import type { Cluster, ClusterProvider } from './cluster/provider.ts'
import { printedStep, printReasons } from './cluster/steps.ts'
import { install, loadImages } from './install.ts'
import { claimCluster } from './owner.ts'
import { type Counts, hasTests, runTests, stopTests } from './test-run.ts'
import { keepTraces } from './traces.ts'

interface ClusterChoice {
  readonly provider: ClusterProvider
  readonly id: string
  readonly isKept: boolean
}

/** Counts a cluster that cannot be had, or Fairlead that does not start in it, as one failure. */
async function runInCluster(choice: ClusterChoice, words: readonly string[]): Promise<Counts> {
  const { provider, id, isKept } = choice
  console.error(`cluster "${id}" by provider ${provider.name}`)
  try {
    const found = isKept ? await provider.find(id) : undefined
    return await runWith(found ?? (await provider.start(id, printedStep)), words)
  } catch (error) {
    printReasons(error)
    return { passed: 0, failed: 1 }
  } finally {
    if (!isKept) await printedStep('tear-down', () => provider.remove(id))
  }
}

async function runWith(cluster: Cluster, words: readonly string[]): Promise<Counts> {
  let hasPassed = false
  try {
    await loadImages(cluster, printedStep)
    await install(cluster, printedStep)
    const environment = { enter: cluster.enter, env: environmentOf(cluster) }
    const counts = await printedStep('tests in the cluster', () => runTests('cluster', words, environment))
    hasPassed = counts.failed === 0
    return counts
  } finally {
    if (!hasPassed) console.error(`what the cluster tells of the failure is in ${await keepTraces(cluster)}`)
  }
}

/** A signal ends the tests and removes the cluster before it ends this process. */
function removeOnSignal({ provider, id, isKept }: ClusterChoice): void {
  const interrupted = async (signal: NodeJS.Signals) => {
    stopTests()
    if (!isKept) await provider.remove(id)
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted).once('SIGHUP', interrupted)
}

async function main(): Promise<void> {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: {
      provider: { type: 'string' },
      id: { type: 'string', default: 'e2e' },
      keep: { type: 'boolean', default: false },
    },
  })
  const choice = { provider: await chooseProvider(values.provider), id: values.id, isKept: values.keep }
  if (hasTests('cluster', words)) claimCluster(choice.id)
  removeOnSignal(choice)
  const counts = [await printedStep('tests with an API server', () => runTests('kube', words))]
  if (hasTests('cluster', words)) counts.push(await runInCluster(choice, words))
  const passed = counts.reduce((sum, count) => sum + count.passed, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, 0)
  if (failed > 0 || passed === 0) process.exitCode = 1
  console.log(`\n${passed} passed, ${failed} failed`)
}

try {
  await main()
} catch (error) {
  printReasons(error)
  console.log('\n0 passed, 1 failed')
  process.exitCode = 1
}
