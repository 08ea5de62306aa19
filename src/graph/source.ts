import { assert } from '../lib/assert.ts'
import type { Equals } from './collection.ts'
import { GraphNode, type Host, type Inlet, type Origin } from './node.ts'
import { Store } from './store.ts'

/** The writes to one store from outside, kept until a tick takes them. */
export class SourceNode<V> extends GraphNode {
  readonly kind: 'source' | 'single'
  readonly outlets: readonly Store<V>[]
  readonly store: Store<V>
  #pending = new Map<string, V | undefined>()
  #taken = new Map<string, V | undefined>()

  constructor(host: Host, kind: 'source' | 'single', name: string, makeStore: (node: SourceNode<V>) => Store<V>) {
    super(host, name, 0)
    this.kind = kind
    this.store = makeStore(this)
    this.outlets = [this.store]
  }

  /** Keys written and not yet taken by a tick. */
  get pendingKeys(): Iterable<string> {
    return this.#pending.keys()
  }

  /** Notes a write for the next tick; undefined deletes. The last write to a key counts. */
  write(key: string, value: V | undefined): void {
    this.host.pend(this)
    this.#pending.set(key, value)
  }

  get isUnsettled(): boolean {
    return this.store.isUnsettled
  }

  override begin(): void {
    assert(this.#taken.size === 0, `two ticks write ${this.name}`)
    this.#taken = this.#pending
    this.#pending = new Map()
    for (const key of this.#taken.keys()) this.dirty.add(key)
  }

  visit(key: string): void {
    const value = this.#taken.get(key)
    this.#taken.delete(key)
    if (value === undefined) this.store.drop(key)
    else this.store.put(key, value)
  }

  settle(): number {
    return this.store.settle()
  }

  inlets(): Iterable<Inlet> {
    return []
  }

  origins(): Iterable<Origin> {
    return []
  }
}

/**
 * A collection written from outside. Writes wait for the next tick: `get` and `size` show the last one, and the last
 * write to a key counts. A value equal to the one in place is no change.
 */
export class Source<V> extends Store<V> {
  readonly #writes: SourceNode<V>
  #isSynced = false

  constructor(node: SourceNode<V>, name: string, equals: Equals<V> | undefined) {
    super(node, name, equals)
    this.#writes = node
  }

  set(key: string, value: V): void {
    assert(value !== undefined, `${this.name}: the value of "${key}" is undefined`)
    this.#writes.write(key, value)
  }

  delete(key: string): void {
    this.#writes.write(key, undefined)
  }

  /** Makes the collection equal to `entries`: sets each of them, deletes all other keys. A key's last value counts. */
  replaceAll(entries: Iterable<readonly [key: string, value: V]>): void {
    const next = new Map(entries)
    for (const key of [...this.keys(), ...this.#writes.pendingKeys]) {
      if (!next.has(key)) this.delete(key)
    }
    for (const [key, value] of next) this.set(key, value)
  }

  /** Whether the first complete list has been written. Not tracked: transforms must not ask. */
  get synced(): boolean {
    return this.#isSynced
  }

  /** Says that what was written so far is a complete list. */
  markSynced(): void {
    this.#isSynced = true
  }
}
