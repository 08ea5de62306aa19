/** Starts a real Envoy for a test and stops it again, by its own process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get as httpGet, type IncomingHttpHeaders } from 'node:http'
import { get as httpsGet } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { envoyBinary } from './envoy-binary.ts'

export interface EnvoyOptions {
  readonly xdsPort: number
  /** `<namespace>/<name>` of the Gateway: node.cluster. */
  readonly gateway: string
  readonly nodeId?: string | undefined
  /** Default: 1. */
  readonly concurrency?: number | undefined
  /** `lean`, the default: no statistics that grow with the configuration. */
  readonly stats?: 'lean' | 'all' | undefined
}

/** An Envoy that runs. */
export interface RunningEnvoy {
  readonly pid: number
  readonly adminPort: number
  /** GET on the admin port. */
  admin(path: string): Promise<string>
  /** What it wrote to standard error so far. */
  log(): string
  /** CPU time used so far and resident memory, from /proc. */
  usage(): { readonly cpuMs: number; readonly rssMib: number }
  stop(): Promise<void>
}

/** What an HTTP request came to. A connection that failed has status 0 and the error code as its body. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** Starts an Envoy that asks for its configuration at 127.0.0.1:`xdsPort`. It may not be ready yet. */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-envoy-'))
  const adminPort = await freePort()
  const config = join(folder, 'bootstrap.json')
  writeFileSync(config, JSON.stringify(bootstrap(options, adminPort)))
  const args = [
    '-c',
    config,
    '--concurrency',
    String(options.concurrency ?? 1),
    '--disable-hot-restart',
    '--drain-strategy',
    'immediate',
    '-l',
    'warning',
  ]
  const child = spawn(envoyBinary(), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-200_000)
  })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  return {
    pid,
    adminPort,
    admin: async (path) => (await get(adminPort, '127.0.0.1', path)).body,
    log: () => log,
    usage: () => usageOf(pid),
    stop: async () => {
      await stopChild(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** GET with a Host header, on a connection of its own. */
export function get(port: number, host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { agent: false, host: '127.0.0.1', port, path, headers: { host, ...headers } } as const
    const request = httpGet(options, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ status: 0, body: error.code ?? error.message, headers: {} })
    })
  })
}

/** GET / by HTTPS with that SNI: `<body> by <common name of the certificate>`, or the error code. Verifies nothing. */
export function getTls(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, servername, headers: { host: servername } } as const
    const call = httpsGet({ ...options, rejectUnauthorized: false, agent: false }, (response) => {
      const { socket } = response
      const subject = socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : ''
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve(`${body} by ${subject}`))
    })
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

/** Asks every `everyMs` until `isDone` says so, and returns what it then was; throws after `timeoutMs`. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isDone: (value: T) => boolean,
  { timeoutMs = 20_000, everyMs = 10, what = 'the condition' } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const value = await ask()
    if (isDone(value)) return value
    if (performance.now() > end) throw new Error(`${what} did not come in ${timeoutMs} ms; last: ${show(value)}`)
    await delay(everyMs)
  }
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 500)
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('the system gave no port')
  return address.port
}

function usageOf(pid: number): { readonly cpuMs: number; readonly rssMib: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return { cpuMs: ticks * 10, rssMib: Math.round(Number(rss) / 1024) }
}

const typeUrl = 'type.googleapis.com/'

function bootstrap(options: EnvoyOptions, adminPort: number): object {
  const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
  const retry = { retry_back_off: { base_interval: '0.1s', max_interval: '0.5s' } }
  const ads = { envoy_grpc: { cluster_name: 'xds', retry_policy: retry } }
  const lean = {
    stats_matcher: { inclusion_list: { patterns: ['control_plane.', 'server.'].map((prefix) => ({ prefix })) } },
  }
  const protocol = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return {
    node: { id: options.nodeId ?? 'test', cluster: options.gateway },
    admin: { address: address(adminPort) },
    dynamic_resources: {
      ads_config: { api_type: 'DELTA_GRPC', transport_api_version: 'V3', grpc_services: [ads] },
      lds_config: { ads: {}, resource_api_version: 'V3' },
      cds_config: { ads: {}, resource_api_version: 'V3' },
    },
    static_resources: {
      clusters: [
        {
          name: 'xds',
          type: 'STATIC',
          connect_timeout: '1s',
          typed_extension_protocol_options: {
            [protocol]: { '@type': typeUrl + protocol, explicit_http_config: { http2_protocol_options: {} } },
          },
          load_assignment: {
            cluster_name: 'xds',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(options.xdsPort) } }] }],
          },
        },
      ],
    },
    ...((options.stats ?? 'lean') === 'lean' ? { stats_config: lean } : {}),
  }
}
