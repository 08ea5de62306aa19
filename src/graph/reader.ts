import { assert } from '../lib/assert.ts'
import type { Collection, Entry, Index, Reader, Single } from './collection.ts'
import type { GraphNode, ReadKind } from './node.ts'
import { Cell, SINGLE_KEY } from './single.ts'
import { Edge, View, WHOLE } from './view.ts'

/** The reads of one run, without repetition. `edges` is often shared between runs of the same shape. */
export interface Reads {
  readonly edges: readonly Edge[]
  readonly keys: readonly string[]
}

/** No reads at all. */
export const NO_READS: Reads = { edges: [], keys: [] }

const NO_MEMBERS: readonly never[] = Object.freeze([])
/** Below this many reads, repetitions are found by comparing pairs. */
const FEW_READS = 16

/** The collection as the graph holds it; throws for one that is not of this host's graph. */
export function viewOf<V>(collection: Collection<V>, node: { readonly host: object }): View<V> {
  assert(collection instanceof View, `${collection.name} is not a collection of a graph`)
  assert(collection.node.host === node.host, `${collection.name} belongs to another graph`)
  return collection
}

/** The reader of one node. It is reused for every run; `begin` and `end` enclose one. */
export class TrackedReader implements Reader {
  readonly #node: GraphNode
  readonly #opened: Readonly<Record<ReadKind, Map<object, Edge>>> = {
    value: new Map(),
    presence: new Map(),
    whole: new Map(),
  }
  #isRunning = false
  #edges: Edge[] = []
  #keys: string[] = []
  /** The edges of the last run: most runs of a node read in the same shape. */
  #shape: readonly Edge[] = []

  constructor(node: GraphNode) {
    this.#node = node
  }

  /** Every edge that was ever read through, reads or not. */
  get edges(): Iterable<Edge> {
    return Object.values(this.#opened).flatMap((edges) => [...edges.values()])
  }

  begin(): void {
    this.#isRunning = true
    this.#edges = []
    this.#keys = []
  }

  /** Ends the run; the reader throws until the next one. */
  end(): Reads {
    this.#isRunning = false
    if (this.#keys.length === 0) return NO_READS
    this.#dropRepetitions()
    if (!isSameArray(this.#edges, this.#shape)) this.#shape = this.#edges
    // A copy is as long as it must be; an array that grew holds room for 16 more.
    return { edges: this.#shape, keys: this.#keys.slice() }
  }

  get<V>(collection: Collection<V>, key: string): V | undefined {
    this.#track('value', collection, key)
    return collection.get(key)
  }

  has<V>(collection: Collection<V>, key: string): boolean {
    this.#track('presence', collection, key)
    return collection.has(key)
  }

  group<V>(index: Index<V>, key: string): readonly Entry<V>[] {
    this.#track('value', index.groups, key)
    return index.groups.get(key) ?? NO_MEMBERS
  }

  count<V>(index: Index<V>, key: string): number {
    this.#track('value', index.counts, key)
    return index.counts.get(key) ?? 0
  }

  single<V>(single: Single<V>): V {
    assert(single instanceof Cell, `${single.name} is not a single of a graph`)
    this.#track('value', single.store, SINGLE_KEY)
    return single.get()
  }

  entries<V>(collection: Collection<V>): readonly Entry<V>[] {
    const view = viewOf(collection, this.#node)
    this.#track('whole', collection, WHOLE)
    return view.sorted()
  }

  #track(kind: ReadKind, collection: Collection<unknown>, key: string): void {
    assert(this.#isRunning, `${this.#node.name} reads ${collection.name} after its transform has ended`)
    const edge = this.#opened[kind].get(collection) ?? this.#open(kind, collection)
    const last = this.#keys.length - 1
    if (this.#keys[last] === key && this.#edges[last] === edge) return
    this.#edges.push(edge)
    this.#keys.push(key)
  }

  #open(kind: ReadKind, collection: Collection<unknown>): Edge {
    const view = viewOf(collection, this.#node)
    assert(
      view.rank < this.#node.rank,
      `${this.#node.name} (rank ${this.#node.rank}) reads ${view.name} (rank ${view.rank}): create it before its reader`,
    )
    const edge = new Edge(view, this.#node, kind)
    this.#opened[kind].set(collection, edge)
    view.attach(edge)
    this.#node.host.link(view.node, this.#node)
    return edge
  }

  #dropRepetitions(): void {
    const edges: Edge[] = []
    const keys: string[] = []
    const seen = this.#keys.length > FEW_READS ? new Map<Edge, Set<string>>() : undefined
    this.#edges.forEach((edge, i) => {
      const key = this.#keys[i] ?? WHOLE
      if (seen === undefined ? isPairIn(edges, keys, edge, key) : isRepeated(seen, edge, key)) return
      edges.push(edge)
      keys.push(key)
    })
    if (keys.length === this.#keys.length) return
    this.#edges = edges
    this.#keys = keys
  }
}

function isPairIn(edges: readonly Edge[], keys: readonly string[], edge: Edge, key: string): boolean {
  for (let i = 0; i < edges.length; i++) {
    if (edges[i] === edge && keys[i] === key) return true
  }
  return false
}

function isRepeated(seen: Map<Edge, Set<string>>, edge: Edge, key: string): boolean {
  const keys = seen.get(edge)
  if (keys === undefined) {
    seen.set(edge, new Set([key]))
    return false
  }
  if (keys.has(key)) return true
  keys.add(key)
  return false
}

function isSameArray<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

/** Files the new reads of an input key in place of the old ones; returns the reads to keep. */
export function retrack(inputKey: string, old: Reads, next: Reads): Reads {
  const shorter = Math.min(old.keys.length, next.keys.length)
  let head = 0
  while (head < shorter && isSameRead(old, head, next, head)) head++
  if (head === old.keys.length && head === next.keys.length) return old
  let tail = 0
  while (tail < shorter - head && isSameRead(old, old.keys.length - 1 - tail, next, next.keys.length - 1 - tail)) tail++
  for (let i = head; i < old.keys.length - tail; i++) old.edges[i]?.reads.delete(old.keys[i] ?? WHOLE, inputKey)
  for (let i = head; i < next.keys.length - tail; i++) next.edges[i]?.reads.add(next.keys[i] ?? WHOLE, inputKey)
  return next
}

function isSameRead(a: Reads, i: number, b: Reads, j: number): boolean {
  return a.edges[i] === b.edges[j] && a.keys[i] === b.keys[j]
}
