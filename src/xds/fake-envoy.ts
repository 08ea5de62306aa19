import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from '@grpc/grpc-js'
import { decodeDeltaResponse, type DeltaResponse, encodeDeltaRequest } from '../envoy/discovery.ts'
import { ownerUidField } from '../envoy/node-metadata.ts'
import type { NamedResource } from '../envoy/resource.ts'
import { type XdsType, xdsTypeOfUrl, xdsTypeUrl } from '../envoy/types.ts'

const service = '/envoy.service.discovery.v3.AggregatedDiscoveryService'
const plain = (bytes: Buffer) => bytes

/** Where the client connects and who it says it is. */
export interface FakeEnvoyOptions {
  readonly port: number
  /** `<namespace>/<name>` of the Gateway: node.cluster. */
  readonly gateway: string
  readonly nodeId?: string | undefined
  /** As its bootstrap says it. */
  readonly ownerUid?: string | undefined
  /** Sent as `authorization: Bearer`. */
  readonly token?: string | undefined
  /** TLS: the CA, and the name that the server's certificate must be for. Default: plain text. */
  readonly tls?: { readonly caPem: string; readonly serverName: string } | undefined
}

/** What a request asks for beside its type. */
export interface FakeRequest {
  readonly subscribe?: readonly string[] | undefined
  readonly unsubscribe?: readonly string[] | undefined
  readonly has?: readonly NamedResource[] | undefined
}

/** A scripted delta ADS client over real gRPC, for tests and benches. It serves nothing and answers as it is told. */
export class FakeEnvoy {
  readonly #options: FakeEnvoyOptions
  readonly #client: Client
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #responses: DeltaResponse[] = []
  readonly #ended = Promise.withResolvers<StatusObject>()
  readonly #awaiting: { readonly type: XdsType; readonly resolve: (response: DeltaResponse) => void }[] = []
  #isFirst = true
  #autoAnswer: ((response: DeltaResponse) => string | undefined) | undefined

  constructor(options: FakeEnvoyOptions, method = 'DeltaAggregatedResources') {
    this.#options = options
    const { token, tls } = options
    const channel = tls === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(tls.caPem))
    this.#client = new Client(`127.0.0.1:${options.port}`, channel, {
      ...(tls && { 'grpc.ssl_target_name_override': tls.serverName }),
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc.use_local_subchannel_pool': 1,
    })
    this.#stream = this.#client.makeBidiStreamRequest(`${service}/${method}`, plain, plain, headersOf(token))
    this.#stream.on('data', (bytes: Buffer) => this.#take(decodeDeltaResponse(bytes)))
    this.#stream.on('status', (status) => this.#ended.resolve(status))
    this.#stream.on('error', () => {}) // The status says it.
  }

  /** Resolves with the status when the server has ended the stream. */
  get ended(): Promise<StatusObject> {
    return this.#ended.promise
  }

  /** Sends a request of a type. The first one of the stream carries the node. */
  request(type: XdsType, { subscribe, unsubscribe, has = [] }: FakeRequest = {}): void {
    const initialResourceVersions = Object.fromEntries(has.map(({ name, version }) => [name, version]))
    const names = { resourceNamesSubscribe: subscribe, resourceNamesUnsubscribe: unsubscribe }
    this.#send({ typeUrl: xdsTypeUrl(type), ...names, initialResourceVersions })
  }

  /** Writes bytes that need not be a request. */
  writeRaw(bytes: Buffer): void {
    this.#stream.write(bytes)
  }

  /** The next response of a type that was not asked for yet. */
  next(type: XdsType): Promise<DeltaResponse> {
    const index = this.#responses.findIndex((response) => xdsTypeOfUrl(response.typeUrl) === type)
    const [response] = index < 0 ? [] : this.#responses.splice(index, 1)
    if (response !== undefined) return Promise.resolve(response)
    return new Promise((resolve) => this.#awaiting.push({ type, resolve }))
  }

  /** Acknowledges, or with `error` refuses, a response. */
  answer({ typeUrl, nonce }: DeltaResponse, error?: string): void {
    this.#send({
      typeUrl,
      responseNonce: nonce,
      ...(error === undefined ? {} : { errorDetail: { code: 13, message: error } }),
    })
  }

  /** From now on answers every response at once: `judge` returns the complaint, or undefined for an ACK. */
  answerAll(judge: (response: DeltaResponse) => string | undefined = () => undefined): void {
    this.#autoAnswer = judge
    for (const response of this.#responses.splice(0)) this.answer(response, judge(response))
  }

  /** Stops to read, as a client that hangs does. */
  pause(): void {
    this.#stream.pause()
  }

  close(): void {
    this.#stream.cancel()
    this.#client.close()
  }

  #take(response: DeltaResponse): void {
    if (this.#autoAnswer !== undefined) this.answer(response, this.#autoAnswer(response))
    const type = xdsTypeOfUrl(response.typeUrl)
    const index = this.#awaiting.findIndex((awaiting) => awaiting.type === type)
    const [awaiting] = index < 0 ? [] : this.#awaiting.splice(index, 1)
    if (awaiting !== undefined) awaiting.resolve(response)
    else if (this.#autoAnswer === undefined) this.#responses.push(response)
  }

  #send(request: Parameters<typeof encodeDeltaRequest>[0]): void {
    const { gateway, nodeId = 'fake', ownerUid } = this.#options
    const node = {
      id: nodeId,
      cluster: gateway,
      metadata: ownerUid === undefined ? undefined : { fields: { [ownerUidField]: { stringValue: ownerUid } } },
      userAgentName: 'envoy',
      userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 0 } },
    }
    this.#stream.write(encodeDeltaRequest(this.#isFirst ? { ...request, node } : request))
    this.#isFirst = false
  }
}

function headersOf(token: string | undefined): Metadata {
  const headers = new Metadata()
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  return headers
}
