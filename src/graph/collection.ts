/**
 * The public shapes of the graph. README.md is the contract in prose; what an implementation must hold stands here.
 *
 * Every collection:
 * - maps string keys to values that are plain, readonly and never undefined (undefined is absence);
 * - keeps the identity of a value until it really changes, so `===` is a valid "nothing new";
 * - announces a key at most once a tick, and only when its value differs from the one before the tick;
 * - promises no order of `keys` and `entries`; whoever needs one sorts.
 */

/** A keyed set of values that can be read, derived from and observed. */
export interface Collection<V> {
  /** Unique within its graph. */
  readonly name: string
  /** 0 for what is written from outside, else higher than the rank of everything it reads. */
  readonly rank: number
  readonly size: number
  /** The value now. Between ticks that is the last epoch; while a tick is paused it may be ahead of it. */
  get(key: string): V | undefined
  has(key: string): boolean
  keys(): IterableIterator<string>
  entries(): IterableIterator<readonly [string, V]>
}

/** A key with its value. */
export interface Entry<V> {
  readonly key: string
  readonly value: V
}

/** A secondary index: the members of a collection by the group keys that each of them names. */
export interface Index<V> {
  readonly name: string
  readonly rank: number
  /**
   * Group key to members, sorted by member key, never empty. The array is made when somebody reads it; it is a new one
   * when a member came, went or changed, and keeps the entries of the members that did not.
   */
  readonly groups: Collection<readonly Entry<V>[]>
  /** Group key to number of members, above 0. Changes only when the number does. */
  readonly counts: Collection<number>
  /** Group key to true while it has members. */
  readonly presence: Collection<true>
}

/** One value, always present. */
export interface Single<V> {
  readonly name: string
  readonly rank: number
  get(): V
}

/**
 * Tracked reads inside a transform: when what was read changes, the transform runs again for the keys that read it.
 * Valid until the transform has returned (or its iterator is done). Reading a collection of the transform's own rank or
 * above throws: such a read could see an older epoch.
 */
export interface Reader {
  get<V>(collection: Collection<V>, key: string): V | undefined
  /** Whether the key is there; runs again only when that changes, not when the value does. */
  has<V>(collection: Collection<V>, key: string): boolean
  /** The members of a group, sorted by key; empty when there are none. */
  group<V>(index: Index<V>, key: string): readonly Entry<V>[]
  /** The number of members of a group; runs again only when the number changes. */
  count<V>(index: Index<V>, key: string): number
  single<V>(single: Single<V>): V
  /** The whole collection, sorted by key. Runs again on any change in it: for small collections only. */
  entries<V>(collection: Collection<V>): readonly Entry<V>[]
}

/**
 * From one input to any number of outputs. Pure: the same reads give the same outputs, with no clock, randomness or
 * memory, and nothing that was read is modified. Each output key at most once.
 */
export type Transform<I, O> = (read: Reader, value: I, key: string) => Iterable<readonly [key: string, value: O]>

/** What a transform with a report returns for one input. */
export interface Reported<O, R> {
  readonly outputs: Iterable<readonly [key: string, value: O]>
  readonly report: R
}

/** As Transform, with one more value per input: what there is to say about it, whatever its outputs are. */
export type ReportingTransform<I, O, R> = (read: Reader, value: I, key: string) => Reported<O, R>

/** The value of a key before and after an epoch; they differ, and at most one of them is undefined. */
export interface Change<V> {
  readonly before: V | undefined
  readonly after: V | undefined
}

/** Whether two values are the same to everything downstream. */
export type Equals<V> = (a: V, b: V) => boolean
