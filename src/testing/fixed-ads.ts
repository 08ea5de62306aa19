/**
 * The simplest ADS that a real Envoy takes: it hands out a fixed set of resources in a safe order and tells what was
 * acknowledged. For tests of resources; the product's own server is src/xds.
 */
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import {
  assembleDeltaResponse,
  decodeDeltaRequest,
  type DeltaRequest,
  encodeResourceFrame,
} from '../envoy/discovery.ts'
import type { NamedResource } from '../envoy/resource.ts'
import { type XdsType, xdsTypeOfUrl, xdsTypeUrl } from '../envoy/types.ts'

type Stream = ServerDuplexStream<Buffer, Buffer>

const wildcardTypes: ReadonlySet<XdsType> = new Set(['cluster', 'listener', 'scoped-route'])
const method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'

/** Serves one Envoy. Construct it, `listen`, start the Envoy, await `settled`. */
export class FixedAds {
  readonly #server = new Server()
  readonly #resources: readonly NamedResource[]
  readonly #awaited: Set<NamedResource>
  readonly #sent = new Map<string, readonly NamedResource[]>()
  readonly #settled = Promise.withResolvers<void>()
  #stream: Stream | undefined
  #nonce = 0

  constructor(resources: readonly NamedResource[]) {
    this.#resources = resources
    this.#awaited = new Set(resources)
    this.#server.addService(definition, { stream: this.#accept } as UntypedServiceImplementation)
  }

  /** The port on 127.0.0.1. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      )
    })
  }

  /** Resolves when every resource was acknowledged; rejects with what Envoy said about the first that was refused. */
  settled(): Promise<void> {
    return this.#settled.promise
  }

  /** Sends one more resource, of a type that was asked for, and nothing else that it may need. */
  push(resource: NamedResource): void {
    const stream = this.#stream
    if (stream === undefined) throw new Error('no Envoy is connected')
    this.#send(stream, resource.type, [resource])
  }

  close(): void {
    this.#server.forceShutdown()
  }

  readonly #accept: handleBidiStreamingCall<Buffer, Buffer> = (stream) => {
    this.#stream = stream
    stream.on('data', (bytes: Buffer) => this.#take(stream, decodeDeltaRequest(bytes)))
    stream.on('end', () => stream.end())
    stream.on('error', () => {}) // Envoy was stopped.
  }

  #take(stream: Stream, request: DeltaRequest): void {
    const type = xdsTypeOfUrl(request.typeUrl)
    if (type === undefined) return
    if (request.responseNonce !== '') this.#acknowledged(stream, type, request)
    const isFirst = request.responseNonce === ''
    const names = new Set(request.resourceNamesSubscribe)
    const ofType = this.#resources.filter((resource) => resource.type === type)
    if (isFirst && wildcardTypes.has(type)) {
      this.#send(
        stream,
        type,
        ofType.filter((resource) => !this.#isHeldBack(resource)),
      )
    } else if (names.size > 0) {
      this.#send(
        stream,
        type,
        ofType.filter(({ name }) => names.has(name)),
      )
    }
  }

  #acknowledged(stream: Stream, type: XdsType, { responseNonce, errorDetail }: DeltaRequest): void {
    if (errorDetail) this.#settled.reject(new Error(`Envoy refused ${type}: ${errorDetail.message}`))
    for (const resource of this.#sent.get(responseNonce) ?? []) this.#awaited.delete(resource)
    this.#sent.delete(responseNonce)
    const held = this.#resources.filter(({ gate }) => gate === 'after-scopes')
    if (type === 'scoped-route' && held.every((resource) => !this.#isHeldBack(resource))) {
      this.#send(stream, 'listener', held)
    }
    if (this.#awaited.size === 0) this.#settled.resolve()
  }

  /** Ports that route by scopes wait for every scope. */
  #isHeldBack({ gate }: NamedResource): boolean {
    return gate === 'after-scopes' && [...this.#awaited].some(({ type }) => type === 'scoped-route')
  }

  #send(stream: Stream, type: XdsType, resources: readonly NamedResource[]): void {
    const nonce = String(++this.#nonce)
    this.#sent.set(nonce, resources)
    const frames = resources.map(encodeResourceFrame)
    stream.write(assembleDeltaResponse({ typeUrl: xdsTypeUrl(type), nonce, frames, removed: [] }))
  }
}

const identity = (bytes: Buffer) => bytes
const definition = {
  stream: {
    path: method,
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
} as const
