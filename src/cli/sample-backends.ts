/** Small HTTP servers that answer for EndpointSlices marked so, to try routes without a real application. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { EndpointSlice } from '../api/core.ts'
import type { Logger } from '../lib/logger.ts'

/** The annotation whose value is the name that a sample backend answers with. */
export const sampleAnnotation = 'fairlead.dev/sample-backend'

/** Where a sample backend shall listen. */
interface Place {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The servers that run now: exactly those that the slices ask for. */
export class SampleBackends {
  readonly #logger: Logger
  readonly #servers = new Map<string, Server>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Addresses that are answered now, as `127.0.0.1:9001 orders-v1`. */
  get places(): readonly string[] {
    return [...this.#servers.keys()].sort()
  }

  /** Starts what is new and ends what is gone. Resolves when what is new listens or has failed to. */
  async follow(slices: Iterable<EndpointSlice>): Promise<void> {
    const wanted = new Map([...slices].flatMap(placesOf).map((place) => [keyOf(place), place]))
    for (const [key, server] of this.#servers) {
      if (wanted.has(key)) continue
      this.#servers.delete(key)
      end(server)
    }
    await Promise.all(
      [...wanted].filter(([key]) => !this.#servers.has(key)).map(([key, place]) => this.#start(key, place)),
    )
  }

  /** Ends all. */
  stop(): void {
    for (const server of this.#servers.values()) end(server)
    this.#servers.clear()
  }

  #start(key: string, { name, host, port }: Place): Promise<void> {
    const server = createServer((request, response) => answer(name, request, response))
    this.#servers.set(key, server)
    return new Promise((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        this.#servers.delete(key)
        this.#logger.warn({ backend: name, host, port, errno: error.code }, 'sample backend cannot listen')
        resolve()
      })
      server.listen(port, host, resolve)
    })
  }
}

function end(server: Server): void {
  server.close()
  server.closeIdleConnections()
}

function keyOf({ name, host, port }: Place): string {
  return `${host}:${port} ${name}`
}

/** Loopback addresses only: a sample must never take an address that others reach. */
function placesOf(slice: EndpointSlice): readonly Place[] {
  const name = slice.metadata.annotations?.[sampleAnnotation]
  if (name === undefined) return []
  return slice.endpoints
    .flatMap(({ addresses }) => addresses)
    .filter((host) => host.startsWith('127.') || host === '::1')
    .flatMap((host) => (slice.ports ?? []).flatMap(({ port }) => (port === undefined ? [] : [{ name, host, port }])))
}

function answer(service: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify({ service, method, path: url, headers }, undefined, 2)}\n`)
}
