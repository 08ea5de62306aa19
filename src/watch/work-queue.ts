/** Work by key: a key is worked on once at a time, few are at once, and what fails is tried again, ever more rarely. */
import type { Logger } from '../lib/logger.ts'

/** How a piece of work ended. */
export type Verdict =
  /** Nothing is left to do until the key is added again. */
  | { readonly kind: 'done' }
  /** Not yet: again after that time, or at once when the key is added. `isIdle`: there is no need to wait for it. */
  | { readonly kind: 'later'; readonly afterMs: number; readonly isIdle?: boolean | undefined }
  /** Given up, and idle therefore: again after that time, or at once when the key is added as fresh. */
  | { readonly kind: 'refused'; readonly afterMs: number }
  /** Again after a random time that grows with each failure, whatever is added meanwhile. */
  | {
      readonly kind: 'failed'
      /** True when others would fail, too: then all wait, and one alone tries first. */
      readonly everywhere: boolean
      /** The time is at least this. */
      readonly afterMs?: number | undefined
      /** The time grows to this. Default: 30 s. */
      readonly maxMs?: number | undefined
    }

/** What is done for a key, and how much of it at once. */
export interface WorkQueueOptions {
  /** Reads what is to be done when it begins, so that the newest is done. Must not throw. */
  readonly work: (key: string) => Promise<Verdict>
  /** Keys that go before all others. */
  readonly isUrgent: (key: string) => boolean
  /** Most keys that are worked on at once. */
  readonly concurrency: number
  /** Told when `work` throws all the same; the key is tried again. */
  readonly logger: Logger
  /** In [0, 1). Default: Math.random. */
  readonly random?: (() => number) | undefined
}

/** `queued`, `running`, or the verdict because of which it waits. */
type Phase = 'queued' | 'running' | 'later' | 'refused' | 'failed'

interface Entry {
  readonly key: string
  phase: Phase
  failures: number
  /** Not counted as pending. */
  isIdle: boolean
  /** Added while it was running. */
  added: 'no' | 'again' | 'fresh'
  timer: NodeJS.Timeout | undefined
}

const firstDelayMs = 100
const maxDelayMs = 30_000
/** Less than for a single key: one request in ten seconds tells when the server is back. */
const maxPauseMs = 10_000

/** Fair: first come, first served among the urgent and among the others. Nothing is done before `start`. */
export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #entries = new Map<string, Entry>()
  readonly #urgent = new Set<Entry>()
  readonly #others = new Set<Entry>()
  readonly #waiters = new Set<() => void>()
  #isStarted = false
  #isWoken = false
  #running = 0
  /** Entries that are not counted as pending. */
  #idle = 0
  /** Failures everywhere since something last worked. */
  #troubles = 0
  #pausedUntilMs = 0
  #pauseTimer: NodeJS.Timeout | undefined

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  /** Work is to be done. `isFresh`: there is reason to believe that what was refused is not any more. */
  add(key: string, isFresh = false): void {
    const entry = this.#entries.get(key)
    if (entry === undefined)
      this.#enqueue({ key, phase: 'queued', failures: 0, isIdle: false, added: 'no', timer: undefined })
    else if (entry.phase === 'running') entry.added = isFresh || entry.added === 'fresh' ? 'fresh' : 'again'
    else if (entry.phase === 'later' || (entry.phase === 'refused' && isFresh)) this.#enqueue(entry)
  }

  start(): void {
    this.#isStarted = true
    this.#wake()
  }

  /** Begins nothing more, and ends with the work that is under way. What is left stays for the next start. */
  async stop(): Promise<void> {
    this.#isStarted = false
    while (this.#running > 0) await this.#settled()
  }

  /** Keys with work, except refused ones and those that say so. */
  pending(): number {
    return this.#entries.size - this.#idle
  }

  /** Resolves as soon as nothing is pending. */
  async idle(): Promise<void> {
    while (this.pending() > 0) await this.#settled()
  }

  #setIdle(entry: Entry, isIdle: boolean): void {
    if (entry.isIdle !== isIdle) this.#idle += isIdle ? 1 : -1
    entry.isIdle = isIdle
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => this.#waiters.add(resolve))
  }

  #enqueue(entry: Entry): void {
    clearTimeout(entry.timer)
    entry.phase = 'queued'
    this.#setIdle(entry, false)
    this.#entries.set(entry.key, entry)
    const lane = this.#options.isUrgent(entry.key) ? this.#urgent : this.#others
    lane.add(entry)
    this.#wake()
  }

  /** Not at once: what is added in one go is ordered first. */
  #wake(): void {
    if (this.#isWoken) return
    this.#isWoken = true
    queueMicrotask(() => {
      this.#isWoken = false
      this.#pump()
    })
  }

  #pump(): void {
    const isPaused = performance.now() < this.#pausedUntilMs
    const limit = this.#troubles > 0 ? 1 : this.#options.concurrency
    while (this.#isStarted && !isPaused && this.#running < limit) {
      const lane = this.#urgent.size > 0 ? this.#urgent : this.#others
      const [entry] = lane
      if (entry === undefined) return
      lane.delete(entry)
      void this.#run(entry)
    }
  }

  async #run(entry: Entry): Promise<void> {
    entry.phase = 'running'
    entry.added = 'no'
    this.#running += 1
    const verdict = await this.#work(entry.key)
    this.#running -= 1
    this.#settle(entry, verdict)
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter()
    this.#wake()
  }

  async #work(key: string): Promise<Verdict> {
    try {
      return await this.#options.work(key)
    } catch (error) {
      this.#options.logger.error({ key, err: error }, 'bug: work failed unexpectedly')
      return { kind: 'failed', everywhere: false }
    }
  }

  #settle(entry: Entry, verdict: Verdict): void {
    if (verdict.kind === 'failed') {
      this.#fail(entry, verdict)
      return
    }
    entry.failures = 0
    this.#troubles = 0
    const isAdded = verdict.kind === 'refused' ? entry.added === 'fresh' : entry.added !== 'no'
    if (isAdded) this.#enqueue(entry)
    else if (verdict.kind === 'done') this.#entries.delete(entry.key)
    else {
      this.#wait(entry, verdict.kind, verdict.afterMs)
      this.#setIdle(entry, verdict.kind === 'refused' || verdict.isIdle === true)
    }
  }

  #fail(entry: Entry, { everywhere, afterMs = 0, maxMs = maxDelayMs }: Verdict & { readonly kind: 'failed' }): void {
    entry.failures += 1
    this.#wait(entry, 'failed', Math.max(afterMs, this.#delayMs(entry.failures, maxMs)))
    const nowMs = performance.now()
    // What began before the pause does not make it longer.
    if (!everywhere || nowMs < this.#pausedUntilMs) return
    this.#troubles += 1
    const pauseMs = Math.max(afterMs, this.#delayMs(this.#troubles, maxPauseMs))
    this.#pausedUntilMs = nowMs + pauseMs
    clearTimeout(this.#pauseTimer)
    this.#pauseTimer = setTimeout(() => {
      this.#pausedUntilMs = 0
      this.#wake()
    }, pauseMs).unref()
  }

  /** Twice as long after each failure; half of it by chance, so that those who failed together do not come together. */
  #delayMs(failures: number, maxMs: number): number {
    const ceilingMs = Math.min(maxMs, firstDelayMs * 2 ** Math.min(failures - 1, 20))
    return (ceilingMs / 2) * (1 + (this.#options.random ?? Math.random)())
  }

  #wait(entry: Entry, phase: Phase, afterMs: number): void {
    entry.phase = phase
    entry.timer = setTimeout(() => this.#enqueue(entry), Math.max(1, Math.ceil(afterMs))).unref()
  }
}
