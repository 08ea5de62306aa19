/**
 * Runs the official Gateway API conformance suite against Fairlead in a cluster that is started for it, and writes the
 * official report and conformance/summary.json. Ends with the line `N passed, N failed`.
 *
 *   npm run conformance -- [--profile NAME]... [--run TEST,TEST] [--provider NAME] [--id NAME] [--keep] [--parallel N]
 *
 * With --keep the cluster goes on running, and is taken as it is by the next run with --keep.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseProvider } from '../cluster/choose.ts'
import { environmentOf } from '../cluster/facts.ts'
import type { Channel } from '../cluster/gateway-api.ts'
import { cacheFolder } from '../cluster/programs.ts'
import type { Cluster, ClusterProvider } from '../cluster/provider.ts'
import { printedStep, printReasons } from '../cluster/steps.ts'
import { install, loadImages } from '../install.ts'
import { ensureSuite, suiteVersion } from './suite.ts'
import { type ConformanceSummary, type Membership, summarize } from './summary.ts'

const root = join(import.meta.dirname, '..', '..')
const channel: Channel = 'experimental'
/** What is served so far; a profile is added with its route kind. */
const servedProfiles = ['GATEWAY-HTTP']
/** Outside of the pool that LoadBalancer Services get addresses from by themselves, but granted when asked for. */
const usableAddress = '10.89.1.200'
/** Of a network that nobody routes (RFC 5737). */
const unusableAddress = '192.0.2.1'
/** Tests mostly wait: more of them at once than cores. */
const defaultParallel = '8'
const timeout = '30m'

interface RunOptions {
  readonly profiles: readonly string[]
  /** Empty: all. */
  readonly tests: readonly string[]
  readonly parallel: string
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string', multiple: true, default: [] },
      run: { type: 'string', default: '' },
      provider: { type: 'string' },
      id: { type: 'string', default: 'conformance' },
      keep: { type: 'boolean', default: false },
      parallel: { type: 'string', default: defaultParallel },
    },
  })
  const provider = await chooseProvider(values.provider)
  const tests = values.run.split(',').filter((name) => name !== '')
  const profiles = values.profile.length > 0 ? values.profile : servedProfiles
  const program = await printedStep('suite', ensureSuite)
  removeWhenInterrupted(provider, values.id, values.keep)
  let summary: ConformanceSummary
  try {
    const found = values.keep ? await provider.find(values.id) : undefined
    const cluster = found ?? (await provider.start(values.id, printedStep))
    await loadImages(cluster, printedStep)
    await install(cluster, printedStep)
    summary = await runSuite(program, cluster, { profiles, tests, parallel: values.parallel })
  } finally {
    if (!values.keep) await printedStep('tear-down', () => provider.remove(values.id))
  }
  // A part of the tests says nothing about conformance.
  if (tests.length === 0) write(join(root, 'conformance', 'summary.json'), summary)
  tell(summary)
}

function removeWhenInterrupted(provider: ClusterProvider, id: string, isKept: boolean): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      if (!isKept) await provider.remove(id)
      process.exit(signal === 'SIGINT' ? 130 : 143)
    })
  }
}

async function runSuite(program: string, cluster: Cluster, options: RunOptions): Promise<ConformanceSummary> {
  const work = join(cacheFolder(), 'conformance-run')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const membership = join(work, 'membership.json')
  const report = options.tests.length > 0 ? join(work, 'report.yaml') : reportFile()
  mkdirSync(dirname(report), { recursive: true })
  const startedMs = performance.now()
  const args = suiteArguments(options, { membership, report })
  const output = await printed(cluster, [program, ...args], join(work, 'output.log'))
  return summarize(output, JSON.parse(readFileSync(membership, 'utf8')) as Membership, {
    suite: suiteVersion(),
    channel,
    profiles: options.profiles,
    seconds: Math.round((performance.now() - startedMs) / 1000),
  })
}

function reportFile(): string {
  return join(root, 'conformance', 'reports', `${channel}-${suiteVersion()}-fairlead-${ownVersion()}-report.yaml`)
}

function ownVersion(): string {
  const file: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return typeof file === 'object' && file !== null && 'version' in file ? `v${String(file.version)}` : 'unknown'
}

/** Without --supported-features the suite tests what the GatewayClass claims. */
function suiteArguments(
  { profiles, tests, parallel }: RunOptions,
  paths: { readonly membership: string; readonly report: string },
): readonly string[] {
  return [
    '-test.v',
    `-test.run=^TestConformance$${tests.length === 0 ? '' : `/^(${tests.join('|')})$`}`,
    `-test.parallel=${parallel}`,
    `-test.timeout=${timeout}`,
    `-membership-output=${paths.membership}`,
    `-report-output=${paths.report}`,
    '-gateway-class=fairlead',
    `-conformance-profiles=${profiles.join(',')}`,
    `-usable-address=${usableAddress}`,
    `-unusable-address=${unusableAddress}`,
    '-organization=fairlead',
    '-project=fairlead',
    '-url=https://fairlead.dev',
    `-version=${ownVersion()}`,
    '-contact=https://fairlead.dev/contact',
  ]
}

/** Everything goes to the log file; of it the ends of tests, and what a failed one says, are printed. */
async function printed(cluster: Cluster, command: readonly string[], logFile: string): Promise<string> {
  const [program = '', ...args] = [...cluster.enter, ...command]
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environmentOf(cluster) },
  })
  const log = createWriteStream(logFile)
  console.error(`the suite's whole output: ${logFile}`)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    log.write(text)
  })
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  log.end()
  return output
}

function write(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

function tell({ profiles, otherTests, failedTests, seconds }: ConformanceSummary): void {
  const rows = Object.entries(profiles).flatMap(([name, { core, extended }]) => [
    { part: `${name} core`, ...core },
    { part: `${name} extended`, ...extended },
  ])
  const parts = [...rows, { part: 'tests of no profile', ...otherTests }]
  for (const { part, passed, failed, skipped } of parts) {
    console.log(`${part}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  }
  for (const name of failedTests) console.log(`FAILED ${name}`)
  console.log(`${seconds} s`)
  const passed = parts.reduce((sum, part) => sum + part.passed, 0)
  if (failedTests.length > 0 || passed === 0) process.exitCode = 1
  console.log(`\n${passed} passed, ${passed === 0 ? Math.max(1, failedTests.length) : failedTests.length} failed`)
}

try {
  await main()
} catch (error) {
  printReasons(error)
  console.log('\n0 passed, 1 failed')
  process.exitCode = 1
}
