/** A real Envoy that serves given resources, and a backend that says what it was asked: for tests of emitted resources. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NamedResource } from '../envoy/resource.ts'
import { envoyBinary } from './envoy-binary.ts'
import { FixedAds } from './fixed-ads.ts'

const startTimeoutMs = 60_000

export interface Asked {
  readonly method?: string | undefined
  readonly path?: string | undefined
  /** Host header, sent as it is. */
  readonly host?: string | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** What the echo backend answers with, as JSON. */
export interface Echo {
  readonly backend: string
  readonly url: string
  /** Names in lower case, in the order of arrival. */
  readonly headers: readonly (readonly [string, string])[]
}

export class EnvoyUnderTest {
  readonly #ads: FixedAds
  readonly #folder: string
  readonly #process: ChildProcess
  #log = ''

  private constructor(ads: FixedAds, folder: string) {
    this.#ads = ads
    this.#folder = folder
    const options = ['-c', join(folder, 'envoy.json'), '--concurrency', '1', '-l', 'warning']
    const isolation = ['--use-dynamic-base-id', '--disable-hot-restart']
    this.#process = spawn(envoyBinary(), [...options, ...isolation], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (text) => {
        this.#log += String(text)
      })
    }
  }

  /** Resolves when Envoy took everything and the ports accept connections. */
  static async serve(resources: readonly NamedResource[], ports: readonly number[]): Promise<EnvoyUnderTest> {
    const ads = new FixedAds(resources)
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-emit-'))
    writeFileSync(join(folder, 'envoy.json'), JSON.stringify(bootstrap(await ads.listen())))
    const envoy = new EnvoyUnderTest(ads, folder)
    try {
      await Promise.race([ads.settled(), envoy.#died(), timeout('Envoy did not take every resource')])
      for (const port of ports) await accepts(port)
      return envoy
    } catch (cause) {
      await envoy.stop()
      throw new Error(`Envoy does not serve; it wrote:\n${envoy.#log}`, { cause })
    }
  }

  /** What Envoy wrote so far. */
  get log(): string {
    return this.#log
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async stop(): Promise<void> {
    const isGone = this.#process.exitCode !== null || this.#process.signalCode !== null
    const exited = isGone ? undefined : new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGKILL')
    await exited
    this.#ads.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #died(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#process.once('exit', (code) => reject(new Error(`Envoy ended with ${code}`)))
      this.#process.once('error', reject)
    })
  }
}

function bootstrap(xdsPort: number) {
  const ads = { ads: {}, resourceApiVersion: 'V3' }
  const http2 = {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicitHttpConfig: { http2ProtocolOptions: {} },
  }
  const socketAddress = { address: '127.0.0.1', portValue: xdsPort }
  return {
    node: { id: 'test', cluster: 'test' },
    dynamicResources: {
      adsConfig: {
        apiType: 'DELTA_GRPC',
        transportApiVersion: 'V3',
        grpcServices: [{ envoyGrpc: { clusterName: 'ads' } }],
      },
      ldsConfig: ads,
      cdsConfig: ads,
    },
    staticResources: {
      clusters: [
        {
          name: 'ads',
          connectTimeout: '5s',
          typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
          loadAssignment: {
            clusterName: 'ads',
            endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } } }] }],
          },
        },
      ],
    },
  }
}

/** A backend on 127.0.0.1 that answers with what it was asked, and any upgrade with 101. */
export class EchoBackend {
  readonly #server: Server
  readonly name: string

  private constructor(name: string, server: Server) {
    this.name = name
    this.#server = server
  }

  static async start(name: string): Promise<EchoBackend> {
    const server = createServer((incoming, response) => {
      response.setHeader('server', 'echo').setHeader('x-from', name).setHeader('x-twice', ['a', 'b'])
      response.end(JSON.stringify(echoOf(name, incoming)))
    })
    server.on('upgrade', (_incoming, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new EchoBackend(name, server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function echoOf(backend: string, incoming: IncomingMessage): Echo {
  const { url = '', rawHeaders } = incoming
  const headers: (readonly [string, string])[] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  return { backend, url, headers }
}

/** One request on a connection of its own. Redirects are not followed. */
export function ask(port: number, asked: Asked = {}): Promise<Answered> {
  const { method = 'GET', path = '/', host = 'localhost', headers = {} } = asked
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, agent: false, headers: { host, ...headers } as Record<string, string> },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
        response.on('error', reject)
      },
    )
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' })
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** What the backend was asked; fails when the answer is not its own. */
export async function echo(port: number, asked: Asked = {}): Promise<Echo> {
  const answer = await ask(port, asked)
  if (answer.status !== 200) throw new Error(`expected the backend, got ${answer.status} ${answer.body}`)
  return JSON.parse(answer.body) as Echo
}

/** Bytes as they are, and all that comes back until the server closes or `complete` says enough. */
export function raw(
  port: number,
  text: string,
  complete = (received: string) => received.includes('\r\n\r\n'),
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    let received = ''
    socket.setEncoding('latin1').on('data', (part) => {
      received += String(part)
      if (complete(received)) socket.destroy()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

/** Ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer())
  const ports = await Promise.all(
    servers.map((server) => {
      return new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
      })
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** The listener opens a moment after Envoy acknowledged its last resource: tried until it accepts. */
async function accepts(port: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < startTimeoutMs; ) {
    if (await canConnect(port)) return
  }
  throw new Error(`nothing listens on ${port}`)
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => setTimeout(resolve, 5, false))
  })
}

function timeout(message: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(message)), startTimeoutMs).unref()
  })
}
