/** The control plane as it is measured: a process of its own that takes the commands of the bench. */
import { setImmediate as turn } from 'node:timers/promises'
import type { KubernetesObject } from '../src/api/kinds.ts'
import { parseObject } from '../src/api/parse.ts'
import { LivePipeline } from '../src/testing/live-pipeline.ts'
import {
  gatewayManifests,
  hostManifests,
  type Manifest,
  routeManifest,
  sliceManifest,
  type WorkloadOptions,
} from '../src/testing/workload.ts'
import { FileSource } from '../src/watch/file-source.ts'
import { noMetrics } from '../src/xds/metrics.ts'
import { countSentBytes, sentBytes } from './sent-bytes.ts'
import { serveSubject } from './serve-subject.ts'
import type { Driver, StartOptions } from './subject.ts'

const HOSTS_PER_TURN = 50

countSentBytes()

class ControlPlane implements Driver {
  readonly #waiting: (() => void)[] = []
  readonly #pipeline = new LivePipeline({
    metrics: {
      ...noMetrics,
      acked: () => {
        for (const resolve of this.#waiting.splice(0)) resolve()
      },
    },
  })
  #workload: WorkloadOptions | undefined

  async start({ workload, count, xdsPort, folder }: StartOptions): Promise<void> {
    this.#workload = workload
    const listening = this.#pipeline.server.listen(`127.0.0.1:${xdsPort}`)
    if (folder === undefined) await this.#inject(workload, count)
    else this.#follow(folder)
    await this.#pipeline.ready()
    await listening
  }

  edit(index: number, stamp: string): void {
    this.#set(routeManifest(this.#options, index, stamp))
  }

  setEndpoints(index: number, addresses: readonly string[]): void {
    this.#set(sliceManifest(this.#options, index, addresses))
  }

  nextAck(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  sentBytes(): number {
    return sentBytes()
  }

  get #options(): WorkloadOptions {
    if (this.#workload === undefined) throw new Error('not started')
    return this.#workload
  }

  /** As pages of a list arrive: some objects a turn. */
  async #inject(workload: WorkloadOptions, count: number): Promise<void> {
    for (const manifest of gatewayManifests(workload)) this.#set(manifest)
    for (let index = 0; index < count; index++) {
      for (const manifest of hostManifests(workload, index)) this.#set(manifest)
      if (index % HOSTS_PER_TURN === HOSTS_PER_TURN - 1) await turn()
    }
  }

  #follow(folder: string): void {
    const source = new FileSource({
      paths: [folder],
      onChange: ({ upserts, deletes }) => {
        for (const { object } of upserts) this.#pipeline.set(object)
        for (const ref of deletes) this.#pipeline.delete(ref)
      },
    })
    source.load()
    source.watch()
  }

  /** From the text of an event, as an API server sends it, to the graph. */
  #set(manifest: Manifest): void {
    const parsed = parseObject(JSON.parse(JSON.stringify(manifest)))
    if (!parsed.ok) throw new Error(parsed.error.map(({ field, message }) => `${field}: ${message}`).join('\n'))
    const object: KubernetesObject = parsed.value
    this.#pipeline.set(object)
  }
}

serveSubject(new ControlPlane())
