import type { ApiObject } from './watch-event.ts'

/** Told of the objects of a collection, in order and one at a time. */
export interface ObjectSink {
  /** A new object, or a new version of one. */
  upsert(object: ApiObject): void
  /** An object that was told before is gone. `key` is `<namespace>/<name>`, with an empty namespace when cluster-scoped. */
  remove(key: string, uid: string): void
}

/** When the loss of everything is believed. */
export interface LossLimits {
  /** How long an answer that would lose everything must stand. */
  readonly confirmMs: number
  /** So many objects may go with one list that has none of them. */
  readonly maxUnconfirmedLoss: number
}

interface Known {
  readonly uid: string
  readonly version: string
}

/**
 * What a sink was told of. A list replaces it: what the list does not have is removed. A list, or an error, that would
 * lose everything is believed only when it still stands some time later; until then everything stays.
 */
export class ReflectedSet {
  readonly #sink: ObjectSink
  readonly #limits: LossLimits
  readonly #known = new Map<string, Known>()
  /** Of the list under way. */
  #seen = new Set<string>()
  /** How many of the objects that were there before, the list under way has. */
  #kept = 0
  /** Objects that a list, or an error, would lose; undefined when there is no doubt. */
  #doubt: { readonly sinceMs: number; readonly keys: readonly string[] } | undefined

  constructor(sink: ObjectSink, limits: LossLimits) {
    this.#sink = sink
    this.#limits = limits
  }

  get size(): number {
    return this.#known.size
  }

  /** True while objects are kept that the server does not show. */
  get isDoubted(): boolean {
    return this.#doubt !== undefined
  }

  beginList(): void {
    this.#seen = new Set()
    this.#kept = 0
  }

  upsert(object: ApiObject): void {
    const key = keyOf(object)
    const { uid, resourceVersion: version } = object.metadata
    const known = this.#known.get(key)
    if (!this.#seen.has(key)) {
      this.#seen.add(key)
      if (known !== undefined) this.#kept += 1
    }
    if (known?.uid === uid && known.version === version) return
    this.#sink.upsert(object)
    this.#known.set(key, { uid, version })
  }

  remove(object: ApiObject): void {
    this.#forget(keyOf(object))
  }

  /** The list is complete: what it did not have goes. False when that was too much to believe. */
  endList(nowMs: number): boolean {
    const gone = [...this.#known.keys()].filter((key) => !this.#seen.has(key))
    // New objects may have come meanwhile: what counts is whether any of the doubtful ones is back.
    const isStillDoubtful = this.#doubt !== undefined && !this.#doubt.keys.some((key) => this.#seen.has(key))
    this.#seen = new Set()
    const losesAll = gone.length > this.#limits.maxUnconfirmedLoss && this.#kept === 0
    return this.#lose(gone, losesAll || isStillDoubtful, nowMs)
  }

  /** The server shows no such collection. False as long as that is not believed. */
  vanish(nowMs: number): boolean {
    return this.#lose([...this.#known.keys()], this.#known.size > 0, nowMs)
  }

  /** Everything goes. */
  clear(): void {
    for (const key of [...this.#known.keys()]) this.#forget(key)
  }

  #lose(keys: readonly string[], losesAll: boolean, nowMs: number): boolean {
    if (losesAll) {
      this.#doubt ??= { sinceMs: nowMs, keys }
      if (nowMs - this.#doubt.sinceMs < this.#limits.confirmMs) return false
    }
    this.#doubt = undefined
    for (const key of keys) this.#forget(key)
    return true
  }

  #forget(key: string): void {
    const known = this.#known.get(key)
    if (known === undefined) return
    this.#known.delete(key)
    this.#sink.remove(key, known.uid)
  }
}

function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}
