import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envoyBinary } from '../testing/envoy-binary.ts'
import { typedExtension } from './any.ts'
import { assembleDeltaResponse, type DeltaRequest, decodeDeltaRequest, encodeResourceFrame } from './discovery.ts'
import { makeResource, type NamedResource, type ResourceMessage, resourceOfBytes } from './resource.ts'
import { saltScope } from './salt.ts'
import { xdsTypeUrl } from './types.ts'

const X = 'envoy.extensions'
const ads = { ads: {}, resourceApiVersion: 2 } as const
const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'

function scope(name: string, more: ResourceMessage<'scoped-route'> = {}): NamedResource {
  return makeResource('scoped-route', name, {
    name,
    key: { fragments: [{ stringKey: name }] },
    routeConfiguration: {
      name,
      virtualHosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '/' }, directResponse: { status: 200 } }] }],
    },
    ...more,
  })
}

const refused = scope('bad', {
  routeConfiguration: {
    name: 'bad',
    virtualHosts: [{ name: 'bad', domains: ['*'], routes: [{ match: { safeRegex: { regex: '((' } }, redirect: {} }] }],
  },
})

function listener(portValue: number): NamedResource {
  const manager = typedExtension('hcm', `${X}.filters.network.http_connection_manager.v3.HttpConnectionManager`, {
    statPrefix: 'http',
    scopedRoutes: {
      name: 'scopes',
      scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: 'x-scope', index: 0 } }] },
      rdsConfigSource: ads,
      scopedRds: { scopedRdsConfigSource: ads },
    },
    httpFilters: [typedExtension('router', `${X}.filters.http.router.v3.Router`, {})],
  })
  const address = { socketAddress: { address: '127.0.0.1', portValue } }
  return makeResource('listener', 'http', { name: 'http', address, filterChains: [{ filters: [manager] }] })
}

/** Sends what it is told to one Envoy, and returns what Envoy says to it. */
class Script {
  readonly #server = new Server()
  readonly #streams = Promise.withResolvers<ServerDuplexStream<Buffer, Buffer>>()
  #first: ((call: ServerDuplexStream<Buffer, Buffer>) => void) | undefined
  readonly #answers = new Map<string, (request: DeltaRequest) => void>()

  listen(): Promise<number> {
    const plain = (bytes: Buffer) => bytes
    const codec = { requestSerialize: plain, requestDeserialize: plain }
    const stream = { path: METHOD, requestStream: true, responseStream: true, ...codec }
    this.#server.addService(
      { stream: { ...stream, responseSerialize: plain, responseDeserialize: plain } },
      { stream: (call: ServerDuplexStream<Buffer, Buffer>) => this.#take(call) },
    )
    return new Promise((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure()
      this.#server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)))
    })
  }

  #take(call: ServerDuplexStream<Buffer, Buffer>): void {
    call.on('error', () => {}) // Envoy was stopped.
    call.on('data', (bytes: Buffer) => {
      const request = decodeDeltaRequest(bytes)
      this.#answers.get(request.responseNonce)?.(request)
      if (request.typeUrl === xdsTypeUrl('scoped-route')) this.#streams.resolve(call)
      if (request.typeUrl === xdsTypeUrl('listener') && request.responseNonce === '') this.#first?.(call)
    })
  }

  /** Sends a listener when Envoy asks for it; Envoy then asks for scopes. */
  open(resource: NamedResource): void {
    this.#first = (call) => this.#write(call, 'listener-1', [resource])
  }

  /** Undefined when Envoy took the response, else its complaint. */
  async send(nonce: string, ...resources: readonly NamedResource[]): Promise<string | undefined> {
    const answer = new Promise<DeltaRequest>((resolve) => this.#answers.set(nonce, resolve))
    this.#write(await this.#streams.promise, nonce, resources)
    return (await answer).errorDetail?.message
  }

  #write(call: ServerDuplexStream<Buffer, Buffer>, nonce: string, resources: readonly NamedResource[]): void {
    const typeUrl = xdsTypeUrl(resources[0]?.type ?? 'scoped-route')
    call.write(assembleDeltaResponse({ typeUrl, nonce, frames: resources.map(encodeResourceFrame), removed: [] }))
  }

  close(): void {
    this.#server.forceShutdown()
  }
}

function bootstrap(port: number): string {
  const grpc = { envoy_grpc: { cluster_name: 'ads' } }
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } }
  return JSON.stringify({
    node: { id: 'n', cluster: 'c' },
    dynamic_resources: {
      lds_config: { ads: {}, resource_api_version: 'V3' },
      ads_config: { api_type: 'DELTA_GRPC', transport_api_version: 'V3', grpc_services: [grpc] },
    },
    static_resources: {
      clusters: [
        {
          name: 'ads',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': `type.googleapis.com/${X}.upstreams.http.v3.HttpProtocolOptions`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: { cluster_name: 'ads', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
        },
      ],
    },
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** Status of a request with that scope key; 0 while nothing listens. */
function ask(port: number, key: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, headers: { 'x-scope': key } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', () => resolve(0))
  })
}

describe('saltScope, on a real Envoy', () => {
  const script = new Script()
  let envoy: ChildProcess
  let folder: string
  let port: number

  const served = (key: string) => expect.poll(() => ask(port, key), { timeout: 20_000, interval: 10 }).toBe(200)

  beforeAll(async () => {
    port = await freePort()
    folder = mkdtempSync(join(tmpdir(), 'fairlead-salt-'))
    const config = join(folder, 'envoy.json')
    writeFileSync(config, bootstrap(await script.listen()))
    script.open(listener(port))
    const options = ['--concurrency', '1', '-l', 'off', '--use-dynamic-base-id', '--disable-hot-restart']
    envoy = spawn(envoyBinary(), ['-c', config, ...options], { stdio: 'ignore' })
  })

  afterAll(async () => {
    const ended = once(envoy, 'exit')
    envoy.kill('SIGKILL')
    await ended
    script.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a scope that was in a refused response is acknowledged and ignored as it was, and taken with a salt', async () => {
    const good = scope('good')
    expect(await script.send('1', scope('first'))).toBeUndefined()
    await served('first')

    expect(await script.send('2', good, refused)).toContain('((')
    expect(await script.send('3', good)).toBeUndefined()
    expect(await script.send('4', scope('later'))).toBeUndefined()
    await served('later')
    expect(await ask(port, 'good')).toBe(404)

    const salted = resourceOfBytes('scoped-route', 'good', saltScope(good.bytes, '1'))
    expect(await script.send('5', salted)).toBeUndefined()
    await served('good')
  })
})
