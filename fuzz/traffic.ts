/** Requests: of the sentinels, which must be answered, and of the routes of a set, which must not end the proxy. */
import { createServer, request as httpRequest, type RequestOptions, type Server } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Dice } from '../src/testing/dice.ts'
import type { Finding, ObjectSet } from './finding.ts'
import { backendPort, type Fields, type Sentinel, sentinels, setPorts } from './world.ts'

const body = 'the backend'

/** Answers everything, whatever it was. */
export class Backend {
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, response) => {
      incoming.resume()
      response.end(body)
    })
    this.#server.on('upgrade', (_incoming, socket) => socket.destroy())
  }

  static async start(): Promise<Backend> {
    const backend = new Backend()
    await new Promise<void>((resolve) => backend.#server.listen(0, '127.0.0.1', resolve))
    return backend
  }

  get port(): number {
    const address = backendAddress(this.#server)
    return address.port
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

function backendAddress(server: Server): AddressInfo {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the backend has no port')
  return address
}

/** Ports of this machine by those that sets are written with. */
export interface PortMap {
  real(port: number): number
}

/** `free` has as many as `setPorts`. */
export function portMap(free: readonly number[], backend: number): PortMap {
  const { safe, safeTls, shared, others } = setPorts
  const written: readonly number[] = [safe, safeTls, shared, ...others]
  const real = new Map(written.map((port, index) => [port, free[index] ?? 0]))
  real.set(backendPort, backend)
  return { real: (port) => real.get(port) ?? port }
}

/** The object with ports of this machine wherever a field `port` has one of a set. */
export function withPorts<T>(value: T, ports: PortMap): T {
  const text = JSON.stringify(value, (key, part: unknown) =>
    key === 'port' && typeof part === 'number' ? ports.real(part) : part,
  )
  const copy: T = JSON.parse(text)
  return copy
}

interface Asked {
  readonly port: number
  readonly host: string
  readonly path: string
  readonly tls?: boolean | undefined
  readonly method?: string | undefined
  readonly timeoutMs: number
}

/** The body of the answer; what went wrong when there is none. */
function ask({ port, host, path, tls = false, method = 'GET', timeoutMs }: Asked): Promise<string> {
  return new Promise((resolve) => {
    const options: RequestOptions = { host: '127.0.0.1', port, method, path, agent: false, headers: { host } }
    const secure = { ...options, rejectUnauthorized: false, servername: host.startsWith('*') ? '' : host }
    try {
      const sent = tls ? httpsRequest(secure) : httpRequest(options)
      const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
      const done = (text: string) => {
        clearTimeout(timer)
        resolve(text)
      }
      sent.on('error', (error) => done(String(error)))
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => done(response.statusCode === 200 ? text : `${response.statusCode} ${text}`))
        response.on('error', (error) => done(String(error)))
      })
      sent.end()
    } catch (error) {
      // A host or path that no client of Node can send.
      resolve(String(error))
    }
  })
}

const sentinelTimeoutMs = 10_000

/** Asks every sentinel on a connection of its own. */
export async function askSentinels(ports: PortMap, { retryForMs = 0 } = {}): Promise<readonly Finding[]> {
  const end = performance.now() + retryForMs
  for (;;) {
    const findings = (await Promise.all(sentinels.map((one) => askSentinel(one, ports)))).flat()
    if (findings.length === 0 || performance.now() > end) return findings
    await delay(20)
  }
}

async function askSentinel(sentinel: Sentinel, ports: PortMap): Promise<readonly Finding[]> {
  const answer = await ask({ ...sentinel, port: ports.real(sentinel.port), timeoutMs: sentinelTimeoutMs })
  if (answer === body) return []
  const { host, path, tls } = sentinel
  return [{ kind: 'sentinel', message: `${tls ? 'https' : 'http'}://${host}${path}: ${answer}` }]
}

/** What clients write into Host when they mean no good. */
const oddHosts = [
  '',
  'A.COM',
  'a.com.',
  'a.com:80',
  'a.com:',
  'a.com:99999',
  'a.com:80:80',
  '.a.com',
  '..',
  '*.a.com',
  '*',
  '/',
  '|',
  '7003|a.com',
  '[::1]:80',
  'user@a.com',
  'a.com/..',
  '%61.com',
  'caf\u00e9.com',
  'a'.repeat(300),
  `${'x.'.repeat(40)}com`,
  `${'x.'.repeat(2_000)}com`,
  's.sibling.test:0',
]

/** Requests in ways that HTTP/1.1 has and few clients use. */
const oddRequests: readonly ((host: string, path: string) => string)[] = [
  (host, path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  (host, path) => `GET http://${host}${path} HTTP/1.1\r\nHost: a.com\r\n\r\n`,
  (host, path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nHost: b.com\r\n\r\n`,
  (host) => `CONNECT ${host}:80 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  (host) => `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  (host, path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  (host, path) =>
    `OPTIONS ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: https://a.com\r\nAccess-Control-Request-Method: PUT\r\n\r\n`,
  (host, path) => `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
  (host, path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
  (host, path) => `GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`,
]

/** Sends it and waits for the first of an answer. */
function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.setTimeout(probeTimeoutMs, () => socket.destroy())
    socket.on('data', () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(''))
  })
}

const probeTimeoutMs = 300
const maxProbes = 4

/** Sends requests that the routes of the set speak of. What is answered does not matter. */
export async function probe({ id, steps }: ObjectSet, ports: PortMap): Promise<void> {
  const dice = new Dice(Array.from(id).reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7))
  const texts = steps.flatMap((step) => (step.do === 'set' && step.object.kind === 'HTTPRoute' ? [step.object] : []))
  if (texts.length === 0) return
  const requests = Array.from({ length: maxProbes }, () => {
    const route = dice.pick(texts)
    const hosts = stringsOf(route, ['hostnames', 'hostname']).map((host) => host.replace(/^\*/, 'any'))
    const paths = stringsOf(route, ['value', 'path']).filter((path) => path.startsWith('/'))
    const port = ports.real(dice.pick([setPorts.shared, setPorts.shared, ...setPorts.others]))
    const path = dice.pick([...paths, '/', '/a/b?x=1'])
    const method = dice.pick(['GET', 'GET', 'POST', 'OPTIONS', 'PUT'])
    if (dice.isHit(0.25)) return sendRaw(port, dice.pick(oddRequests)(dice.pick([...hosts, ...oddHosts]), path))
    return ask({ port, host: dice.pick([...hosts, 'a.com']), path, method, timeoutMs: probeTimeoutMs })
  })
  await Promise.all(requests)
}

/** Texts below fields of those names. */
function stringsOf(value: unknown, names: readonly string[], isBelow = false): readonly string[] {
  if (typeof value === 'string') return isBelow ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value as Fields).flatMap(([key, part]) =>
    stringsOf(part, names, Array.isArray(value) ? isBelow : names.includes(key)),
  )
}
