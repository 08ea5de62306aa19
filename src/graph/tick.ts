import { assert } from '../lib/assert.ts'
import type { GraphNode } from './node.ts'

/** How ticks are driven. */
export interface TickOptions {
  /** Time a tick may take before it lets the event loop run. */
  readonly sliceMs: number
  /** Calls `turn` later, once. */
  readonly schedule: (turn: () => void) => void
  /** A monotonic clock in ms. */
  readonly now: () => number
}

/** Called when a tick that has changed something ends, with the nodes that it may have changed. */
export type Publish = (isOfTick: (node: GraphNode) => boolean) => void

/** One walk over what some roots have made dirty. */
class Tick {
  readonly number: number
  readonly roots: Set<GraphNode>
  /** Index of the node that is being visited. */
  cursor = 0
  hasChanges = false

  constructor(number: number, roots: Set<GraphNode>) {
    this.number = number
    this.roots = roots
  }
}

/** Rounds of "a listener writes again" after which `flush` calls it an endless loop. */
const MAX_ROUNDS = 1000

/**
 * Runs ticks. A tick visits dirty nodes in rank order, so each key is visited once and sees only finished inputs. When
 * its slice is over it pauses at a key. While it is paused, roots whose downstream nodes are disjoint from the ones of
 * every paused tick get a tick of their own; others wait. Both together keep this: a node belongs to one tick at most.
 */
export class Ticker {
  readonly #publish: Publish
  readonly #options: TickOptions
  /** Roots first, then derived nodes by rank. */
  readonly #order: GraphNode[] = []
  readonly #downstream = new Map<GraphNode, ReadonlySet<GraphNode>>()
  readonly #pending = new Set<GraphNode>()
  readonly #ticks: Tick[] = []
  readonly #waiters: (() => void)[] = []
  #phase: 'rest' | 'visit' | 'publish' = 'rest'
  #isScheduled = false
  #running: Tick | undefined
  #ticksBegun = 0
  #ranks = 0

  constructor(options: TickOptions, publish: Publish) {
    this.#options = options
    this.#publish = publish
  }

  get nodes(): readonly GraphNode[] {
    return this.#order
  }

  /** Number of ticks that are paused. */
  get paused(): number {
    return this.#ticks.length
  }

  get pending(): Iterable<GraphNode> {
    return this.#pending
  }

  /** The rank of the next derived node: creation order, so whatever exists when a node is created is below it. */
  nextRank(): number {
    return ++this.#ranks
  }

  /** Adds a node. A paused tick is finished first, so nobody is created in the middle of one. */
  add(node: GraphNode): void {
    assert(this.#phase === 'rest', `${node.name} is created by a transform or an epoch listener`)
    this.#finishTicks()
    const at = node.rank > 0 ? -1 : this.#order.findIndex((other) => other.rank > 0)
    this.#order.splice(at < 0 ? this.#order.length : at, 0, node)
    this.#downstream.clear()
  }

  /** Notes that a root has something to do. */
  pend(root: GraphNode): void {
    assert(this.#phase !== 'visit', `${root.name} is written by a transform`)
    this.#pending.add(root)
    this.#schedule()
  }

  /** A new dependency: the ticks of both sides become one, for the reader may have seen half of what the owner does. */
  link(owner: GraphNode): void {
    this.#downstream.clear()
    const tick = this.#running
    if (tick === undefined) return
    const other = this.#ticks.find((paused) => paused !== tick && this.#reach(paused).has(owner))
    if (other === undefined) return
    for (const root of other.roots) tick.roots.add(root)
    tick.cursor = Math.min(tick.cursor, other.cursor)
    tick.hasChanges ||= other.hasChanges
    this.#ticks.splice(this.#ticks.indexOf(other), 1)
  }

  /** Runs everything to the end, however long it takes. */
  flush(): void {
    assert(this.#phase === 'rest', 'flush is called by a transform or an epoch listener')
    for (let round = 0; this.#ticks.length > 0 || this.#pending.size > 0; round++) {
      assert(round < MAX_ROUNDS, 'an epoch listener writes on every epoch: flush would never end')
      this.#finishTicks()
      this.#begin()
    }
    this.#wake()
  }

  /** Resolves when nothing is pending or paused. */
  idle(): Promise<void> {
    if (this.#isQuiet) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  get #isQuiet(): boolean {
    return this.#ticks.length === 0 && this.#pending.size === 0 && this.#phase === 'rest'
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.schedule(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    assert(this.#phase === 'rest', 'a turn begins inside another')
    try {
      this.#begin()
      const shareMs = this.#options.sliceMs / Math.max(1, this.#ticks.length)
      for (const tick of this.#ticks.toReversed()) {
        if (this.#ticks.includes(tick)) this.#advance(tick, this.#options.now() + shareMs)
      }
    } finally {
      if (this.#ticks.length > 0 || this.#pending.size > 0) this.#schedule()
      else this.#wake()
    }
  }

  #finishTicks(): void {
    for (const tick of this.#ticks.toReversed()) {
      if (this.#ticks.includes(tick)) this.#advance(tick, Number.POSITIVE_INFINITY)
    }
  }

  #wake(): void {
    if (!this.#isQuiet) return
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Starts a tick for every pending root that no paused tick can meet. */
  #begin(): void {
    const roots = new Set<GraphNode>()
    for (const root of this.#pending) {
      const reach = this.#downstreamOf(root)
      if (this.#ticks.every((tick) => this.#reach(tick).isDisjointFrom(reach))) roots.add(root)
    }
    if (roots.size === 0) return
    for (const root of roots) {
      this.#pending.delete(root)
      root.begin()
    }
    this.#ticks.push(new Tick(++this.#ticksBegun, roots))
  }

  /** Visits until the tick has ended, which publishes it, or until `deadlineMs`. */
  #advance(tick: Tick, deadlineMs: number): void {
    this.#phase = 'visit'
    this.#running = tick
    let isOver = false
    try {
      for (; tick.cursor < this.#order.length; ) {
        const node = this.#order[tick.cursor]
        if (node === undefined || !this.#isDue(node, tick)) tick.cursor++
        else if (isOver) return
        else isOver = this.#visit(node, tick, deadlineMs)
      }
    } finally {
      this.#phase = 'rest'
      this.#running = undefined
    }
    this.#ticks.splice(this.#ticks.indexOf(tick), 1)
    if (tick.hasChanges) this.#end(tick)
  }

  #isDue(node: GraphNode, tick: Tick): boolean {
    if (node.dirty.size === 0 && !node.isUnsettled) return false
    return this.#ticks.length === 1 || this.#reach(tick).has(node)
  }

  /** Visits the dirty keys of a node and settles it. Returns true when the time is up. */
  #visit(node: GraphNode, tick: Tick, deadlineMs: number): boolean {
    const { now } = this.#options
    const at = tick.cursor
    const start = now()
    let end = start
    for (const key of node.dirty) {
      node.dirty.delete(key)
      node.visits++
      node.visit(key)
      end = now()
      // A visit that found a new dependency on a paused tick has moved the cursor back.
      if (tick.cursor !== at || end >= deadlineMs) break
    }
    if (node.dirty.size === 0 && tick.cursor === at) {
      if (node.settle() > 0) tick.hasChanges = true
      end = now()
    }
    if (node.lastTick !== tick.number) node.lastMs = 0
    node.lastTick = tick.number
    node.lastMs += end - start
    node.totalMs += end - start
    return end >= deadlineMs
  }

  #end(tick: Tick): void {
    const reach = this.#ticks.length === 0 ? undefined : this.#reach(tick)
    this.#phase = 'publish'
    try {
      this.#publish((node) => reach === undefined || reach.has(node))
    } finally {
      this.#phase = 'rest'
    }
  }

  /** Every node that the tick may make dirty. */
  #reach(tick: Tick): ReadonlySet<GraphNode> {
    let reach: ReadonlySet<GraphNode> = new Set()
    for (const root of tick.roots) {
      const more = this.#downstreamOf(root)
      reach = reach.size === 0 ? more : reach.union(more)
    }
    return reach
  }

  /** A node and all that depend on it, at any distance. Remembered until a dependency is added. */
  #downstreamOf(root: GraphNode): ReadonlySet<GraphNode> {
    const known = this.#downstream.get(root)
    if (known !== undefined) return known
    const reach = new Set([root])
    for (const node of reach) {
      for (const outlet of node.outlets) {
        for (const dependent of outlet.dependents()) reach.add(dependent)
      }
    }
    this.#downstream.set(root, reach)
    return reach
  }
}
