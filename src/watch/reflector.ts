/** Keeps a copy of one collection of an API server, through whatever happens to it and to the network. */
import { setImmediate } from 'node:timers/promises'
import type { Logger } from '../lib/logger.ts'
import { Backoff } from './backoff.ts'
import { ApiCollection, type ApiCollectionOptions } from './api-collection.ts'
import { answerError, type KubeClient, KubeError, type KubeStream } from './kube-client.ts'
import { LineSplitter } from './line-splitter.ts'
import { type LossLimits, type ObjectSink, ReflectedSet } from './reflected-set.ts'
import { isOlderVersion, parseEvent, parsePage, type WatchEvent } from './watch-event.ts'

/** What becomes of the objects of a collection that the server does not show any more. */
export interface Loss {
  /** Objects that are still told of: they go when it stands for `confirmMs`. */
  readonly kept: number
  /** Objects that went for that. */
  readonly lost: number
}

/** How a reflector stands. */
export type ReflectorState =
  /** The copy is complete and followed. */
  | { readonly kind: 'synced' }
  /** The server shows none of the many objects that were there: they are kept until it says so again. */
  | { readonly kind: 'doubted'; readonly kept: number }
  /** The server knows no such collection: 404. */
  | ({ readonly kind: 'absent' } & Loss)
  /** We may not: 401 or 403. `verbs` are those of RBAC that are lacking. */
  | ({ readonly kind: 'refused'; readonly error: KubeError; readonly verbs: readonly string[] } & Loss)
  /** No answer, or one that a later try may better. */
  | { readonly kind: 'failing'; readonly error: unknown }

/** Why a collection is listed as a whole. */
export type ListReason = 'start' | 'expired' | 'doubted' | 'unreadable' | 'reset' | 'vanished'

/** Told what happens, in order and one at a time. */
export interface ReflectorSink extends ObjectSink {
  /** Told again when nothing changed, too. */
  state(state: ReflectorState): void
  listing?(reason: ListReason): void
}

/** What to copy, and how patiently. */
export interface ReflectorOptions extends ApiCollectionOptions {
  readonly client: KubeClient
  /** Lists every so often instead of watching: for collections that are not worth a connection. Default: watches. */
  readonly pollMs?: number | undefined
  readonly sink: ReflectorSink
  readonly logger: Logger
  /** From 0 to 1. Default: Math.random. */
  readonly random?: (() => number) | undefined
  readonly limits?: Partial<ReflectorLimits> | undefined
}

/** Times and sizes. */
export interface ReflectorLimits extends LossLimits {
  /** A watch without a byte for so long is opened anew: an API server sends bookmarks every 60 to 75 s. */
  readonly silenceMs: number
  /** Pause between looks at a collection that is not there. */
  readonly absentMs: number
  /** Objects per page, where the server cannot stream lists. */
  readonly pageSize: number
}

/** As the issue and the API server want them. */
export const reflectorLimits: ReflectorLimits = {
  silenceMs: 100_000,
  confirmMs: 30_000,
  maxUnconfirmedLoss: 10,
  absentMs: 10_000,
  pageSize: 500,
}

/** A watch that lived so long worked: what ends it is no failure. */
const normalLifeMs = 1000
/** Timers may fire a little early. */
const timerSlackMs = 5
/** Work before the event loop gets its turn. */
const sliceMs = 8

/** Lists and watches one collection until it is closed. */
export class Reflector {
  readonly #options: ReflectorOptions
  readonly #limits: ReflectorLimits
  readonly #random: () => number
  readonly #backoff: Backoff
  readonly #set: ReflectedSet
  readonly #collection: ApiCollection
  /** Of the last event or bookmark; undefined when the collection must be listed. */
  #version: string | undefined
  #reason: ListReason = 'start'
  /** False while a list that could not be streamed is asked for in pages. */
  #streamsLists = true
  #isClosed = false
  /** Of the connection in use. */
  #connection = new AbortController()
  /** Objects that went because the server did not show the collection; 0 once it does. */
  #lost = 0
  /** True when we ended the connection ourselves, to list again. */
  #isInterrupted = false
  #endPause: (() => void) | undefined
  #recheck: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.#limits = { ...reflectorLimits, ...options.limits }
    this.#random = options.random ?? Math.random
    this.#backoff = new Backoff({ random: this.#random })
    this.#set = new ReflectedSet(options.sink, this.#limits)
    this.#collection = new ApiCollection(options)
  }

  /** Objects that the sink knows. */
  get size(): number {
    return this.#set.size
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Nothing is told to the sink after this was called. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#recheck)
    this.#connection.abort()
    this.#endPause?.()
    await this.#running
  }

  /** Tells the sink of everything as gone. */
  forget(): void {
    this.#set.clear()
  }

  /** Tries again now instead of later: what was not there may be. */
  poke(): void {
    this.#endPause?.()
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#connection = new AbortController()
      this.#isInterrupted = false
      let pauseMs: number
      try {
        pauseMs = await this.#connect()
      } catch (error) {
        pauseMs = this.#isInterrupted ? 0 : await this.#fail(error)
      }
      if (pauseMs > 0) await this.#pause(pauseMs)
    }
  }

  /** One connection from its beginning to its normal end; returns the pause before the next. */
  async #connect(): Promise<number> {
    const isList = this.#version === undefined
    if (isList) {
      this.#options.sink.listing?.(this.#reason)
      this.#set.beginList()
      const { pollMs } = this.#options
      if (!this.#streamsLists || pollMs !== undefined) {
        await this.#listPages()
        if (pollMs === undefined) return 0
        this.#version = undefined
        this.#backoff.reset()
        return pollMs * (0.9 + 0.2 * this.#random())
      }
    }
    const startedMs = performance.now()
    const lived = () => this.#version !== undefined && performance.now() - startedMs >= normalLifeMs
    try {
      await this.#stream(isList)
    } finally {
      if (lived()) this.#backoff.reset()
    }
    if (this.#isInterrupted) return 0
    // An end before the list was complete: a server that does not know what it was asked for.
    if (this.#version === undefined) this.#streamsLists = false
    // The server ends each watch after some minutes. One that ends them at once must not be asked without pause.
    return lived() ? 0 : this.#backoff.next()
  }

  async #listPages(): Promise<void> {
    const breathe = breather()
    for (let next: string | undefined; ; ) {
      const request = this.#collection.page(this.#limits.pageSize, next)
      const { signal } = this.#connection
      const page = parsePage(await this.#options.client.send({ ...request, signal }))
      if (page === undefined) throw noAnswer(`GET ${this.#options.path}: what came is no list`)
      for (const object of page.items) {
        if (this.#isClosed) return
        this.#set.upsert(object)
        await breathe()
      }
      next = page.next
      if (next === undefined) {
        this.#completeList(page.version)
        return
      }
    }
  }

  async #stream(isList: boolean): Promise<void> {
    // Not all at once, whatever started all at once.
    const timeoutSeconds = Math.round(300 + 300 * this.#random())
    const request = this.#collection.watch(isList ? undefined : this.#version, timeoutSeconds)
    const stream = await this.#options.client.open({ ...request, signal: this.#connection.signal })
    if (!isList) this.#tellSynced()
    // No failure by itself: a server has nothing to bookmark where nothing ever happened. Whether it still answers, the
    // next connection tells. Silence inside of a list is its end: it is asked for in pages then.
    const guard = setTimeout(() => stream.close(), this.#limits.silenceMs)
    try {
      await this.#read(stream, guard)
    } finally {
      clearTimeout(guard)
      stream.close()
    }
  }

  async #read(stream: KubeStream, guard: NodeJS.Timeout): Promise<void> {
    const splitter = new LineSplitter()
    const breathe = breather()
    for await (const chunk of stream) {
      guard.refresh()
      for (const line of splitter.push(chunk)) {
        if (this.#connection.signal.aborted) return
        const event = parseEvent(line)
        if (event === undefined) throw this.#relistFor('unreadable', `what came is no event: ${line.slice(0, 80)}`)
        this.#take(event)
        await breathe()
      }
    }
  }

  #take(event: WatchEvent): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#set.upsert(event.object)
        this.#advance(event.object.metadata.resourceVersion)
        return
      case 'DELETED':
        this.#set.remove(event.object)
        this.#advance(event.object.metadata.resourceVersion)
        return
      case 'BOOKMARK':
        if (this.#version === undefined && event.endsList) this.#completeList(event.version)
        else if (this.#version !== undefined && isOlderVersion(event.version, this.#version)) {
          throw this.#relistFor('reset', `versions went back from ${this.#version} to ${event.version}`)
        } else this.#advance(event.version)
        return
      case 'ERROR': {
        const { code } = event.status
        const status = typeof code === 'number' ? code : 500
        throw answerError({ method: 'GET', path: this.#options.path }, { status, body: event.status })
      }
    }
  }

  /** A list has no version before its end: one that breaks off begins again. */
  #advance(version: string): void {
    if (this.#version !== undefined) this.#version = version
  }

  #completeList(version: string): void {
    this.#version = version
    this.#streamsLists = true
    this.#lose((nowMs) => this.#set.endList(nowMs))
    this.#tellSynced()
  }

  /** Ends a list, or what stands for one; that everything goes is said, whoever wonders later. */
  #lose(end: (nowMs: number) => boolean): Loss {
    const { isDoubted: wasDoubted, size } = this.#set
    this.#believe(end(performance.now()))
    const lost = size - this.#set.size
    if (wasDoubted && lost > 0) {
      this.#lost += lost
      const { path } = this.#options
      this.#options.logger.warn(
        { path, lost },
        'objects that the API server did not show for long are not in use any more',
      )
    }
    return { kept: this.#set.size, lost: this.#lost }
  }

  #tellSynced(): void {
    this.#lost = 0
    if (this.#set.isDoubted) this.#options.sink.state({ kind: 'doubted', kept: this.#set.size })
    else this.#options.sink.state({ kind: 'synced' })
  }

  /** What is not believed is looked at again. */
  #believe(isBelieved: boolean): void {
    if (isBelieved) {
      clearTimeout(this.#recheck)
      this.#recheck = undefined
      return
    }
    if (this.#recheck !== undefined) return
    this.#options.logger.warn(
      { path: this.#options.path, kept: this.#set.size },
      'the API server shows none of the objects that were there; they are kept until it says so again',
    )
    this.#recheck = setTimeout(() => {
      this.#recheck = undefined
      this.#relistFor('doubted', '')
      this.#isInterrupted = true
      this.#connection.abort()
      this.#endPause?.()
    }, this.#limits.confirmMs + timerSlackMs)
  }

  /** What an error means for the copy; returns the pause before the next try. */
  async #fail(error: unknown): Promise<number> {
    if (this.#isClosed) return 0
    const { sink, logger, path } = this.#options
    if (!(error instanceof KubeError)) {
      logger.error({ path, err: error }, 'a watch failed for a reason of its own; the collection is listed again')
      this.#relistFor('unreadable', '')
      sink.state({ kind: 'failing', error })
      return this.#backoff.next()
    }
    switch (error.status) {
      case 400:
      case 422:
      case 500:
        // API servers on an etcd before 3.4.25 answer 500, those without the feature 400 or 422.
        if (this.#version === undefined && this.#streamsLists) {
          this.#streamsLists = false
          return 0
        }
        if (error.status !== 500) this.#relistFor('unreadable', '')
        break
      case 410:
        this.#relistFor('expired', '')
        return this.#backoff.next(error.retryAfterMs)
      case 404:
        this.#relistFor('vanished', '')
        this.#backoff.reset()
        sink.state({ kind: 'absent', ...this.#lose((nowMs) => this.#set.vanish(nowMs)) })
        return this.#limits.absentMs * (0.9 + 0.2 * this.#random())
      case 401:
      case 403:
        return this.#refused(error)
    }
    sink.state({ kind: 'failing', error })
    return this.#backoff.next(error.retryAfterMs)
  }

  async #refused(error: KubeError): Promise<number> {
    const verbs =
      error.status === 403 ? await this.#collection.lackingVerbs(this.#options.client, this.#connection.signal) : []
    if (this.#isClosed) return 0
    let loss: Loss = { kept: this.#set.size, lost: this.#lost }
    if (error.status === 403) {
      this.#relistFor('vanished', '')
      loss = this.#lose((nowMs) => this.#set.vanish(nowMs))
    }
    this.#options.sink.state({ kind: 'refused', error, verbs, ...loss })
    return this.#backoff.next(error.retryAfterMs)
  }

  #relistFor(reason: ListReason, message: string): KubeError {
    this.#version = undefined
    this.#reason = reason
    return noAnswer(`GET ${this.#options.path}: ${message}`)
  }

  #pause(pauseMs: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause?.(), pauseMs)
      this.#endPause = () => {
        clearTimeout(timer)
        this.#endPause = undefined
        resolve()
      }
    })
  }
}

function noAnswer(message: string): KubeError {
  return new KubeError(message, { status: 0 })
}

/** Gives the event loop its turn when enough was done in a row. */
function breather(): () => Promise<void> | undefined {
  let sinceMs = performance.now()
  return () => {
    if (performance.now() - sinceMs < sliceMs) return undefined
    return setImmediate().then(() => {
      sinceMs = performance.now()
    })
  }
}
