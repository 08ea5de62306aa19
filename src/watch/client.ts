/** The client of a real API server, on undici: HTTP/1.1, one connection per watch, JSON only. */
import type { Readable } from 'node:stream'
import type { Pool } from 'undici'
import { structuralEqual } from '../lib/equal.ts'
import type { Logger } from '../lib/logger.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { AccessReader, type AccessOptions, type ClusterAccess } from './cluster-access.ts'
import { explainConnection } from './connection-error.ts'
import { answerError, type KubeClient, KubeError, type KubeRequest, type KubeStream } from './kube-client.ts'

/** Which cluster, and how much of it. */
export interface ConnectOptions extends AccessOptions {
  readonly logger: Logger
  /** Requests under way at once; watches are not counted. Default: 16. */
  readonly maxConcurrent?: number | undefined
  /** How long credentials are used before they are read again. Default: 60 s, as client-go does. */
  readonly reloadMs?: number | undefined
}

/** An API server that was found. */
export interface ConnectedCluster extends KubeClient {
  /** Its URL, for people. */
  readonly server: string
}

const defaultTimeoutMs = 30_000

/** Finds out where the API server is and who we are to it. It is not called: it may come up later than we do. */
export async function connectCluster(options: ConnectOptions): Promise<Result<ConnectedCluster, string>> {
  const reader = new AccessReader(options)
  const access = await reader.read()
  if (!access.ok) return err(access.error)
  const { Pool } = await import('undici')
  return ok(
    new ClusterClient(reader, access.value, (one) => new Pool(new URL(one.server).origin, poolOptions(one)), options),
  )
}

function poolOptions(access: ClusterAccess): Pool.Options {
  return {
    // Each watch keeps its connection: streams of HTTP/2 would share one, and its fate.
    allowH2: false,
    // Ours, per request: a watch may be quiet for long.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: 10_000,
      keepAliveInitialDelay: 15_000,
      rejectUnauthorized: !access.skipsVerification,
      ...(access.ca === undefined ? {} : { ca: access.ca }),
      ...(access.cert === undefined ? {} : { cert: access.cert }),
      ...(access.key === undefined ? {} : { key: access.key }),
      ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    },
  }
}

type Answer = Awaited<ReturnType<Pool['request']>>

class ClusterClient implements ConnectedCluster {
  readonly #reader: AccessReader
  readonly #openPool: (access: ClusterAccess) => Pool
  readonly #logger: Logger
  readonly #reloadMs: number
  readonly #turns: Turns
  #access: ClusterAccess
  #pool: Pool
  #readAtMs = performance.now()
  #reloading: Promise<void> | undefined
  #isClosed = false

  constructor(
    reader: AccessReader,
    access: ClusterAccess,
    openPool: (access: ClusterAccess) => Pool,
    options: ConnectOptions,
  ) {
    this.#reader = reader
    this.#access = access
    this.#openPool = openPool
    this.#pool = openPool(access)
    this.#logger = options.logger
    this.#reloadMs = options.reloadMs ?? 60_000
    this.#turns = new Turns(options.maxConcurrent ?? 16)
  }

  get server(): string {
    return this.#access.server
  }

  async send(request: KubeRequest): Promise<unknown> {
    await this.#turns.take(request.signal)
    const deadline = new Deadline(request)
    try {
      const { body } = await this.#request(request, deadline)
      return parseJson(await body.text(), request)
    } catch (error) {
      throw this.#explain(error, request, deadline)
    } finally {
      deadline.end()
      this.#turns.give()
    }
  }

  async open(request: KubeRequest): Promise<KubeStream> {
    const deadline = new Deadline(request)
    try {
      const { body } = await this.#request(request, deadline)
      deadline.lift()
      return new ClusterStream(body, deadline, (error) => this.#explain(error, request, deadline))
    } catch (error) {
      deadline.end()
      throw this.#explain(error, request, deadline)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pool.destroy()
  }

  /** The head of an answer that is a success; credentials that are not taken are read again, once. */
  async #request(request: KubeRequest, deadline: Deadline): Promise<Answer> {
    await this.#refresh(false)
    const { headers } = this.#access
    const first = await this.#dispatch(request, deadline)
    if (first.statusCode < 300) return first
    const error = await errorOf(request, first)
    if (error.status !== 401) throw error
    await this.#refresh(true)
    if (structuralEqual(headers, this.#access.headers)) throw error
    const second = await this.#dispatch(request, deadline)
    if (second.statusCode < 300) return second
    throw await errorOf(request, second)
  }

  #dispatch({ method, path, query, body, contentType, accept }: KubeRequest, deadline: Deadline): Promise<Answer> {
    const { pathname } = new URL(this.#access.server)
    return this.#pool.request({
      method,
      path: `${pathname.replace(/\/$/, '')}${path}${queryText(query)}`,
      signal: deadline.signal,
      headers: {
        accept: accept ?? 'application/json',
        'user-agent': 'fairlead',
        ...this.#access.headers,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** Reads credentials again when they are old or were rejected. What cannot be read leaves the old ones in use. */
  async #refresh(isRejected: boolean): Promise<void> {
    if (!isRejected && performance.now() - this.#readAtMs < this.#reloadMs) return
    this.#reloading ??= this.#reload(isRejected).finally(() => {
      this.#reloading = undefined
    })
    await this.#reloading
  }

  async #reload(isRejected: boolean): Promise<void> {
    const next = await this.#reader.read(isRejected)
    this.#readAtMs = performance.now()
    if (!next.ok) {
      this.#logger.warn({ error: next.error }, 'credentials cannot be read again; the old ones stay in use')
      return
    }
    const { headers: before, ...connection } = this.#access
    const { headers, ...nextConnection } = next.value
    this.#access = next.value
    if (this.#isClosed || structuralEqual(connection, nextConnection)) return
    this.#logger.info({ server: next.value.server }, 'connecting anew: address or certificates changed')
    const old = this.#pool
    this.#pool = this.#openPool(next.value)
    // Ends when its watches do, which the server sees to.
    old.close().catch((error: unknown) => this.#logger.debug({ err: error }, 'an old connection ended badly'))
  }

  #explain(error: unknown, request: KubeRequest, deadline: Deadline): KubeError {
    if (error instanceof KubeError) return error
    const what = `${request.method} ${request.path}`
    const why = deadline.isOver
      ? `no answer from ${this.server} within ${deadline.timeoutMs} ms`
      : explainConnection(error, this.server)
    return new KubeError(`${what}: ${why}`, { status: 0, cause: error })
  }
}

/** The time that a request has, and its caller's right to give it up. */
class Deadline {
  readonly timeoutMs: number
  isOver = false
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #caller: AbortSignal | undefined
  readonly #abort = () => this.#controller.abort()

  constructor({ timeoutMs = defaultTimeoutMs, signal }: KubeRequest) {
    this.timeoutMs = timeoutMs
    this.#caller = signal
    this.#timer = setTimeout(() => {
      this.isOver = true
      this.#controller.abort()
    }, timeoutMs)
    if (signal?.aborted) this.#abort()
    signal?.addEventListener('abort', this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The time does not count any more; the caller may still give up. */
  lift(): void {
    clearTimeout(this.#timer)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#abort)
  }
}

class ClusterStream implements KubeStream {
  readonly #body: Readable
  readonly #deadline: Deadline
  readonly #explain: (error: unknown) => KubeError
  #isClosed = false

  constructor(body: Readable, deadline: Deadline, explain: (error: unknown) => KubeError) {
    this.#body = body
    this.#deadline = deadline
    this.#explain = explain
    // Closing it while nobody reads is no error.
    body.on('error', () => {})
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#body) {
        if (chunk instanceof Uint8Array) yield chunk
      }
    } catch (error) {
      if (!this.#isClosed) throw this.#explain(error)
    } finally {
      this.#deadline.end()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#deadline.end()
    this.#body.destroy()
  }
}

/** Lets only so many through at once; the others wait in order. */
class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (!signal?.aborted) return
    this.give()
    throw new KubeError('given up while waiting for a turn', { status: 0 })
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}

function queryText(query: KubeRequest['query']): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.set(name, value)
  return given.size === 0 ? '' : `?${given.toString()}`
}

async function errorOf(request: KubeRequest, { statusCode, headers, body }: Answer): Promise<KubeError> {
  const text = await body.text()
  const parsed = tryParse(text)
  const status = parsed ?? { message: text.slice(0, 300) }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
  return answerError(request, { status: statusCode, body: status, retryAfterMs })
}

/** RFC 9110 10.2.3: seconds or a date. */
function parseRetryAfter(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

function parseJson(text: string, { method, path }: KubeRequest): unknown {
  const value = text === '' ? {} : tryParse(text)
  if (value !== undefined) return value
  const message = `what answers is no API server: ${JSON.stringify(text.slice(0, 80))}`
  throw new KubeError(`${method} ${path}: ${message}`, { status: 0 })
}

function tryParse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined // Told by the caller, who knows what it was meant to be.
  }
}
