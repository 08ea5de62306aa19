/** Brings the objects of a cluster in: every kind that is translated, and by name what is referenced. */
import type { Kind, KubernetesObject } from '../api/kinds.ts'
import { findKind } from '../api/kinds.ts'
import type { CrdFacts } from '../api/crd-facts.ts'
import type { Logger } from '../lib/logger.ts'
import type { Metrics } from '../lib/metrics.ts'
import { Discovery } from './discovery.ts'
import type { KubeClient } from './kube-client.ts'
import { droppedNotice, failureNotice, isKindError, kindNotice, parseNotice } from './kind-notice.ts'
import { readObject } from './kube-object.ts'
import { LastingNotices } from './lasting-notices.ts'
import type { LiveObjects } from './live-objects.ts'
import { Reflector, type ReflectorLimits, reflectorLimits, type ReflectorState } from './reflector.ts'
import { collectionPath } from './rest-path.ts'
import type { ObjectName } from './sources.ts'
import type { ApiObject } from './watch-event.ts'
import { declareWatchMetrics, type WatchMetrics } from './watch-metrics.ts'
import { type Notice, type NoticeListener, WatchNotices } from './watch-notices.ts'

/** What to bring in and whom to tell. */
export interface KubeSourceOptions {
  readonly client: KubeClient
  /** Kinds to watch. ConfigMaps among them are watched only as far as they are followed. */
  readonly kinds: readonly Kind[]
  /** Told the server's side of objects whose status we write. */
  readonly live: LiveObjects
  /** A new object or a new version of one. `key` is `<Kind>/<namespace>/<name>`. */
  readonly onObject: (object: KubernetesObject, key: string) => void
  /** Called once for each object that was told before. */
  readonly onDelete: (ref: ObjectName) => void
  /** An object that is followed, `<Kind>/<namespace>/<name>`, was looked up, there or not; or is followed no more. */
  readonly onLookedUp?: ((key: string, isLookedUp: boolean) => void) | undefined
  readonly onNotice: NoticeListener
  readonly onCrds: (facts: CrdFacts) => void
  readonly logger: Logger
  readonly metrics: Metrics
  /** Name of our ClusterRole, for who has to mend it. Default: fairlead. */
  readonly clusterRole?: string | undefined
  /** Referenced objects with a watch of their own; the others are looked at every 30 s. Default: 64. */
  readonly maxNamedWatches?: number | undefined
  readonly random?: (() => number) | undefined
  readonly limits?: Partial<ReflectorLimits> | undefined
}

/** One reflector and how far it got. */
interface Watch {
  readonly kind: Kind
  readonly reflector: Reflector
  /** Settled: it told what there is, or that there is nothing to wait for. */
  isSettled: boolean
  /** Since when it had no success. */
  failingSinceMs: number | undefined
  refusedSinceMs: number | undefined
  readonly isPolled: boolean
}

const certificateType = 'kubernetes.io/tls'
const namedPollMs = 30_000
/** What ends after that time was an outage: others that wait may try again. Sooner, they would keep each other awake. */
const outageMs = 5_000

/** Watches a cluster until it is closed. */
export class KubeSource {
  /** Resolves when every required kind was listed and every optional one was, or is not there. */
  readonly synced: Promise<void>
  readonly #options: KubeSourceOptions
  readonly #notices: WatchNotices
  readonly #failures: LastingNotices
  readonly #metrics: WatchMetrics
  readonly #limits: ReflectorLimits
  readonly #discovery: Discovery
  /** By kind. */
  readonly #kinds = new Map<string, Watch>()
  /** By `<Kind>/<namespace>/<name>`. */
  readonly #named = new Map<string, Watch>()
  /** Keys of objects that shall be brought in, whatever their kind. */
  readonly #wanted = new Set<string>()
  /** Keys of the Secrets that the watch of all certificates has. */
  readonly #certificates = new Set<string>()
  /** Objects that were told, by key. The uid tells apart what two watches see of one name. */
  readonly #told = new Map<string, string>()
  #waiting: { readonly isDone: () => boolean; readonly resolve: () => void }[] = []

  constructor(options: KubeSourceOptions) {
    const { client, kinds, logger, metrics, onCrds, onNotice } = options
    this.#options = options
    this.#limits = { ...reflectorLimits, ...options.limits }
    this.#notices = new WatchNotices(logger, onNotice)
    this.#failures = new LastingNotices(this.#notices)
    this.#metrics = declareWatchMetrics(metrics)
    for (const kind of kinds) if (kind.kind !== 'ConfigMap') this.#kinds.set(kind.kind, this.#watchKind(kind))
    this.#discovery = new Discovery({
      client,
      onFacts: onCrds,
      onCrd: (name) => this.#poke(name),
      notices: this.#notices,
      skew: this.#metrics.skew,
      logger,
      clusterRole: this.#clusterRole,
      random: options.random,
    })
    this.synced = this.#until(() => [...this.#kinds.values()].every((watch) => watch.isSettled))
  }

  /** What an operator should know, by subject: a kind, or an object as `<Kind>/<namespace>/<name>`. */
  get notices(): ReadonlyMap<string, Notice> {
    return this.#notices.entries()
  }

  start(): void {
    this.#discovery.start()
    for (const { reflector } of this.#kinds.values()) reflector.start()
  }

  async close(): Promise<void> {
    this.#failures.close()
    const watches = [...this.#kinds.values(), ...this.#named.values()]
    await Promise.all([this.#discovery.close(), ...watches.map(({ reflector }) => reflector.close())])
  }

  /**
   * Whether a ConfigMap or Secret, `<Kind>/<namespace>/<name>`, is brought in. What is wanted no more is told as deleted.
   */
  follow(key: string, isWanted: boolean): void {
    if (isWanted) this.#wanted.add(key)
    else this.#wanted.delete(key)
    this.#watchIfNeeded(key)
    this.#check()
  }

  /** Resolves when everything that is watched now, followed objects included, was looked up. */
  settled(): Promise<void> {
    return this.#until(() => [...this.#kinds.values(), ...this.#named.values()].every((watch) => watch.isSettled))
  }

  get #clusterRole(): string {
    return this.#options.clusterRole ?? 'fairlead'
  }

  #watchKind(kind: Kind): Watch {
    const fieldSelector = kind.kind === 'Secret' ? `type=${certificateType}` : undefined
    return this.#watch(kind, { subject: kind.kind, path: collectionPath(kind), fieldSelector, isPolled: false })
  }

  /** An object that is wanted has a watch of its own unless it comes anyway. */
  #watchIfNeeded(key: string): void {
    const [kindName = '', namespace = '', name = ''] = key.split('/')
    const kind = findKind(kindName)
    if (kind?.kind !== 'ConfigMap' && kind?.kind !== 'Secret') return
    const isNeeded = this.#wanted.has(key) && !(kind.kind === 'Secret' && this.#comesAnyway(key))
    const watch = this.#named.get(key)
    if (isNeeded && watch === undefined) {
      const started = this.#watchNamed(kind, key, { namespace, name })
      this.#named.set(key, started)
      started.reflector.start()
    } else if (!isNeeded && watch !== undefined) {
      this.#named.delete(key)
      void watch.reflector.close()
      watch.reflector.forget()
      this.#failures.over(key)
      this.#notices.set(key, undefined)
      this.#options.onLookedUp?.(key, false)
    }
  }

  /** Certificates have one watch for all; until it has told them, nobody knows whether a Secret is one. */
  #comesAnyway(key: string): boolean {
    return this.#certificates.has(key) || this.#kinds.get('Secret')?.isSettled === false
  }

  /** The other watch may tell of a Secret that is none yet, or not any more: they share out names by type. */
  #watchNamed(kind: Kind, key: string, { namespace, name }: Omit<ObjectName, 'kind'>): Watch {
    const others = kind.kind === 'Secret' ? `,type!=${certificateType}` : ''
    const isPolled = [...this.#named.values()].filter((watch) => !watch.isPolled).length >= this.#maxNamedWatches
    const path = collectionPath(kind, namespace)
    return this.#watch(kind, { subject: key, path, fieldSelector: `metadata.name=${name}${others}`, isPolled })
  }

  get #maxNamedWatches(): number {
    return this.#options.maxNamedWatches ?? 64
  }

  #watch(
    kind: Kind,
    about: {
      readonly subject: string
      readonly path: string
      readonly fieldSelector: string | undefined
      readonly isPolled: boolean
    },
  ): Watch {
    const { client, logger, random, limits } = this.#options
    const { subject, path, fieldSelector, isPolled } = about
    const reflector = new Reflector({
      client,
      path,
      fieldSelector,
      logger,
      random,
      limits,
      pollMs: isPolled ? namedPollMs : undefined,
      sink: {
        upsert: (raw) => {
          this.#upsert(kind, raw)
          if (subject === 'Secret') this.#seeCertificate(keyOf(kind, raw), true)
        },
        remove: (name, uid) => {
          this.#remove(kind, name, uid)
          if (subject === 'Secret') this.#seeCertificate(`${kind.kind}/${name}`, false)
        },
        state: (state) => this.#state(watch, subject, state),
        listing: (reason) => this.#metrics.lists.inc({ kind: kind.kind, reason }),
      },
    })
    const watch: Watch = {
      kind,
      reflector,
      isPolled,
      isSettled: false,
      failingSinceMs: undefined,
      refusedSinceMs: undefined,
    }
    return watch
  }

  /** A bug that one object brings out must not keep the others from being told. */
  #upsert(kind: Kind, raw: ApiObject): void {
    const key = keyOf(kind, raw)
    this.#metrics.events.inc({ kind: kind.kind, type: 'set' })
    try {
      this.#take(kind, key, raw)
    } catch (error) {
      this.#options.logger.error({ object: key, err: error }, 'bug: an object cannot be taken in')
      this.#notices.set(key, 'a bug keeps this version of it from being used: the log says more')
    }
  }

  #take(kind: Kind, key: string, raw: ApiObject): void {
    const { live, parsed, dropped } = readObject(kind, raw)
    if (kind.writesStatus) this.#options.live.set(key, live)
    if (!parsed.ok) {
      this.#metrics.unreadable.inc({ kind: kind.kind })
      const told = this.#told.get(key)
      // The object that was good is gone: this one only has its name.
      if (told !== undefined && told !== live.uid) this.#tellDeleted(kind, key)
      this.#notices.set(key, parseNotice(parsed.error, told === live.uid))
      return
    }
    // Core kinds come from an API server that may be newer than our tables; what it adds there means nothing to us.
    const isTold = dropped.length > 0 && kind.group.includes('.') && !kind.group.startsWith('discovery.')
    this.#notices.set(key, isTold ? droppedNotice(dropped) : undefined, 'warning')
    this.#options.onObject(parsed.value, key)
    if (!this.#told.has(key)) this.#metrics.objects.inc({ kind: kind.kind })
    this.#told.set(key, live.uid)
  }

  #seeCertificate(key: string, isThere: boolean): void {
    if (isThere) this.#certificates.add(key)
    else this.#certificates.delete(key)
    if (this.#wanted.has(key)) this.#watchIfNeeded(key)
  }

  #remove(kind: Kind, namespacedName: string, uid: string): void {
    const key = `${kind.kind}/${namespacedName}`
    this.#metrics.events.inc({ kind: kind.kind, type: 'delete' })
    if (kind.writesStatus) this.#options.live.delete(key)
    this.#notices.set(key, undefined)
    const told = this.#told.get(key)
    // A Secret that was made again with another type came by the other watch meanwhile.
    if (told === undefined || told !== uid) return
    this.#tellDeleted(kind, key)
  }

  #tellDeleted(kind: Kind, key: string): void {
    if (this.#told.delete(key)) this.#metrics.objects.dec({ kind: kind.kind })
    const [, namespace = '', name = ''] = key.split('/')
    this.#options.onDelete({ kind: kind.kind, namespace, name })
  }

  #state(watch: Watch, subject: string, state: ReflectorState): void {
    const { kind } = watch
    const isSynced = state.kind === 'synced' || state.kind === 'doubted'
    if (!isSynced) this.#metrics.failures.inc({ kind: kind.kind, state: state.kind })
    if (subject === kind.kind) this.#metrics.synced.set({ kind: kind.kind }, isSynced ? 1 : 0)
    this.#note(subject, kind, state)
    const nowMs = performance.now()
    if (isSynced && nowMs - (watch.failingSinceMs ?? nowMs) >= outageMs) this.#retryOthers(watch)
    watch.failingSinceMs = isSynced ? undefined : (watch.failingSinceMs ?? nowMs)
    // 401 says nothing about the kind: with a token that is not known nothing can be known.
    const isForbidden = state.kind === 'refused' && state.error.status === 403
    watch.refusedSinceMs = isForbidden ? (watch.refusedSinceMs ?? nowMs) : undefined
    const isRefused = watch.refusedSinceMs !== undefined && nowMs - watch.refusedSinceMs >= this.#limits.confirmMs
    if (isSynced || isRefused || (state.kind === 'absent' && !kind.required)) this.#settle(watch, subject)
    this.#check()
  }

  #note(subject: string, kind: Kind, state: ReflectorState): void {
    if (state.kind === 'failing' || (state.kind === 'refused' && state.error.status === 401)) {
      this.#failures.failed(subject, failureNotice(subject, state.error))
      return
    }
    this.#failures.over(subject)
    this.#notices.set(
      subject,
      kindNotice(kind, state, this.#clusterRole),
      isKindError(kind, state) ? 'error' : 'warning',
    )
  }

  /** An API server that has come back is found by whoever tries first: the others need not wait for their turn. */
  #retryOthers(found: Watch): void {
    for (const watch of [...this.#kinds.values(), ...this.#named.values()]) {
      if (watch !== found && watch.failingSinceMs !== undefined) watch.reflector.poke()
    }
  }

  #settle(watch: Watch, subject: string): void {
    if (watch.isSettled) return
    watch.isSettled = true
    if (this.#named.get(subject) === watch) this.#options.onLookedUp?.(subject, true)
    if (watch !== this.#kinds.get('Secret')) return
    for (const key of this.#wanted) this.#watchIfNeeded(key)
  }

  #poke(resource: string): void {
    for (const { kind, reflector } of this.#kinds.values()) {
      if (resource === `${kind.plural}.${kind.group}`) reflector.poke()
    }
  }

  #until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ isDone, resolve }))
  }

  #check(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) {
      if (one.isDone()) one.resolve()
      else this.#waiting.push(one)
    }
  }
}

function keyOf({ kind }: Kind, { metadata }: ApiObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
}
