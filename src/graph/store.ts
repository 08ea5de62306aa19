import { assert } from '../lib/assert.ts'
import { structuralEqual } from '../lib/equal.ts'
import type { Equals } from './collection.ts'
import type { GraphNode } from './node.ts'
import { deepFreeze } from './purity.ts'
import { View } from './view.ts'

/** A view that holds its values. Writes are gathered until `settle` announces what they changed in the end. */
export class Store<V> extends View<V> {
  readonly #values = new Map<string, V>()
  readonly #equals: Equals<V>
  /** Value before the first write since the last settle. */
  readonly #touched = new Map<string, V | undefined>()
  /** Keys written more than once since: only these can have come back to the value before. */
  readonly #rewritten = new Set<string>()

  constructor(node: GraphNode, name: string, equals: Equals<V> | undefined) {
    super(node, name)
    this.#equals = equals ?? structuralEqual
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  entries(): IterableIterator<readonly [string, V]> {
    return this.#values.entries()
  }

  get isUnsettled(): boolean {
    return this.#touched.size > 0
  }

  /** Sets a value; one that equals the value in place changes nothing, not even its identity. */
  put(key: string, value: V): void {
    assert(value !== undefined, `${this.name}: the value of "${key}" is undefined`)
    const current = this.#values.get(key)
    if (current === value || (current !== undefined && this.#equals(current, value))) return
    this.#touch(key, current)
    this.#values.set(key, this.node.host.checksPurity ? deepFreeze(value) : value)
  }

  /** Removes a value, if there is one. */
  drop(key: string): void {
    const current = this.#values.get(key)
    if (current === undefined) return
    this.#touch(key, current)
    this.#values.delete(key)
  }

  /** Announces what differs from the last settle; returns how many keys do. */
  settle(): number {
    let changes = 0
    for (const [key, before] of this.#touched) {
      const after = this.#values.get(key)
      if (before === after) continue
      if (before !== undefined && after !== undefined && this.#rewritten.has(key) && this.#equals(before, after)) {
        this.#values.set(key, before)
        continue
      }
      this.announce(key, before, before !== undefined, after !== undefined)
      changes++
    }
    this.#touched.clear()
    this.#rewritten.clear()
    return changes
  }

  same(a: V, b: V): boolean {
    return a === b || this.#equals(a, b)
  }

  #touch(key: string, current: V | undefined): void {
    if (this.#touched.has(key)) this.#rewritten.add(key)
    else this.#touched.set(key, current)
  }
}
