import { assert } from '../lib/assert.ts'
import { compareStrings } from '../lib/sorted.ts'
import type { Change, Collection, Entry } from './collection.ts'
import { KeyMultimap } from './key-multimap.ts'
import type { GraphNode, Outlet, ReadKind } from './node.ts'

/** The key under which readers of a whole collection are filed. */
export const WHOLE = ''

/** The reads of one kind that one node does on one collection: read key to the reader's input keys. */
export class Edge {
  readonly view: View<unknown>
  readonly reader: GraphNode
  readonly kind: ReadKind
  readonly reads = new KeyMultimap()

  constructor(view: View<unknown>, reader: GraphNode, kind: ReadKind) {
    this.view = view
    this.reader = reader
    this.kind = kind
  }

  /** Makes dirty what read `key`. */
  mark(key: string): void {
    this.reads.addMembersTo(key, this.reader.dirty)
  }
}

const EMPTY: ReadonlyMap<string, never> = new Map<string, never>()

/** A collection of the graph: who depends on it, and what is recorded of its changes. Where the values are is left open. */
export abstract class View<V> implements Collection<V>, Outlet {
  readonly node: GraphNode
  readonly name: string
  readonly #subscribers: GraphNode[] = []
  readonly #edges: Readonly<Record<ReadKind, Edge[]>> = { value: [], presence: [], whole: [] }
  #sorted: readonly Entry<V>[] | undefined
  #before: Map<string, V | undefined> | undefined
  readonly #committed = new WeakMap<object, ReadonlyMap<string, Change<V>>>()

  constructor(node: GraphNode, name: string) {
    this.node = node
    this.name = name
  }

  get rank(): number {
    return this.node.rank
  }

  abstract get size(): number
  abstract get(key: string): V | undefined
  abstract has(key: string): boolean
  abstract keys(): IterableIterator<string>
  abstract entries(): IterableIterator<readonly [string, V]>
  /** Whether two values are the same to whoever is downstream. */
  abstract same(a: V, b: V): boolean

  /** Whether changes are recorded for epochs. */
  get isObserved(): boolean {
    return this.#before !== undefined
  }

  /** Records changes from now on. */
  observe(): void {
    this.#before ??= new Map()
  }

  /** All entries sorted by key; the same array until something changes. */
  sorted(): readonly Entry<V>[] {
    this.#sorted ??= Array.from(this.entries(), ([key, value]) => ({ key, value })).sort(byKey)
    return this.#sorted
  }

  /** Makes each changed key dirty in `node`. */
  subscribe(node: GraphNode): void {
    this.#subscribers.push(node)
  }

  /** Adds the place where one node's reads of one kind are filed. */
  attach(edge: Edge): void {
    this.#edges[edge.kind].push(edge)
  }

  *dependents(): Iterable<GraphNode> {
    yield* this.#subscribers
    for (const edges of Object.values(this.#edges)) {
      for (const edge of edges) yield edge.reader
    }
  }

  commit(epoch: object): void {
    if (this.#before === undefined || this.#before.size === 0) return
    const changes = new Map<string, Change<V>>()
    for (const [key, before] of this.#before) {
      const after = this.get(key)
      const isSame = before === undefined || after === undefined ? before === after : this.same(before, after)
      if (!isSame) changes.set(key, { before, after })
    }
    this.#before = new Map()
    this.#committed.set(epoch, changes)
  }

  /** What changed in an epoch. */
  changesIn(epoch: object): ReadonlyMap<string, Change<V>> {
    assert(this.isObserved, `the changes of ${this.name} are asked for, but it is not observed`)
    return this.#committed.get(epoch) ?? EMPTY
  }

  /** Tells everyone downstream that a key changed. `before` is needed only while the view is observed. */
  protected announce(key: string, before: V | undefined, existed: boolean, exists: boolean): void {
    this.#sorted = undefined
    for (const node of this.#subscribers) node.dirty.add(key)
    for (const edge of this.#edges.value) edge.mark(key)
    for (const edge of this.#edges.whole) edge.mark(WHOLE)
    if (existed !== exists) {
      for (const edge of this.#edges.presence) edge.mark(key)
    }
    if (this.#before !== undefined && !this.#before.has(key)) this.#before.set(key, before)
  }
}

function byKey(a: Entry<unknown>, b: Entry<unknown>): number {
  return compareStrings(a.key, b.key)
}
