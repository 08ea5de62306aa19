import type { XdsType } from '../envoy/types.ts'

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
  /** Connected proxies. */
  readonly connected: number
  /** True once a proxy has acknowledged its first sync; a lost connection does not take it back. */
  readonly synced: boolean
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
  readonly #deliveries = new Map<string, Delivery>()

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
    return this.#deliveries.get(gateway) ?? { connected: 0, synced: false }
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

  connected(gateway: string): void {
    const { connected, synced } = this.delivery(gateway)
    this.#deliver(gateway, { connected: connected + 1, synced })
  }

  disconnected(gateway: string): void {
    const { connected, synced } = this.delivery(gateway)
    this.#deliver(gateway, { connected: connected - 1, synced })
  }

  /** A proxy has taken, or refused, everything that there was when it came. */
  synced(gateway: string): void {
    const delivery = this.delivery(gateway)
    if (!delivery.synced) this.#deliver(gateway, { ...delivery, synced: true })
  }

  #deliver(gateway: string, delivery: Delivery): void {
    this.#deliveries.set(gateway, delivery)
    this.#sinks.deliveries?.set(gateway, delivery)
    this.#sinks.onChange?.()
  }
}

function keyOf({ gateway, type, name }: ResourceKey): string {
  return `${gateway}|${type}|${name}`
}
