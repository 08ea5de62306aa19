/** Keeps the Kubernetes objects of every owner as they should be: applies, repairs, and deletes what nobody wants. */
import { type FleetKindName, fleetObjectsTable, type ManagedObject } from '../api/managed-kinds.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { describeObject, type NamespacedName } from '../lib/object-ref.ts'
import { type ObservedObject, objectKeyOf, readObserved, type StampedObject, stampObject } from './applied-object.ts'
import { AppliedObjects, type ApplyOutcome } from './applied-objects.ts'
import type { KubeClient } from './kube-client.ts'
import { WritePace } from './status-pace.ts'
import { type Verdict, WorkQueue } from './work-queue.ts'
import type { WriteFailure } from './write-failure.ts'

/** Where objects are applied, in whose name, and who is told of problems. */
export interface ApplierOptions {
  readonly client: KubeClient
  /** `fairlead`. */
  readonly fieldManager: string
  /** Marks objects as ours, where several controllers share a cluster. */
  readonly controllerName: string
  /** What the owner should be told, when it changes; undefined: nothing is wrong any more. */
  readonly onProblem: (owner: string, message: string | undefined) => void
  /**
   * `no`: somebody who cannot be asked may want an object that no owner wants; asked again every 30 s. `not yet`: it serves
   * until something else does; asked again every second.
   */
  readonly mayDelete: (object: ObservedObject) => Promise<MayDelete>
  readonly logger: Logger
  readonly metrics: Metrics
  /** Most owners that are worked on at once. Default: 4. */
  readonly concurrency?: number | undefined
}

/** Whether an object that no owner wants may be deleted. */
export type MayDelete = 'yes' | 'no' | 'not yet'

interface Owner {
  objects: readonly StampedObject[]
  /** Keys of what may stay. */
  readonly keys: readonly string[]
  problem: string | undefined
  /** When objects that a former process applied are applied again, to be sure. */
  verifyAtMs: number | undefined
  /** Times in a row that something was refused. */
  refusals: number
  readonly pace: WritePace
}

/** A refusal, or an object in our place, may be lifted without our seeing it. */
const problemMs = 30_000
/** How often it is asked whether something else serves now. */
const successorMs = 1_000
const maxProblemMs = 300_000
/** The watch tells when an object is gone; this is in case it does not. */
const waitingMs = 5_000
/** After a restart thousands of objects are as we left them: they are looked after, but not in a rush. */
const verifyGapMs = 500

const ownerPrefix = 'owner '
const leftOverPrefix = 'left over '

/**
 * Objects of owners, as renderFleet gives them. `set` and `delete` say what should be; `observe` and `vanished` what the
 * watch of managed objects tells. Nothing is sent before `start`.
 */
export class Applier {
  readonly #options: ApplierOptions
  readonly #objects: AppliedObjects
  readonly #queue: WorkQueue
  readonly #owners = new Map<string, Owner>()
  /** Which owner wants an object, by object key. */
  readonly #wanted = new Map<string, string>()
  readonly #metrics: ReturnType<typeof declareMetrics>
  #isStarted = false
  #nextVerifyMs = 0

  constructor(options: ApplierOptions) {
    this.#options = options
    this.#objects = new AppliedObjects(options)
    this.#metrics = declareMetrics(options.metrics, () => this.#queue.pending())
    this.#queue = new WorkQueue({
      work: (key) => this.#work(key),
      isUrgent: () => false,
      concurrency: options.concurrency ?? 4,
      logger: options.logger,
    })
  }

  /** The objects that the owner should have. What it had and is not among them is deleted. */
  set(owner: string, objects: readonly ManagedObject[]): void {
    const stamped = [...objects]
      .sort((a, b) => orderOf(a.kind) - orderOf(b.kind))
      .map((object) => stampObject(object, this.#options.controllerName))
    const known = this.#owners.get(owner)
    if (known !== undefined && isSame(known.objects, stamped)) return
    const pace = known?.pace ?? new WritePace()
    pace.changed(performance.now())
    const keys = stamped.map(({ object }) => objectKeyOf(object.kind, object.metadata))
    this.#become(owner, { objects: stamped, keys, problem: known?.problem, verifyAtMs: undefined, refusals: 0, pace })
    this.#queue.add(ownerPrefix + owner, true)
  }

  /** What the owner has, and what stands under the name, stays as it is until the next `set` or `delete`. */
  hold(owner: string, name: NamespacedName): void {
    const known = this.#owners.get(owner)
    const keys = new Set([...(known?.keys ?? []), ...fleetObjectsTable.map(({ kind }) => objectKeyOf(kind, name))])
    const pace = known?.pace ?? new WritePace()
    this.#become(owner, { objects: [], keys: [...keys], problem: undefined, verifyAtMs: undefined, refusals: 0, pace })
    if (known?.problem !== undefined) this.#options.onProblem(owner, undefined)
  }

  /** The owner is gone: so should be its objects. */
  delete(owner: string): void {
    const known = this.#owners.get(owner)
    if (known === undefined) return
    this.#owners.delete(owner)
    this.#want(owner, known.keys, [])
    if (known.problem !== undefined) this.#options.onProblem(owner, undefined)
  }

  /** An object with our label, or its metadata, as the watch has it. */
  observe(kind: FleetKindName, raw: unknown): void {
    const object = readObserved(kind, raw, this.#options.fieldManager)
    if (object === undefined || !this.#objects.observe(object)) return
    this.#check(objectKeyOf(kind, object))
  }

  /** The watch does not have the object any more. */
  vanished(kind: FleetKindName, namespace: string, name: string): void {
    const key = objectKeyOf(kind, { namespace, name })
    this.#objects.forget(key)
    this.#check(key)
  }

  /** To be called after all owners were set once: from now on, objects of ours that no owner wants are deleted. */
  start(): void {
    this.#isStarted = true
    for (const key of this.#objects.keys()) this.#check(key)
    this.#queue.start()
  }

  /** Sends nothing more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStarted = false
    await this.#queue.stop()
  }

  /** Owners and left-over objects with work, without those that the API server refuses. */
  pending(): number {
    return this.#queue.pending()
  }

  /** Resolves when nothing is pending: at once, or never while there is no API server. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  #become(name: string, owner: Owner): void {
    const before = this.#owners.get(name)?.keys ?? []
    this.#owners.set(name, owner)
    this.#want(name, before, owner.keys)
  }

  #want(owner: string, before: readonly string[], now: readonly string[]): void {
    const kept = new Set(now)
    for (const key of before) {
      if (this.#wanted.get(key) === owner && !kept.has(key)) {
        this.#wanted.delete(key)
        this.#check(key)
      }
    }
    for (const key of now) this.#wanted.set(key, owner)
  }

  /** Something about the object changed: whoever has to, looks at it. */
  #check(key: string): void {
    const owner = this.#wanted.get(key)
    if (owner !== undefined) this.#queue.add(ownerPrefix + owner)
    else if (this.#isStarted && this.#objects.isLeftOver(key)) this.#queue.add(leftOverPrefix + key)
  }

  #work(key: string): Promise<Verdict> {
    if (key.startsWith(ownerPrefix)) return this.#bring(key.slice(ownerPrefix.length))
    return this.#remove(key.slice(leftOverPrefix.length))
  }

  /** Applies what differs, what pods need before the pods. One object that is refused does not hold up the others. */
  async #bring(name: string): Promise<Verdict> {
    const owner = this.#owners.get(name)
    if (owner === undefined) return { kind: 'done' }
    const nowMs = performance.now()
    const isVerifying = owner.verifyAtMs !== undefined && nowMs >= owner.verifyAtMs
    const { dueMs } = owner.pace
    const outcomes: ApplyOutcome[] = []
    const problems: string[] = []
    let isTried = false
    for (const stamped of owner.objects) {
      let outcome = this.#objects.look(stamped, isVerifying)
      if (outcome === undefined) {
        if (dueMs > nowMs) return { kind: 'later', afterMs: dueMs - nowMs }
        if (!isTried) owner.pace.tried(nowMs)
        isTried = true
        outcome = await this.#apply(stamped)
        if (this.#owners.get(name) !== owner) return this.#changedMeanwhile(stamped)
      }
      if (outcome.kind === 'failed' && isTransient(outcome.failure)) return this.#failed(stamped, outcome.failure)
      outcomes.push(outcome)
      const problem = problemOf(stamped, outcome)
      if (problem !== undefined) problems.push(problem)
    }
    this.#tellProblem(name, owner, problems.length === 0 ? undefined : problems.join('\n'))
    return this.#rest(name, owner, outcomes)
  }

  /** What is left to do when every object was looked at. */
  #rest(name: string, owner: Owner, outcomes: readonly ApplyOutcome[]): Verdict {
    const nowMs = performance.now()
    if (outcomes.some((outcome) => outcome.kind === 'applied' && outcome.isChanged) && owner.pace.wrote(nowMs)) {
      this.#options.logger.warn({ owner: name }, 'somebody else keeps changing fields that we apply')
    }
    const isVerified = outcomes.every((outcome) => outcome.kind !== 'same' || outcome.isVerified)
    if (!isVerified) owner.verifyAtMs ??= this.#nextVerify()
    const verifyMs = isVerified ? Number.POSITIVE_INFINITY : (owner.verifyAtMs ?? nowMs) - nowMs
    if (outcomes.some(({ kind }) => kind === 'failed' || kind === 'foreign')) {
      const afterMs = Math.min(maxProblemMs, problemMs * 2 ** owner.refusals)
      owner.refusals += 1
      return isVerified
        ? { kind: 'refused', afterMs }
        : { kind: 'later', afterMs: Math.min(afterMs, verifyMs), isIdle: true }
    }
    owner.refusals = 0
    if (outcomes.some(({ kind }) => kind === 'waiting')) return { kind: 'later', afterMs: waitingMs }
    return isVerified ? { kind: 'done' } : { kind: 'later', afterMs: verifyMs, isIdle: true }
  }

  /** What was just applied may not be wanted any more. */
  #changedMeanwhile({ object }: StampedObject): Verdict {
    this.#check(objectKeyOf(object.kind, object.metadata))
    return { kind: 'done' }
  }

  async #apply(stamped: StampedObject): Promise<ApplyOutcome> {
    const { kind, metadata } = stamped.object
    const outcome = await this.#objects.apply(stamped)
    this.#metrics.writes.inc({ kind, result: outcome.kind === 'failed' ? outcome.failure.kind : outcome.kind })
    if (outcome.kind === 'applied' && outcome.isChanged) {
      const { namespace, name } = metadata
      this.#options.logger.info({ kind, namespace, name }, 'object applied')
    }
    return outcome
  }

  async #remove(key: string): Promise<Verdict> {
    const there = this.#objects.get(key)
    const mayDelete = there === undefined ? 'no' : await this.#options.mayDelete(there)
    if (this.#wanted.has(key) || !this.#objects.isLeftOver(key)) return { kind: 'done' }
    if (mayDelete === 'no') return { kind: 'later', afterMs: problemMs, isIdle: true }
    if (mayDelete === 'not yet') return { kind: 'later', afterMs: successorMs, isIdle: true }
    const [kind = '', namespace = '', name = ''] = key.split('/')
    const failure = await this.#objects.delete(key)
    this.#metrics.writes.inc({ kind, result: failure?.kind ?? 'deleted' })
    if (failure === undefined) {
      this.#options.logger.info({ kind, namespace, name }, 'object deleted, since nobody wants it any more')
      return { kind: 'done' }
    }
    switch (failure.kind) {
      case 'gone':
      case 'terminating':
      case 'conflict':
        // It is gone, or was made again: the watch tells.
        return { kind: 'later', afterMs: waitingMs }
      case 'forbidden':
      case 'refused':
        this.#options.logger.warn({ kind, namespace, name, reason: failure.message }, 'object cannot be deleted')
        return { kind: 'refused', afterMs: problemMs }
      case 'unavailable':
        return { kind: 'failed', everywhere: failure.everywhere, afterMs: failure.retryAfterMs }
    }
  }

  #failed({ object }: StampedObject, failure: WriteFailure): Verdict {
    if (failure.kind !== 'unavailable') return { kind: 'failed', everywhere: false, maxMs: waitingMs }
    const { kind, metadata } = object
    const { namespace, name } = metadata
    this.#options.logger.debug({ kind, namespace, name, reason: failure.message }, 'object not applied yet')
    return { kind: 'failed', everywhere: failure.everywhere, afterMs: failure.retryAfterMs }
  }

  #tellProblem(name: string, owner: Owner, problem: string | undefined): void {
    if (owner.problem === problem) return
    owner.problem = problem
    if (problem !== undefined) this.#options.logger.warn({ owner: name, problem }, 'objects cannot be applied')
    this.#options.onProblem(name, problem)
  }

  /** One owner after the other. */
  #nextVerify(): number {
    this.#nextVerifyMs = Math.max(this.#nextVerifyMs, performance.now()) + verifyGapMs
    return this.#nextVerifyMs
  }
}

function declareMetrics(metrics: Metrics, pending: () => number) {
  return {
    writes: metrics.counter({
      name: 'fairlead_apply_writes_total',
      help: 'Objects of fleets that were applied or deleted, by what the API server answered.',
      labels: ['kind', 'result'],
    }),
    pending: metrics.gauge({
      name: 'fairlead_apply_pending',
      help: 'Fleets and left-over objects with work, without those that the API server refuses.',
      read: pending,
    }),
  }
}

function isTransient({ kind }: WriteFailure): boolean {
  return kind === 'unavailable' || kind === 'conflict'
}

/** For the status of the owner. A namespace that is being deleted takes the owner with it: nobody has to be told. */
function problemOf({ object }: StampedObject, outcome: ApplyOutcome): string | undefined {
  const what = describeObject({ kind: object.kind, ...object.metadata })
  if (outcome.kind === 'foreign') return `${what} exists and does not belong to this Gateway; rename or delete it`
  if (outcome.kind !== 'failed') return undefined
  const { failure } = outcome
  if (failure.kind === 'forbidden') return `${what} cannot be applied: ${failure.message}`
  return failure.kind === 'refused' ? `${what} is refused: ${failure.message}` : undefined
}

function orderOf(kind: FleetKindName): number {
  return fleetObjectsTable.findIndex((row) => row.kind === kind)
}

function isSame(a: readonly StampedObject[], b: readonly StampedObject[]): boolean {
  return a.length === b.length && a.every(({ hash }, index) => hash === b[index]?.hash)
}
