import type { XdsType } from '../envoy/types.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { Revision } from './revision.ts'

/** A resource that a proxy refused and what it said. Gone when a later version is taken, or the resource goes away. */
export interface Refusal {
  /** `<namespace>/<name>` */
  readonly gateway: string
  readonly type: XdsType
  readonly name: string
  /** Version of the refused bytes. */
  readonly version: string
  readonly message: string
  /** Keys of the objects it was made from. */
  readonly origins: readonly string[]
}

/** What the proxies of one Gateway have taken. */
export interface Delivery {
  /** Connected proxies, without those that were made for another one of that name. */
  readonly connected: number
  /** True once a proxy has acknowledged its first sync; a lost connection does not take it back. */
  readonly synced: boolean
  /** The newest revision of the Gateway that every proxy has taken, but for those that are new or late. */
  readonly revision?: string | undefined
}

/** Where values by key go: a graph source has this form. */
export interface KeyedSink<V> {
  set(key: string, value: V): void
  delete(key: string): void
}

/** Where the facts go; each may be left out. Refusals by `<gateway>|<type>|<name>`, deliveries by Gateway. */
export interface FeedbackSinks {
  readonly refusals?: KeyedSink<Refusal> | undefined
  readonly deliveries?: KeyedSink<Delivery> | undefined
  /** Called after any of the sinks was written. */
  readonly onChange?: (() => void) | undefined
}

/** The proxies of one Gateway. */
interface Fleet {
  readonly proxies: Map<object, Proxy>
  isSynced: boolean
  revision: Revision | undefined
  /** The Gateway went; what its last proxies leave behind goes with them. */
  isGone: boolean
}

interface Proxy {
  readonly ownerUid: string | undefined
  /** Was made for another one of that name, which went: it does not say what the proxies of this one do. */
  readonly isLeftOver: boolean
  readonly isSynced: boolean
  readonly isLate: boolean
  readonly taken: Revision | undefined
}

interface Held {
  readonly refusal: Refusal
  /** The proxy that refused. */
  readonly node: string
}

/** One resource as feedback names it. */
export interface ResourceKey {
  readonly gateway: string
  readonly type: XdsType
  readonly name: string
}

/** Turns what single streams hear into facts about Gateways and resources. */
export class Feedback {
  readonly #sinks: FeedbackSinks
  readonly #refusals = new Map<string, Held>()
  readonly #gateways = new Map<string, Fleet>()
  readonly #told = new Map<string, Delivery>()

  constructor(sinks: FeedbackSinks = {}) {
    this.#sinks = sinks
  }

  /** Whether anything is refused now: when not, accepted resources need not be looked at. */
  get hasRefusals(): boolean {
    return this.#refusals.size > 0
  }

  refusals(): readonly Refusal[] {
    return [...this.#refusals.values()].map(({ refusal }) => refusal)
  }

  delivery(gateway: string): Delivery {
    const fleet = this.#gateways.get(gateway)
    return {
      connected: fleet === undefined ? 0 : [...fleet.proxies.values()].filter(({ isLeftOver }) => !isLeftOver).length,
      synced: fleet?.isSynced ?? false,
      revision: fleet?.revision?.label,
    }
  }

  /** A proxy refused a resource. */
  refused(node: string, refusal: Refusal): void {
    const key = keyOf(refusal)
    const held = this.#refusals.get(key)?.refusal
    this.#refusals.set(key, { refusal, node })
    if (held !== undefined && held.version === refusal.version && held.message === refusal.message) return
    this.#sinks.refusals?.set(key, refusal)
    this.#sinks.onChange?.()
  }

  /**
   * A proxy took the wanted version of a resource. That ends a refusal of an older version, and one by the same proxy:
   * what another proxy still refuses for a reason of its own stays.
   */
  accepted(node: string, resource: ResourceKey, version: string): void {
    const held = this.#refusals.get(keyOf(resource))
    if (held !== undefined && (held.node === node || held.refusal.version !== version)) this.gone(resource)
  }

  /** A resource is no more. */
  gone(resource: ResourceKey): void {
    const key = keyOf(resource)
    if (!this.#refusals.delete(key)) return
    this.#sinks.refusals?.delete(key)
    this.#sinks.onChange?.()
  }

  connected(gateway: string, proxy: object, ownerUid?: string): void {
    const news = { isSynced: false, isLate: false, taken: undefined, isLeftOver: false }
    this.#gateway(gateway).proxies.set(proxy, { ...news, ownerUid })
    this.#tell(gateway)
  }

  disconnected(gateway: string, proxy: object): void {
    const fleet = this.#gateway(gateway)
    fleet.proxies.delete(proxy)
    if (fleet.isGone) this.forget(gateway)
    else this.#tell(gateway)
  }

  /** A proxy has taken, or refused, everything that there was when it came. */
  synced(gateway: string, proxy: object): void {
    this.#gateway(gateway).isSynced = true
    this.#learn(gateway, proxy, { isSynced: true })
  }

  /** A proxy has taken, or refused, everything of that revision. */
  took(gateway: string, proxy: object, revision: Revision): void {
    const fleet = this.#gateway(gateway)
    fleet.isGone = false
    const madeFor = fleet.proxies.get(proxy)?.ownerUid ?? revision.ownerUid
    this.#learn(gateway, proxy, { taken: revision, isLate: false, isLeftOver: madeFor !== revision.ownerUid })
  }

  /** A proxy that answers too late is not waited for. */
  late(gateway: string, proxy: object): void {
    this.#learn(gateway, proxy, { isLate: true })
  }

  /** The Gateway is no more: nothing is remembered of it once its proxies have gone. */
  forget(gateway: string): void {
    const fleet = this.#gateways.get(gateway)
    if (fleet === undefined) return
    fleet.isGone = true
    if (fleet.proxies.size > 0) return
    this.#gateways.delete(gateway)
    this.#told.delete(gateway)
    this.#sinks.deliveries?.delete(gateway)
    this.#sinks.onChange?.()
  }

  #gateway(name: string): Fleet {
    let fleet = this.#gateways.get(name)
    if (fleet === undefined) {
      fleet = { proxies: new Map(), isSynced: false, revision: undefined, isGone: false }
      this.#gateways.set(name, fleet)
    }
    return fleet
  }

  #learn(gateway: string, proxy: object, news: Partial<Proxy>): void {
    const { proxies } = this.#gateway(gateway)
    const known = proxies.get(proxy)
    if (known !== undefined) proxies.set(proxy, { ...known, ...news })
    this.#tell(gateway)
  }

  #tell(gateway: string): void {
    const fleet = this.#gateway(gateway)
    const before = this.#told.get(gateway)
    fleet.revision = takenByAll(fleet)
    const delivery = this.delivery(gateway)
    if (before !== undefined && structuralEqual(before, delivery)) return
    this.#told.set(gateway, delivery)
    this.#sinks.deliveries?.set(gateway, delivery)
    this.#sinks.onChange?.()
  }
}

/** What every proxy has that is neither in its first synchronisation nor late. Never an older one than before. */
function takenByAll({ proxies, revision }: Fleet): Revision | undefined {
  let oldest: Revision | undefined
  for (const { isSynced, isLate, isLeftOver, taken } of proxies.values()) {
    if (!isSynced || isLate || isLeftOver) continue
    if (taken === undefined) return revision
    if (oldest === undefined || taken.sequence < oldest.sequence) oldest = taken
  }
  return oldest === undefined || (revision !== undefined && oldest.sequence < revision.sequence) ? revision : oldest
}

function keyOf({ gateway, type, name }: ResourceKey): string {
  return `${gateway}|${type}|${name}`
}
