/**
 * What Fairlead is compared with in the same run: the same routes in one RouteConfiguration that is sent whole for
 * every edit, as gateways do that know no scopes. As cheap as such a server can be: virtual hosts are encoded once.
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
  type DeltaRequest,
  decodeDeltaRequest,
  encodeResourceFrame,
} from '../src/envoy/discovery.ts'
import { decodeMessage, encodeMessage } from '../src/envoy/encode.ts'
import { type NamedResource, resourceOfBytes } from '../src/envoy/resource.ts'
import { type XdsType, xdsTypeOfUrl, xdsTypeUrl } from '../src/envoy/types.ts'
import { mustParse, type PipelineRig, pipelineRig } from '../src/testing/pipeline-rig.ts'
import {
  gatewayManifests,
  hostManifests,
  routeManifest,
  sliceManifest,
  type WorkloadOptions,
} from '../src/testing/workload.ts'
import { countSentBytes, sentBytes } from './sent-bytes.ts'
import { serveSubject } from './serve-subject.ts'
import type { Driver, StartOptions } from './subject.ts'
import { startTableEnvoy, type TableEnvoy, tableName } from './table-envoy.ts'

type Stream = ServerDuplexStream<Buffer, Buffer>

const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
const bytesAsTheyAre = (bytes: Buffer) => bytes

countSentBytes()

class PlainTable implements Driver {
  /** Encoded virtual hosts by scope, in the form in which they stand in the table. */
  readonly #hosts = new Map<string, Uint8Array>()
  readonly #waiting: (() => void)[] = []
  readonly #streams = new Set<Stream>()
  readonly #rig: PipelineRig = pipelineRig({ checkPurity: false })
  #workload: WorkloadOptions | undefined
  #envoy: TableEnvoy | undefined
  #nonce = 0

  async start({ workload, count, xdsPort, envoy }: StartOptions): Promise<void> {
    this.#workload = workload
    this.#rig.graph.observe(this.#rig.outputs.resources)
    for (const manifest of gatewayManifests(workload)) this.#rig.set(mustParse(manifest))
    for (let index = 0; index < count; index++) {
      for (const manifest of hostManifests(workload, index)) this.#rig.set(mustParse(manifest))
    }
    this.#translate()
    await this.#listen(xdsPort)
    this.#envoy = await startTableEnvoy({ binary: envoy, xdsPort, port: workload.port })
  }

  edit(index: number, stamp: string): void {
    if (this.#workload === undefined) throw new Error('not started')
    this.#rig.set(mustParse(routeManifest(this.#workload, index, stamp)))
    this.#translate()
    for (const stream of this.#streams) this.#send(stream, 'route', [this.#table()])
  }

  setEndpoints(index: number, addresses: readonly string[]): void {
    if (this.#workload === undefined) throw new Error('not started')
    this.#rig.set(mustParse(sliceManifest(this.#workload, index, addresses)))
  }

  nextAck(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  sentBytes(): number {
    return sentBytes()
  }

  envoyPid(): number {
    return this.#envoy?.pid ?? 0
  }

  async stop(): Promise<void> {
    await this.#envoy?.stop()
  }

  /** Takes over the virtual hosts of the scopes that changed. */
  #translate(): void {
    const epoch = this.#rig.graph.flush()
    for (const { after } of epoch?.changes(this.#rig.outputs.resources).values() ?? []) {
      if (after?.resource.type !== 'scoped-route' || after.resource.name.endsWith('|/')) continue
      const scope = decodeMessage('envoy.config.route.v3.ScopedRouteConfiguration', after.resource.bytes)
      const { virtualHosts } = scope.routeConfiguration ?? {}
      this.#hosts.set(scope.name, encodeMessage('envoy.config.route.v3.RouteConfiguration', { virtualHosts }))
    }
  }

  /** Fields of a message may come in any order, so encoded parts of one are put together by joining them. */
  #table(): NamedResource {
    const name = encodeMessage('envoy.config.route.v3.RouteConfiguration', { name: tableName })
    return resourceOfBytes('route', tableName, Buffer.concat([name, ...this.#hosts.values()]))
  }

  #listen(port: number): Promise<number> {
    const accept: handleBidiStreamingCall<Buffer, Buffer> = (stream) => {
      this.#streams.add(stream)
      stream.on('data', (bytes: Buffer) => this.#take(stream, decodeDeltaRequest(bytes)))
      stream.on('end', () => stream.end())
      stream.on('error', () => this.#streams.delete(stream)) // Envoy was stopped.
    }
    const server = new Server({ 'grpc.max_send_message_length': -1 })
    server.addService(
      {
        stream: {
          path: METHOD,
          requestStream: true,
          responseStream: true,
          requestSerialize: bytesAsTheyAre,
          requestDeserialize: bytesAsTheyAre,
          responseSerialize: bytesAsTheyAre,
          responseDeserialize: bytesAsTheyAre,
        },
      },
      { stream: accept } as UntypedServiceImplementation,
    )
    return new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
  }

  #take(stream: Stream, request: DeltaRequest): void {
    const type = xdsTypeOfUrl(request.typeUrl)
    if (request.errorDetail) throw new Error(`Envoy refused the plain table: ${request.errorDetail.message}`)
    if (request.responseNonce !== '' && type === 'route') for (const resolve of this.#waiting.splice(0)) resolve()
    const isFirst = request.responseNonce === ''
    const { resourceNamesSubscribe: names } = request
    if (type === 'route' && names.length > 0) this.#send(stream, type, [this.#table()])
    if (type === 'cluster' && isFirst) this.#send(stream, type, this.#clusters())
    if (type === 'endpoint' && names.length > 0) this.#send(stream, type, this.#endpoints(names))
  }

  #clusters(): readonly NamedResource[] {
    const resources = [...this.#rig.outputs.resources.entries()].map(([, { resource }]) => resource)
    return resources.filter(({ type }) => type === 'cluster')
  }

  #endpoints(names: readonly string[]): readonly NamedResource[] {
    return names.flatMap((name) => this.#rig.outputs.endpoints.get(name) ?? [])
  }

  #send(stream: Stream, type: XdsType, resources: readonly NamedResource[]): void {
    const nonce = String(++this.#nonce)
    const frames = resources.map(encodeResourceFrame)
    stream.write(assembleDeltaResponse({ typeUrl: xdsTypeUrl(type), nonce, frames, removed: [] }))
  }
}

serveSubject(new PlainTable())
