/**
 * Measures the control plane of a cluster with a real API server and one real Envoy, prints the figures and writes them
 * down. It has no targets: most of the time is the API server's.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { setup } from '../e2e/kube-setup.ts'
import { envoyBinary } from '../src/testing/envoy-binary.ts'
import { type ClusterBenchOptions, type ClusterFigures, measureCluster } from './cluster/figures.ts'
import { renderCluster } from './cluster/report.ts'
import { describeMachine, loadNow } from './machine.ts'

const { values } = parseArgs({
  options: {
    routes: { type: 'string', default: '1000,5000' },
    edits: { type: 'string', default: '50' },
    changes: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    proxies: { type: 'string', default: '200' },
    profile: { type: 'string' },
    json: { type: 'string' },
  },
})

await setup()
const envoy = envoyBinary()
const begunAt = new Date().toISOString()
const before = loadNow()
const backend = fork(join(import.meta.dirname, 'backend.ts'))
const [address]: readonly unknown[] = await once(backend, 'message')
const options: ClusterBenchOptions = {
  envoy,
  backendPort: Number(Object(address).port),
  edits: Number(values.edits),
  changesPerSecond: Number(values.changes),
  seconds: Number(values.seconds),
  proxies: Number(values.proxies),
  profile: values.profile,
  say: (text) => process.stderr.write(`${text}\n`),
}
const figures: ClusterFigures[] = []
try {
  for (const routes of values.routes.split(',').map(Number)) figures.push(await measureCluster(routes, options))
} finally {
  backend.disconnect()
}
const machine = describeMachine(envoy)
const load = { before, after: loadNow() }
process.stdout.write(`\n${renderCluster(figures)}\n\n`)
process.stdout.write(`${machine.cpu}, ${machine.cores} cores, load ${load.before[0]} -> ${load.after[0]}\n`)
const file = values.json ?? join(import.meta.dirname, 'results', `cluster-${begunAt.replaceAll(':', '-')}.json`)
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, `${JSON.stringify({ begunAt, machine, load, figures }, undefined, 2)}\n`)
process.stdout.write(`written to ${file}\n`)
process.exit()
