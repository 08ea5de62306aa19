/**
 * Of several control planes one writes: whoever holds a Lease (coordination.k8s.io/v1). Two of different versions would
 * undo each other's work, and of two only the one that a proxy is connected to knows what it took.
 *
 * Who holds it renews it; who finds that it was not renewed for its duration, by his own clock, takes it. That is how
 * other controllers choose their leaders, so their tools read it.
 */
import { isRecord } from '../api/compile.ts'
import type { Logger } from '../lib/logger.ts'
import type { KubeClient, KubeRequest } from './kube-client.ts'
import { readFailure } from './write-failure.ts'
import { isApiObject } from './watch-event.ts'

/** Which Lease, who wants it, and who is told. */
export interface LeaseOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  /** Tells control planes apart. One that comes back with the same takes the lease at once. */
  readonly identity: string
  /** We may write from now on. */
  readonly onHeld: () => void
  /** We may not any more. */
  readonly onLost: () => void
  readonly logger: Logger
  readonly limits?: Partial<LeaseLimits> | undefined
}

/** Times in ms. */
export interface LeaseLimits {
  /** Without renewal for so long, anybody may take it. */
  readonly durationMs: number
  /** The same, whatever the lease says: nobody of ours asks for more, and without a writer nothing is mended. */
  readonly longestMs: number
  /** Who could not renew it for so long gives up: before others may take it. */
  readonly giveUpMs: number
  readonly renewMs: number
  /** Between looks at one that somebody else holds, and between tries. */
  readonly lookMs: number
  /** For an answer. With two tries that have none, it is still ours when we give up. */
  readonly timeoutMs: number
}

const defaultLimits: LeaseLimits = {
  durationMs: 15_000,
  longestMs: 60_000,
  giveUpMs: 10_000,
  renewMs: 3_000,
  lookMs: 1_000,
  timeoutMs: 4_000,
}

interface LiveLease {
  /** As the API server sent it. */
  readonly raw: Readonly<Record<string, unknown>>
  readonly version: string
  readonly spec: Readonly<Record<string, unknown>>
}

/** Holds the Lease whenever it can, until it is stopped. */
export class LeaseHolder {
  readonly #options: LeaseOptions
  readonly #limits: LeaseLimits
  #live: LiveLease | undefined
  /** When the version of `#live` was first seen. Clocks of others are not believed. */
  #seenAtMs = 0
  #renewedAtMs = 0
  #isHeld = false
  /** Whom we told of as the one who writes. */
  #holder: string | undefined
  /** Whether we write without it, since nobody lets us have it. */
  #isForbidden = false
  /** What the last try failed of. */
  #failure: string | undefined
  #isStopped = false
  #running: Promise<void> | undefined
  #endPause: (() => void) | undefined

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
  }

  /** Whether we may write now. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Why nothing is written, where that is a fault: undefined while it is held, here or by another. */
  get problem(): string | undefined {
    if (this.#failure === undefined || this.#isHeld || !this.#isOverdue()) return undefined
    return `this control plane writes no status and no fleet, since the lease that lets it cannot be had: ${this.#failure}`
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Takes and renews it no more: `onHeld` and `onLost` are not called from now on. */
  halt(): void {
    this.#isStopped = true
    this.#endPause?.()
  }

  /** Gives it back, so that the next one need not wait. Call it when nothing is written any more. */
  async stop(): Promise<void> {
    this.halt()
    await this.#running
    this.#isHeld = false
    if (this.#live === undefined || this.#live.spec.holderIdentity !== this.#options.identity) return
    try {
      await this.#write({ ...this.#live.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() })
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the lease cannot be given back; it ends by itself')
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { renewMs, lookMs } = this.#limits
      const isDone = await this.#look()
      if (!this.#isStopped) await this.#pause(this.#isHeld && isDone ? renewMs : lookMs)
    }
  }

  /** False when it has to be tried again. */
  async #look(): Promise<boolean> {
    const startedMs = performance.now()
    try {
      if (!this.#isHeld || this.#live === undefined) await this.#read()
      if (this.#isFree()) {
        await this.#take()
        this.#renewedAtMs = startedMs
        this.#isForbidden = false
        this.#hold()
      } else this.#tellHolder(String(this.#live?.spec.holderIdentity))
      this.#failure = undefined
      return true
    } catch (error) {
      return this.#fail(error)
    }
  }

  async #read(): Promise<void> {
    const live = await this.#send({ method: 'GET', path: this.#path })
    if (live?.version !== this.#live?.version) this.#seenAtMs = performance.now()
    this.#live = live
  }

  #isFree(): boolean {
    if (this.#live === undefined) return true
    const { holderIdentity, leaseDurationSeconds } = this.#live.spec
    if (typeof holderIdentity !== 'string' || holderIdentity === '') return true
    if (holderIdentity === this.#options.identity) return true
    const promisedMs = typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : this.#limits.durationMs
    return performance.now() - this.#seenAtMs >= Math.min(promisedMs, this.#limits.longestMs)
  }

  async #take(): Promise<void> {
    const { identity } = this.#options
    const before = this.#live?.spec ?? {}
    const now = microTime()
    const isOurs = before.holderIdentity === identity
    const transitions = typeof before.leaseTransitions === 'number' ? before.leaseTransitions : 0
    await this.#write({
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#limits.durationMs / 1000),
      acquireTime: isOurs ? before.acquireTime : now,
      renewTime: now,
      leaseTransitions: this.#live === undefined || isOurs ? transitions : transitions + 1,
    })
  }

  /** With the version that we know: of two who take it at once, one is told so. */
  async #write(spec: Readonly<Record<string, unknown>>): Promise<void> {
    const { namespace, name } = this.#options
    const created = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name } }
    this.#live =
      this.#live === undefined
        ? await this.#send({ method: 'POST', path: this.#collection, body: { ...created, spec } })
        : await this.#send({ method: 'PUT', path: this.#path, body: { ...this.#live.raw, spec } })
    this.#seenAtMs = performance.now()
  }

  /** Undefined when there is none. */
  async #send(request: KubeRequest): Promise<LiveLease | undefined> {
    try {
      const raw = await this.#options.client.send({ ...request, timeoutMs: this.#limits.timeoutMs })
      if (!isApiObject(raw)) return undefined
      return { raw, version: raw.metadata.resourceVersion, spec: isRecord(raw.spec) ? raw.spec : {} }
    } catch (error) {
      if (request.method === 'GET' && readFailure(error).kind === 'gone') return undefined
      throw error
    }
  }

  #hold(): void {
    const { logger, identity, onHeld } = this.#options
    if (this.#isHeld || this.#isStopped) return
    this.#isHeld = true
    this.#holder = undefined
    logger.info({ identity }, 'this control plane writes statuses and fleets now')
    onHeld()
  }

  #tellHolder(holder: string): void {
    this.#lose(holder)
    if (holder === this.#holder) return
    this.#holder = holder
    this.#options.logger.info({ holder }, 'another control plane writes statuses and fleets; this one serves proxies')
  }

  #lose(holder: string | undefined): void {
    if (!this.#isHeld || this.#isStopped) return
    this.#isHeld = false
    const facts = holder === undefined ? { reason: this.#failure } : { holder }
    this.#options.logger.warn(facts, 'this control plane writes no more: it does not hold the lease')
    this.#options.onLost()
  }

  #isOverdue(): boolean {
    return performance.now() - this.#renewedAtMs >= this.#limits.giveUpMs
  }

  #fail(error: unknown): boolean {
    const { logger, name } = this.#options
    const failure = readFailure(error)
    this.#live = undefined // Read again: somebody else may have written.
    if (failure.kind === 'forbidden') {
      // A role that lacks a verb must not stop everything; with one control plane there is nothing to agree on.
      if (!this.#isForbidden) logger.warn({ lease: name, reason: failure.message }, 'goes on without a lease')
      this.#isForbidden = true
      this.#hold()
      return true
    }
    this.#failure = 'message' in failure ? failure.message : failure.kind
    logger.debug({ lease: name, reason: this.#failure }, 'the lease cannot be had now')
    if (this.#isOverdue()) this.#lose(undefined)
    return false
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause?.(), ms)
      this.#endPause = () => {
        clearTimeout(timer)
        this.#endPause = undefined
        resolve()
      }
    })
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`
  }

  get #path(): string {
    return `${this.#collection}/${this.#options.name}`
  }
}

/** `MicroTime` of the API. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
