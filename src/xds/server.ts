import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { setTimeout as delay } from 'node:timers/promises'
import { FairTurns } from '../lib/fair-turns.ts'
import { type Logger, silentLogger } from '../lib/logger.ts'
import { type Authenticate, logIn, type ProxyIdentity } from './authenticate.ts'
import type { Feedback } from './feedback.ts'
import { defaultLimits, type StreamLimits } from './limits.ts'
import { noMetrics, type XdsMetrics } from './metrics.ts'
import { RefusalLog } from './refusal-log.ts'
import { DeltaSession, type ProxyProgress, type SessionShared } from './session.ts'
import type { ResourceStore } from './store.ts'

/** What the server needs, and what may be set otherwise in tests. */
export interface XdsServerOptions {
  readonly store: ResourceStore
  readonly feedback: Feedback
  readonly logger?: Logger | undefined
  readonly metrics?: XdsMetrics | undefined
  readonly limits?: Partial<StreamLimits> | undefined
  /** A client that takes nothing for so long is cut off. Default: 30 s. */
  readonly writeTimeoutMs?: number | undefined
  /** How long a client waits for its Gateway, or for the first configuration, before it is turned away. Default: 15 s. */
  readonly unknownGatewayWaitMs?: number | undefined
  /** How many proxies get their first configuration at once, and how long one of them may take. Default: 32, 1 s. */
  readonly firstSyncs?: { readonly concurrent: number; readonly maxMs: number } | undefined
  /** Default: plain text, for loopback only. */
  readonly credentials?: ServerCredentials | undefined
  /** Asked once for every stream, before it is read. Default: everybody may have everything, for loopback only. */
  readonly authenticate?: Authenticate | undefined
}

/** Time in which proxies take in that their streams end. */
const farewellMs = 500
const mebibyte = 1024 * 1024
const maxStreamsOfPod = 4
const maxStreamsOfAccount = 64
/** Proxies that wait for their first configuration. */
const maxWaiting = 20_000
const servicePath = '/envoy.service.discovery.v3.AggregatedDiscoveryService'

/** Messages stay bytes on both sides: they are encoded once, elsewhere. */
const rawStream = {
  requestStream: true,
  responseStream: true,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const

const service: ServiceDefinition = {
  deltaAggregatedResources: { path: `${servicePath}/DeltaAggregatedResources`, ...rawStream },
  streamAggregatedResources: { path: `${servicePath}/StreamAggregatedResources`, ...rawStream },
}

/** Serves the store to proxies over delta ADS. */
export class XdsServer {
  readonly #server: Server
  readonly #shared: SessionShared
  readonly #sessions = new Set<DeltaSession>()
  /** By pod, or by service account where that is all that is known. */
  readonly #streamsOf = new Map<string, Set<DeltaSession>>()
  readonly #authenticate: Authenticate | undefined
  readonly #credentials: ServerCredentials

  constructor(options: XdsServerOptions) {
    this.#shared = sharedOf(options)
    this.#authenticate = options.authenticate
    this.#server = new Server(channelOptions)
    this.#server.addService(service, this.#implementation())
    this.#credentials = options.credentials ?? ServerCredentials.createInsecure()
    options.store.onGone((gateway, type, name) => options.feedback.gone({ gateway, type, name }))
  }

  /** Begins to serve on `host:port`; port 0 picks a free one. */
  async listen(address: string): Promise<{ readonly port: number }> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, this.#credentials, (error, bound) => {
        if (error === null) resolve(bound)
        else reject(new Error(`xDS cannot listen on ${address}: ${error.message}`, { cause: error }))
      })
    })
    this.#shared.logger.info({ address, port }, 'xds listens')
    return { port }
  }

  /** Ends every stream and stops to listen. Proxies keep what they have and connect again when they can. */
  async close(): Promise<void> {
    for (const session of [...this.#sessions]) session.close(status.UNAVAILABLE, 'the control plane is stopping')
    // Cut at once, proxies would be told that a connection broke, and not why.
    const ended = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()))
    const waiting = new AbortController()
    await Promise.race([ended, delay(farewellMs, undefined, { signal: waiting.signal })])
    waiting.abort()
    this.#server.forceShutdown()
  }

  /** The proxies that are served now. */
  proxies(): readonly ProxyProgress[] {
    return [...this.#sessions].flatMap((session) => session.progress ?? [])
  }

  #implementation(): UntypedServiceImplementation {
    return {
      deltaAggregatedResources: (call: ServerDuplexStream<Buffer, Buffer>) => {
        if (this.#authenticate === undefined) this.#begin(call, undefined)
        else this.#admit(call, this.#authenticate).catch((error: unknown) => this.#fail(call, error))
      },
      streamAggregatedResources: (call: ServerDuplexStream<Buffer, Buffer>) => {
        const details = 'state-of-the-world ADS is not served; set api_type: DELTA_GRPC in ads_config'
        call.emit('error', { code: status.UNIMPLEMENTED, details })
      },
    }
  }

  async #admit(call: ServerDuplexStream<Buffer, Buffer>, authenticate: Authenticate): Promise<void> {
    const identity = await logIn(call, authenticate, this.#shared.refusals)
    if (identity !== undefined) this.#begin(call, identity)
  }

  #fail(call: ServerDuplexStream<Buffer, Buffer>, error: unknown): void {
    this.#shared.logger.error({ err: error }, 'a login ended in an error')
    call.emit('error', { code: status.INTERNAL, details: 'the login could not be checked' })
  }

  #begin(call: ServerDuplexStream<Buffer, Buffer>, identity: ProxyIdentity | undefined): void {
    const onEnd = () => {
      this.#sessions.delete(session)
      leave()
      this.#shared.metrics.streams(this.#sessions.size)
    }
    const session: DeltaSession = new DeltaSession(call, this.#shared, { identity, onEnd })
    const leave = identity === undefined ? () => {} : this.#join(session, identity)
    this.#sessions.add(session)
    this.#shared.metrics.streams(this.#sessions.size)
  }

  /** A pod that comes back before its old stream is known to be dead takes its place; one that opens many has the last few. */
  #join(session: DeltaSession, { name, nodeId }: ProxyIdentity): () => void {
    const [owner, most] = nodeId === undefined ? [name, maxStreamsOfAccount] : [nodeId, maxStreamsOfPod]
    const streams = this.#streamsOf.get(owner) ?? new Set()
    this.#streamsOf.set(owner, streams.add(session))
    const [oldest] = streams
    if (streams.size > most) oldest?.close(status.ABORTED, `${owner} has opened another stream`)
    return () => {
      streams.delete(session)
      if (streams.size === 0 && this.#streamsOf.get(owner) === streams) this.#streamsOf.delete(owner)
    }
  }
}

function sharedOf(options: XdsServerOptions): SessionShared {
  const logger = options.logger ?? silentLogger()
  const now = () => performance.now()
  const { firstSyncs = { concurrent: 32, maxMs: 1_000 } } = options
  return {
    store: options.store,
    feedback: options.feedback,
    logger,
    refusals: new RefusalLog(logger, now),
    unread: { bytes: 0 },
    firstSyncs: new FairTurns({ concurrent: firstSyncs.concurrent, waitingEach: maxWaiting, waitingAll: maxWaiting }),
    firstSyncMs: firstSyncs.maxMs,
    metrics: options.metrics ?? noMetrics,
    limits: { ...defaultLimits, ...options.limits },
    now,
    nextSalt: saltSequence(Date.now()),
    writeTimeoutMs: options.writeTimeoutMs ?? 30_000,
    unknownGatewayWaitMs: options.unknownGatewayWaitMs ?? 15_000,
  }
}

/** Salts that no earlier run of the control plane has used: Envoy remembers bytes for as long as it runs. */
function saltSequence(startedMs: number): () => string {
  const run = startedMs.toString(36)
  let count = 0
  return () => `${run}.${(++count).toString(36)}`
}

const channelOptions = {
  // A proxy opens one; a client that opens none, or hundreds, is no proxy.
  'grpc.max_concurrent_streams': 16,
  'grpc.max_connection_idle_ms': 60_000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 64 * mebibyte,
  'grpc.max_send_message_length': 64 * mebibyte,
  'grpc-node.max_session_memory': 64,
}
