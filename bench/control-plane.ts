/** The control plane as it is measured, with its own Envoy: a process that takes the commands of the bench. */
import { setImmediate as turn } from 'node:timers/promises'
import type { KubernetesObject } from '../src/api/kinds.ts'
import { parseObject } from '../src/api/parse.ts'
import { LocalFleet } from '../src/infra/local-fleet.ts'
import { silentLogger } from '../src/lib/logger.ts'
import { releaseMemory } from '../src/release-memory.ts'
import { LivePipeline } from '../src/testing/live-pipeline.ts'
import {
  gatewayManifests,
  hostManifests,
  type Manifest,
  routeManifest,
  sliceManifest,
  type WorkloadOptions,
} from '../src/testing/workload.ts'
import { overloadDefaults, statsInclusion } from '../src/translate/edge-defaults.ts'
import { countSentBytes, sentBytes } from './sent-bytes.ts'
import { serveSubject } from './serve-subject.ts'
import type { Driver, StartOptions } from './subject.ts'

/** A page of a list is 500 objects. */
const HOSTS_PER_TURN = 166
const LEAST_ADMIN_PORT = 19_500
const START_TIMEOUT_MS = 300_000

countSentBytes()

class ControlPlane implements Driver {
  #running:
    | { readonly pipeline: LivePipeline; readonly fleet: LocalFleet; readonly workload: WorkloadOptions }
    | undefined

  async start({ workload, count, xdsPort, folder, envoy }: StartOptions): Promise<void> {
    const pipeline = new LivePipeline({ paths: folder === undefined ? [] : [folder] })
    const fleet = runFleet(pipeline, envoy, xdsPort)
    this.#running = { pipeline, fleet, workload }
    await pipeline.listen(xdsPort)
    if (folder === undefined) await inject(pipeline, workload, count)
    else pipeline.translation.files.load()
    await pipeline.ready()
    if (folder !== undefined) pipeline.translation.files.watch()
    for (const [, infra] of pipeline.translation.outputs.infra.entries()) await fleet.set(infra.gateway, infra)
    releaseWhenServed(pipeline).catch(report)
  }

  edit(index: number, stamp: string): void {
    const { pipeline, workload } = this.#started
    pipeline.set(parse(routeManifest(workload, index, stamp)))
  }

  setEndpoints(index: number, addresses: readonly string[]): void {
    const { pipeline, workload } = this.#started
    pipeline.set(parse(sliceManifest(workload, index, addresses)))
  }

  nextAck(): Promise<void> {
    const { pipeline } = this.#started
    return pipeline.ackedMoreThan(pipeline.acked)
  }

  sentBytes(): number {
    return sentBytes()
  }

  envoyPid(): number {
    return this.#started.fleet.members[0]?.pid ?? 0
  }

  async stop(): Promise<void> {
    await this.#running?.fleet.stop()
  }

  get #started() {
    if (this.#running === undefined) throw new Error('not started')
    return this.#running
  }
}

/** The Envoy of each Gateway, as `fairlead up` runs it. */
function runFleet({ translation }: LivePipeline, binary: string, xdsPort: number): LocalFleet {
  const fleet = new LocalFleet({
    binary,
    concurrency: 1,
    xds: { host: '127.0.0.1', port: xdsPort },
    stats: statsInclusion,
    limits: overloadDefaults,
    firstAdminPort: LEAST_ADMIN_PORT,
    logger: silentLogger(),
  })
  const { graph, outputs } = translation
  graph.observe(outputs.infra)
  graph.onEpoch((epoch) => {
    for (const { before, after } of epoch.changes(outputs.infra).values()) {
      const gateway = (after ?? before)?.gateway
      if (gateway !== undefined) fleet.set(gateway, after).catch(report)
    }
  })
  return fleet
}

/** As `fairlead up` does once it serves. */
async function releaseWhenServed({ deliverer }: LivePipeline): Promise<void> {
  if (await deliverer.until(() => deliverer.notReady() === undefined, START_TIMEOUT_MS)) releaseMemory()
}

function report(error: unknown): void {
  process.stderr.write(`the control plane failed: ${String(error)}\n`)
}

/** As the pages of a list arrive: some objects a turn. */
async function inject(pipeline: LivePipeline, workload: WorkloadOptions, count: number): Promise<void> {
  for (const manifest of gatewayManifests(workload)) pipeline.set(parse(manifest))
  for (let index = 0; index < count; index++) {
    for (const manifest of hostManifests(workload, index)) pipeline.set(parse(manifest))
    if (index % HOSTS_PER_TURN === HOSTS_PER_TURN - 1) await turn()
  }
}

/** From the text of an event, as an API server sends it, to the object. */
function parse(manifest: Manifest): KubernetesObject {
  const parsed = parseObject(JSON.parse(JSON.stringify(manifest)))
  if (parsed.ok) return parsed.value
  throw new Error(parsed.error.map(({ field, message }) => `${field}: ${message}`).join('\n'))
}

serveSubject(new ControlPlane())
