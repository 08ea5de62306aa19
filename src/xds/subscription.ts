/**
 * What one client wants of one type, by the rules of the delta protocol.
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/api-docs/xds_protocol "Incremental xDS", "Unsubscribing from Resources"
 */

/** The part of a request that is about subscriptions. */
export interface SubscriptionRequest {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
}

/** What a request changed. */
export interface SubscriptionChange {
  /** Names asked for; each is to be answered even when the client has it. */
  readonly asked: readonly string[]
  /** Names that the client dropped and that no wildcard keeps. */
  readonly dropped: readonly string[]
  /** Names that the client dropped and that its wildcard still covers: sent again, since the client forgot them. */
  readonly keptByWildcard: readonly string[]
  readonly wildcard: 'began' | 'ended' | 'unchanged'
}

const wildcardName = '*'

/** The names that a client is subscribed to. */
export class Subscription {
  readonly #names = new Set<string>()
  #isWildcard = false
  #isFirst = true

  get isWildcard(): boolean {
    return this.#isWildcard
  }

  /** Names asked for one by one, whether or not a wildcard covers them. */
  get names(): ReadonlySet<string> {
    return this.#names
  }

  wants(name: string): boolean {
    return this.#isWildcard || this.#names.has(name)
  }

  /** Takes over one request. The first that names nothing is a legacy wildcard; later ones are plain ACKs. */
  apply({ subscribe, unsubscribe }: SubscriptionRequest): SubscriptionChange {
    const before = this.#isWildcard
    if (this.#isFirst && subscribe.length === 0) this.#isWildcard = true
    this.#isFirst = false
    if (unsubscribe.includes(wildcardName)) this.#isWildcard = false
    if (subscribe.includes(wildcardName)) this.#isWildcard = true
    const asked = subscribe.filter((name) => name !== wildcardName)
    for (const name of asked) this.#names.add(name)
    const left = unsubscribe.filter((name) => this.#names.delete(name) && name !== wildcardName)
    return {
      asked: asked.filter((name) => this.#names.has(name)),
      dropped: this.#isWildcard ? [] : left,
      keptByWildcard: this.#isWildcard ? left : [],
      wildcard: before === this.#isWildcard ? 'unchanged' : before ? 'ended' : 'began',
    }
  }
}
