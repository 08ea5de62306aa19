/**
 * The admin interface: readiness, metrics and what an operator asks at three in the morning. Read only; bound to
 * loopback by default, because /debug shows the whole configuration (private keys excepted).
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formatHostPort } from '../lib/host-port.ts'

/** One page: what it answers with, made when asked. */
export interface AdminPage {
  readonly path: `/${string}`
  /** One line for the index. */
  readonly summary: string
  readonly render: (query: URLSearchParams) => AdminAnswer | Promise<AdminAnswer>
}

/** What a page answers: an HTTP status and a body. */
export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** A JSON answer, indented for people. */
export function json(value: unknown, status = 200): AdminAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value, undefined, 2)}\n` }
}

/** A line of text. */
export function text(body: string, status = 200): AdminAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}

/** Serves pages and, at `/` and `/debug`, the index of them. */
export class AdminServer {
  readonly #pages: ReadonlyMap<string, AdminPage>
  readonly #server: Server

  constructor(pages: readonly AdminPage[]) {
    this.#pages = new Map(pages.map((page) => [page.path, page]))
    this.#server = createServer((request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(response, text('the admin interface is read only; use GET', 405))
        return
      }
      this.#answer(request.url ?? '/').then(
        (answer) => send(response, answer),
        (error: unknown) => send(response, text(`this page failed: ${String(error)}`, 500)),
      )
    })
  }

  /** Port 0 picks a free one. Rejects with the cause when the address cannot be bound. */
  async listen(host: string, port: number): Promise<{ readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: Error) => {
        reject(
          new Error(`the admin interface cannot listen on ${formatHostPort(host, port)}: ${cause.message}`, { cause }),
        )
      })
      this.#server.listen(port, host, resolve)
    })
    const { port: bound } = this.#server.address() as AddressInfo // A TCP server that listens has one.
    return { port: bound }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(target: string): Promise<AdminAnswer> {
    // Not every target of a request is a URL: `//` is none.
    const url = URL.parse(target, 'http://admin')
    if (url === null) return text(`"${target}" is no path`, 400)
    const page = this.#pages.get(url.pathname)
    if (page !== undefined) {
      return await page.render(url.searchParams)
    }
    const isIndex = url.pathname === '/' || url.pathname === '/debug'
    const index = [...this.#pages.values()].map(({ path, summary }) => `${path.padEnd(20)} ${summary}`).join('\n')
    return isIndex ? text(index) : text(`there is no page ${url.pathname}; these are:\n${index}`, 404)
  }
}

function send(response: ServerResponse, { status, contentType, body }: AdminAnswer): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
  response.end(body)
}
