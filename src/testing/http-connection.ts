/** One keep-alive HTTP/1.1 connection that sends one request at a time: what probes and load are made of. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What is asked. Headers are sent as they are given. */
export interface HttpAsk {
  readonly host: string
  readonly path?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; of a repeated header the last value. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

interface Pending {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (reason: Error) => void
}

const HEAD_END = '\r\n\r\n'
const NO_BODY = new Set([204, 304])

/**
 * Opens its socket on the first request and again after the server closed it. A close between requests is silent; a
 * close or an error while an answer is awaited rejects that request. Nothing is ever retried.
 */
export class HttpConnection {
  readonly #port: number
  readonly #address: string
  readonly #timeoutMs: number
  readonly #serverName: string | undefined
  #socket: Socket | undefined
  #received = ''
  #pending: Pending | undefined

  constructor(options: {
    readonly port: number
    /** Default: 127.0.0.1. */
    readonly address?: string | undefined
    /** How long an answer may take. Default: 15,000. */
    readonly timeoutMs?: number | undefined
    /** Name to ask for in TLS, whose certificate is not judged. Absent: plain text. */
    readonly serverName?: string | undefined
  }) {
    this.#port = options.port
    this.#address = options.address ?? '127.0.0.1'
    this.#timeoutMs = options.timeoutMs ?? 15_000
    this.#serverName = options.serverName
  }

  /** GET, and the whole answer. Only one at a time. */
  get(ask: HttpAsk): Promise<HttpAnswer> {
    if (this.#pending !== undefined) throw new Error('a request is already under way on this connection')
    const lines = [`GET ${ask.path ?? '/'} HTTP/1.1`, `host: ${ask.host}`]
    for (const [name, value] of Object.entries(ask.headers ?? {})) lines.push(`${name}: ${value}`)
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
      this.#socket ??= this.#open()
      this.#socket.write(`${lines.join('\r\n')}${HEAD_END}`, 'latin1')
    })
  }

  /** Ends the connection; a request under way is rejected. */
  close(): void {
    this.#socket?.destroy()
    this.#fail(new Error('closed by the client'))
    this.#socket = undefined
  }

  #open(): Socket {
    const where = { port: this.#port, host: this.#address }
    const servername = this.#serverName
    const socket =
      servername === undefined ? connect(where) : connectTls({ ...where, servername, rejectUnauthorized: false })
    socket.setNoDelay()
    socket.setEncoding('latin1').setTimeout(this.#timeoutMs)
    const fail = (reason: Error) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#received = ''
      socket.destroy()
      this.#fail(reason)
    }
    socket.on('data', (text) => this.#take(String(text)))
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('closed before the answer was complete')))
    socket.on('timeout', () => {
      if (this.#pending !== undefined) fail(new Error(`no answer within ${this.#timeoutMs} ms`))
    })
    return socket
  }

  #fail(reason: Error): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.reject(reason)
  }

  #take(text: string): void {
    this.#received += text
    const read = readAnswer(this.#received)
    if (read === undefined) return
    this.#received = this.#received.slice(read.length)
    const { answer } = read
    if (answer.headers.get('connection')?.toLowerCase() === 'close') {
      this.#socket?.destroy()
      this.#socket = undefined
      this.#received = ''
    }
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve(answer)
  }
}

/** The first whole answer in a text and how many characters of it it is; undefined while it is not complete. */
export function readAnswer(text: string): { readonly answer: HttpAnswer; readonly length: number } | undefined {
  const headLength = text.indexOf(HEAD_END)
  if (headLength < 0) return undefined
  const [statusLine = '', ...lines] = text.slice(0, headLength).split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    }),
  )
  const start = headLength + HEAD_END.length
  const body = NO_BODY.has(status) ? { body: '', end: start } : readBody(text, start, headers)
  return body && { answer: { status, headers, body: body.body }, length: body.end }
}

function readBody(
  text: string,
  start: number,
  headers: ReadonlyMap<string, string>,
): { readonly body: string; readonly end: number } | undefined {
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(text, start)
  const end = start + Number(headers.get('content-length') ?? 0)
  return text.length < end ? undefined : { body: text.slice(start, end), end }
}

function readChunks(text: string, start: number): { readonly body: string; readonly end: number } | undefined {
  let body = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const chunk = lineEnd + 2
    if (text.length < chunk + size + 2) return undefined
    if (size === 0) return { body, end: chunk + 2 }
    body += text.slice(chunk, chunk + size)
    at = chunk + size + 2
  }
}
