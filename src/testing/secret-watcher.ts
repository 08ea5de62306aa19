/** A process that watches the Secrets of a cluster and prints, for each that it is told of, what it costs. */
import { kinds } from '../api/kinds.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { connectCluster } from '../watch/client.ts'
import type { KubeClient, KubeStream } from '../watch/kube-client.ts'
import { KubeSource } from '../watch/kube-source.ts'
import { LiveObjects } from '../watch/live-objects.ts'

/** One line of what it prints. */
export interface SecretWatcherLine {
  /** `synced`, or the key of an object. */
  readonly event: string
  /** Resident memory after a garbage collection. */
  readonly rssBytes: number
  /** Bytes of all watches so far. */
  readonly watchedBytes: number
}

const connected = await connectCluster({ kubeconfig: process.argv[2], logger: silentLogger() })
if (!connected.ok) throw new Error(connected.error)
const client = connected.value
let watchedBytes = 0

async function* counted(stream: KubeStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    watchedBytes += chunk.length
    yield chunk
  }
}

const counting: KubeClient = {
  send: async (request) => {
    const answer = await client.send(request)
    watchedBytes += JSON.stringify(answer).length
    return answer
  },
  open: async (request) => {
    const stream = await client.open(request)
    return { [Symbol.asyncIterator]: () => counted(stream), close: () => stream.close() }
  },
  close: () => client.close(),
}

function print(event: string): void {
  globalThis.gc?.()
  const line: SecretWatcherLine = { event, rssBytes: process.memoryUsage.rss(), watchedBytes }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const source = new KubeSource({
  client: counting,
  kinds: kinds.filter(({ kind }) => kind === 'Secret'),
  live: new LiveObjects(),
  onObject: (_, key) => print(key),
  onDelete: () => {},
  onNotice: () => {},
  onCrds: () => {},
  logger: silentLogger(),
  metrics: createMetrics(),
})
source.start()
await source.synced
print('synced')
