/** Writes statuses to the API server: whatever happens on the way, in the end the object has the newest one. */
import { findKind } from '../api/kinds.ts'
import { isRecord } from '../api/compile.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { Logger } from '../lib/logger.ts'
import { must } from '../lib/assert.ts'
import type { Metrics } from '../lib/metrics.ts'
import { type KubeClient, mergePatch } from './kube-client.ts'
import type { LiveObject, LiveObjects } from './live-objects.ts'
import { newerObject, readLiveObject } from './live-version.ts'
import { isOnlyCounts, WritePace } from './status-pace.ts'
import { collectionPath } from './rest-path.ts'
import { hasEntryOf, mergeStatus, type Now } from './status-merge.ts'
import { type Verdict, WorkQueue } from './work-queue.ts'
import { readFailure, type WriteFailure } from './write-failure.ts'

type Fields = Readonly<Record<string, unknown>>

/** The status that an object should have; what translation calls a DesiredStatus. */
export interface WantedStatus {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name: string
  readonly status: Fields
}

/** Where statuses are written, and in whose name. */
export interface StatusWriterOptions {
  readonly client: KubeClient
  readonly live: LiveObjects
  /** Whose entries of `parents` and `ancestors` are ours. */
  readonly controllerName: string
  readonly now: Now
  readonly logger: Logger
  readonly metrics: Metrics
  /** Most requests at once. Default: 8. */
  readonly concurrency?: number | undefined
}

/** What is known of one object besides what is live. */
interface Target {
  /** Undefined: entries of ours are to go. */
  wanted: WantedStatus | undefined
  /** From the answer to a write or a read of ours: the watch may not have told it yet. */
  told: LiveObject | undefined
  /** What the API server made of our last write, which may be less than was sent. */
  accepted: { readonly wanted: WantedStatus | undefined; readonly status: Fields } | undefined
  /** Of the version on which a write failed, since it was not the newest. */
  staleVersion: string | undefined
  /** What the API server says against our last write. */
  refusal: string | undefined
  readonly pace: WritePace
}

/** Statuses of these are waited for by people and by other objects. */
const urgentKinds: ReadonlySet<string> = new Set(['GatewayClass', 'Gateway', 'ListenerSet'])

/** Time until a refused write is tried again, though nothing changed: a webhook, a CRD or a role may have. */
const refusedMs = 60_000
const forbiddenMs = 30_000
/** Time until an object that was not there, and is not told to be gone, is written again. */
const goneMs = 10_000
/** An object that came back has entries of ours before it was translated. They are taken for left-overs after that time. */
const leftOverMs = 1_000

/**
 * Wanted statuses by `<Kind>/<namespace>/<name>`. An object is written when it differs from what is wanted, with its
 * version, so that nothing is overwritten that was not seen. Nothing is written before `start`.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #queue: WorkQueue
  readonly #targets = new Map<string, Target>()
  /** Kinds whose status we may not write. */
  readonly #forbidden = new Map<string, { readonly untilMs: number; readonly message: string }>()
  readonly #writes: ReturnType<typeof declareMetrics>
  #isStarted = false

  constructor(options: StatusWriterOptions) {
    this.#options = options
    this.#writes = declareMetrics(options.metrics, () => this.#queue.pending())
    this.#queue = new WorkQueue({
      work: (key) => this.#work(key),
      isUrgent: (key) => urgentKinds.has(kindOf(key)),
      concurrency: options.concurrency ?? 8,
      logger: options.logger,
    })
    options.live.onChange((key) => this.#liveChanged(key))
  }

  /** What the object should have from now on; undefined: nothing of ours. */
  set(key: string, wanted: WantedStatus | undefined): void {
    const known = this.#targets.get(key)
    const plain = wanted === undefined ? undefined : { ...wanted, status: withoutUndefined(wanted.status) }
    if (known !== undefined && structuralEqual(known.wanted, plain)) return
    const target = known ?? this.#newTarget(key)
    target.wanted = plain
    target.pace.changed(performance.now())
    this.#queue.add(key, true)
  }

  /** To be called after all statuses were set once: objects with entries of ours and without a wanted status are cleaned. */
  start(): void {
    this.#isStarted = true
    for (const [key, { status }] of this.#options.live.entries()) {
      if (this.#targets.has(key) || !hasEntryOf(status, this.#options.controllerName)) continue
      this.#newTarget(key)
      this.#queue.add(key)
    }
    this.#queue.start()
  }

  /** Writes no more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStarted = false
    await this.#queue.stop()
  }

  /** Objects that are to be written, without those that the API server refuses. */
  pending(): number {
    return this.#queue.pending()
  }

  /** Why statuses that are known here are not in the API server, by kind or key of the object. */
  problems(): ReadonlyMap<string, string> {
    const problems = new Map<string, string>()
    for (const [kind, { message }] of this.#forbidden) problems.set(kind, `statuses are not written: ${message}`)
    for (const [key, { refusal }] of this.#targets) {
      if (refusal !== undefined) problems.set(key, `its status is not written, since that is refused: ${refusal}`)
    }
    return problems
  }

  /** Resolves when nothing is pending: at once, or never while there is no API server. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  #newTarget(key: string): Target {
    const target: Target = {
      wanted: undefined,
      told: undefined,
      accepted: undefined,
      staleVersion: undefined,
      refusal: undefined,
      pace: new WritePace(),
    }
    this.#targets.set(key, target)
    return target
  }

  #liveChanged(key: string): void {
    const live = this.#options.live.get(key)
    const target = this.#targets.get(key)
    if (target !== undefined) {
      if (live !== undefined && live.resourceVersion === target.told?.resourceVersion)
        this.#seeOurWrite(key, target, live)
      else this.#queue.add(key)
    } else if (this.#isStarted && live !== undefined && hasEntryOf(live.status, this.#options.controllerName)) {
      this.#newTarget(key).pace.heldUntilMs = performance.now() + leftOverMs
      this.#queue.add(key)
    }
  }

  /** The watch has caught up with our write: one copy of what it says is enough. */
  #seeOurWrite(key: string, target: Target, { status = {} }: LiveObject): void {
    target.told = undefined
    if (target.accepted !== undefined) target.accepted = { ...target.accepted, status }
    this.#forgetIfClean(key, target)
  }

  /** What has nothing of ours, as far as the watch has told by now, needs no memory. */
  #forgetIfClean(key: string, { wanted }: Target): void {
    const { live, controllerName } = this.#options
    if (wanted === undefined && !hasEntryOf(live.get(key)?.status, controllerName)) this.#targets.delete(key)
  }

  async #work(key: string): Promise<Verdict> {
    const target = this.#targets.get(key)
    if (target === undefined) return { kind: 'done' }
    const isCleaning = target.wanted === undefined
    const verdict = await this.#bring(key, target)
    if (verdict.kind === 'done' && isCleaning) this.#forgetIfClean(key, target)
    return verdict
  }

  /** One step towards the wanted status. */
  async #bring(key: string, target: Target): Promise<Verdict> {
    const nowMs = performance.now()
    const forbiddenUntilMs = this.#forbidden.get(kindOf(key))?.untilMs ?? 0
    if (nowMs < forbiddenUntilMs) return { kind: 'refused', afterMs: forbiddenUntilMs - nowMs }
    if (nowMs < target.pace.heldUntilMs) return { kind: 'later', afterMs: target.pace.heldUntilMs - nowMs }
    const live = await this.#newest(key, target)
    if (live.kind !== 'live') return live
    const fields = this.#changedFields(key, live.object, target)
    if (Object.keys(fields).length === 0) {
      target.refusal = undefined
      return { kind: 'done' }
    }
    const { dueMs, countsDueMs } = target.pace
    const earlyMs = (isOnlyCounts(live.object.status, fields) ? countsDueMs : dueMs) - performance.now()
    return earlyMs > 0 ? { kind: 'later', afterMs: earlyMs } : this.#write(key, target, live.object, fields)
  }

  /** The newest version that we know; after a conflict one that we did not know then. */
  async #newest(
    key: string,
    target: Target,
  ): Promise<{ readonly kind: 'live'; readonly object: LiveObject } | Verdict> {
    const watched = this.#options.live.get(key)
    if (watched === undefined) {
      target.told = undefined
      target.accepted = undefined
      target.refusal = undefined
      return { kind: 'done' }
    }
    const newest = newerObject(watched, target.told)
    if (newest.resourceVersion !== target.staleVersion) return { kind: 'live', object: newest }
    try {
      const object = readLiveObject(await this.#options.client.send({ method: 'GET', path: pathOf(key) }))
      target.told = object
      return object === undefined ? { kind: 'failed', everywhere: false } : { kind: 'live', object }
    } catch (error) {
      return this.#failed(key, target, readFailure(error))
    }
  }

  #changedFields(key: string, { status = {}, generation }: LiveObject, target: Target): Fields {
    const { accepted, wanted } = target
    // Compared with what we sent, a field that an older CRD does not have would be sent for ever.
    if (accepted !== undefined && accepted.wanted === wanted && structuralEqual(accepted.status, status)) return {}
    const { now, controllerName, logger } = this.#options
    const onDropped = (what: string) => logger.warn({ object: key, list: what }, 'status has no room for all of ours')
    const merged = mergeStatus(status, wanted?.status ?? {}, { now, controllerName, generation, onDropped })
    return Object.fromEntries(Object.entries(merged).filter(([field, value]) => !structuralEqual(status[field], value)))
  }

  async #write(key: string, target: Target, live: LiveObject, fields: Fields): Promise<Verdict> {
    const { wanted } = target
    const body = { metadata: { resourceVersion: live.resourceVersion }, status: fields }
    const path = `${pathOf(key)}/status`
    target.pace.tried(performance.now())
    try {
      const answer = await this.#options.client.send({ method: 'PATCH', path, contentType: mergePatch, body })
      this.#written(key, target, { wanted, told: readLiveObject(answer) })
      return { kind: 'done' }
    } catch (error) {
      target.staleVersion = live.resourceVersion
      return this.#failed(key, target, readFailure(error))
    }
  }

  #written(
    key: string,
    target: Target,
    { wanted, told }: { readonly wanted: WantedStatus | undefined; readonly told: LiveObject | undefined },
  ): void {
    const { logger } = this.#options
    target.told = told
    target.accepted = told === undefined ? undefined : { wanted, status: told.status ?? {} }
    target.staleVersion = undefined
    target.refusal = undefined
    const isFight = target.pace.wrote(performance.now())
    if (isFight) {
      logger.warn(
        { object: key, controllerName: this.#options.controllerName },
        'somebody else keeps changing what we write to the status; does another controller have the same name?',
      )
    }
    if (this.#forbidden.delete(kindOf(key))) logger.info({ kind: kindOf(key) }, 'status may be written again')
    logger.debug({ object: key, resourceVersion: told?.resourceVersion }, 'status written')
    this.#writes.total.inc({ kind: kindOf(key), result: 'written' })
  }

  #failed(key: string, target: Target, failure: WriteFailure): Verdict {
    const { logger } = this.#options
    this.#writes.total.inc({ kind: kindOf(key), result: failure.kind })
    if (failure.kind !== 'conflict') target.staleVersion = undefined
    switch (failure.kind) {
      case 'conflict':
        return { kind: 'failed', everywhere: false, maxMs: 1_000 }
      case 'gone':
      case 'terminating':
        // The watch will tell.
        return { kind: 'later', afterMs: goneMs }
      case 'forbidden': {
        const { message } = failure
        if (!this.#forbidden.has(kindOf(key))) logger.warn({ kind: kindOf(key) }, message)
        this.#forbidden.set(kindOf(key), { untilMs: performance.now() + forbiddenMs, message })
        return { kind: 'refused', afterMs: forbiddenMs }
      }
      case 'refused':
        if (target.refusal !== failure.message) {
          logger.error({ object: key, reason: failure.message }, 'the API server refuses a status')
        }
        target.refusal = failure.message
        return { kind: 'refused', afterMs: refusedMs }
      case 'unavailable': {
        const { everywhere, retryAfterMs, message } = failure
        logger.debug({ object: key, reason: message }, 'status not written yet')
        return { kind: 'failed', everywhere, afterMs: retryAfterMs }
      }
    }
  }
}

function declareMetrics(metrics: Metrics, pending: () => number) {
  return {
    total: metrics.counter({
      name: 'fairlead_status_writes_total',
      help: 'Statuses sent to the API server, by what it answered.',
      labels: ['kind', 'result'],
    }),
    pending: metrics.gauge({
      name: 'fairlead_status_pending',
      help: 'Objects whose status is to be written, without those that the API server refuses.',
      read: pending,
    }),
  }
}

function kindOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}

/** Path of the object, without the subresource. */
function pathOf(key: string): string {
  const [kindName = '', namespace = '', name = ''] = key.split('/')
  const kind = must(findKind(kindName), `status of unknown kind ${kindName}`)
  return `${collectionPath(kind, namespace)}/${name}`
}

/** As JSON carries it: a field that holds undefined is not there. What has none is returned itself. */
function withoutUndefined(fields: Fields): Fields {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined)
  const plain = Object.fromEntries(kept.map(([field, value]) => [field, plainValue(value)]))
  const isSame = Object.entries(fields).every(([field, value]) => value !== undefined && plain[field] === value)
  return isSame ? fields : plain
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    const plain: readonly unknown[] = value.map(plainValue)
    return plain.every((item, index) => item === value[index]) ? value : plain
  }
  return isRecord(value) ? withoutUndefined(value) : value
}
