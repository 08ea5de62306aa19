import { assert } from '../lib/assert.ts'
import type { Change, Collection, Equals, Index, ReportingTransform, Single, Transform } from './collection.ts'
import { DeriveNode } from './derive.ts'
import { IndexNode } from './index.ts'
import { JoinNode } from './join.ts'
import type { GraphNode, Host } from './node.ts'
import { viewOf } from './reader.ts'
import { Cell } from './single.ts'
import { Source, SourceNode } from './source.ts'
import { Ticker } from './tick.ts'
import { type ExplainStep, explain, type GraphTrace, traceErrors, traceNodes } from './trace.ts'
import type { View } from './view.ts'

/** How a graph runs. */
export interface GraphOptions {
  /** Time a tick may take before it lets the event loop run. Default: 8. */
  readonly sliceMs?: number | undefined
  /** Calls back later, once. Default: setImmediate. */
  readonly schedule?: ((turn: () => void) => void) | undefined
  /** A monotonic clock in ms. Default: performance.now. */
  readonly now?: (() => number) | undefined
  /**
   * Told of each transform that throws; its last good outputs are kept. Default: nothing is told, the trace has it;
   * with `checkPurity` the error is thrown out of the tick.
   */
  readonly onError?: ((collection: string, key: string, error: unknown) => void) | undefined
  /** For tests: freezes every value and runs every transform twice; throws when the results or reads differ. */
  readonly checkPurity?: boolean | undefined
}

/** What one tick has changed, all at once. */
export interface Epoch {
  /** 1 for the first epoch, then one more each. */
  readonly number: number
  /** The keys of an observed collection that changed; throws for one that is not observed. */
  changes<V>(collection: Collection<V>): ReadonlyMap<string, Change<V>>
}

/** Options of a collection. */
export interface CollectionOptions<V> {
  /** When two values are the same to everything downstream. Default: structuralEqual. */
  readonly equals?: Equals<V> | undefined
}

/** Options of a derive with reports. */
export interface ReportOptions<O, R> extends CollectionOptions<O> {
  readonly reportEquals?: Equals<R> | undefined
}

/** A single value that can be written. */
export interface WritableSingle<V> extends Single<V> {
  set(value: V): void
}

/** The two collections of a derive with reports. */
export interface Derived<O, R> {
  readonly outputs: Collection<O>
  /** By input key. */
  readonly reports: Collection<R>
}

/**
 * Keyed incremental collections on one thread. Sources are written; a tick carries the writes through everything
 * derived and ends in one epoch. See README.md for the contract.
 */
export class Graph {
  readonly #host: Host
  readonly #ticker: Ticker
  readonly #views = new Map<string, View<unknown>>()
  readonly #observed = new Set<View<unknown>>()
  readonly #listeners = new Set<(epoch: Epoch) => void>()
  #lastEpoch: Epoch | undefined

  constructor(options: GraphOptions = {}) {
    const { sliceMs = 8, schedule = setImmediate, now = () => performance.now(), checkPurity = false } = options
    this.#ticker = new Ticker({ sliceMs, schedule: (turn) => void schedule(turn), now }, (isOfTick) =>
      this.#commit(isOfTick),
    )
    this.#host = {
      checksPurity: checkPurity,
      pend: (root) => this.#ticker.pend(root),
      link: (owner) => this.#ticker.link(owner),
      fail: (collection, key, error) => {
        if (options.onError !== undefined) options.onError(collection, key, error)
        else if (checkPurity) throw error
      },
    }
  }

  /** A collection that is written from outside. */
  source<V>(name: string, options: CollectionOptions<V> = {}): Source<V> {
    const node = new SourceNode<V>(this.#host, 'source', name, (owner) => new Source(owner, name, options.equals))
    this.#add(node, [node.store])
    assert(node.store instanceof Source, `${name} is not a source`)
    return node.store
  }

  /** One value that is written from outside. */
  single<V>(name: string, initial: V, options: CollectionOptions<V> = {}): WritableSingle<V> {
    const cell = new Cell<V>(this.#host, name, initial, options.equals)
    this.#add(cell.node, [cell.store])
    return cell
  }

  /** The outputs of a transform over every key of a collection. */
  derive<I, O>(
    name: string,
    input: Collection<I>,
    transform: Transform<I, O>,
    options: CollectionOptions<O> = {},
  ): Collection<O> {
    const reporting: ReportingTransform<I, O, undefined> = (read, value, key) => ({
      outputs: transform(read, value, key),
      report: undefined,
    })
    return this.#derive(name, input, reporting, options, false).outputs
  }

  /** As `derive`, and one report for every input key. */
  deriveWithReport<I, O, R>(
    name: string,
    input: Collection<I>,
    transform: ReportingTransform<I, O, R>,
    options: ReportOptions<O, R> = {},
  ): Derived<O, R> {
    const { outputs, reports } = this.#derive(name, input, transform, options, true)
    return { outputs, reports }
  }

  /** The union of collections; on equal keys the first of them wins. */
  join<V>(name: string, inputs: readonly Collection<V>[]): Collection<V> {
    const views = inputs.map((input) => viewOf(input, { host: this.#host }))
    const node = new JoinNode<V>(this.#host, name, this.#ticker.nextRank(), views)
    this.#add(node, [node.store])
    this.#fill(node, views)
    return node.store
  }

  /** Members of a collection by the group keys that `keysOf`, which is pure, gives them. */
  index<V>(name: string, input: Collection<V>, keysOf: (value: V, key: string) => readonly string[]): Index<V> {
    const view = viewOf(input, { host: this.#host })
    const node = new IndexNode<V>({ host: this.#host, name, rank: this.#ticker.nextRank(), input: view, keysOf })
    this.#add(node, [node.groups, node.counts, node.presence])
    this.#fill(node, [view])
    return node
  }

  /**
   * Calls `listener` at the end of each tick that has changed something, observed or not. It may write sources, which
   * leads to another epoch; it must not create collections or flush. Returns what removes it.
   */
  onEpoch(listener: (epoch: Epoch) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Records the changes of a collection in epochs from now on. */
  observe<V>(collection: Collection<V>): void {
    const view = viewOf(collection, { host: this.#host })
    view.observe()
    this.#observed.add(view)
  }

  /** Runs all that is pending to the end, now. Returns the last epoch this led to, or undefined when nothing changed. */
  flush(): Epoch | undefined {
    const before = this.#lastEpoch
    this.#ticker.flush()
    return this.#lastEpoch === before ? undefined : this.#lastEpoch
  }

  /** Resolves when nothing is pending or paused. */
  idle(): Promise<void> {
    return this.#ticker.idle()
  }

  /** The collection of a name, for those that show the graph. */
  find(name: string): Collection<unknown> | undefined {
    return this.#views.get(name)
  }

  /** The graph in numbers. */
  trace(): GraphTrace {
    return {
      epoch: this.#lastEpoch?.number ?? 0,
      pausedTicks: this.#ticker.paused,
      pending: Array.from(this.#ticker.pending, (node) => node.name),
      nodes: traceNodes(this.#ticker.nodes),
      errors: traceErrors(this.#ticker.nodes),
    }
  }

  /** What a value was made from, down to the sources. */
  explain(collection: Collection<unknown>, key: string): ExplainStep {
    const view = viewOf(collection, { host: this.#host })
    return explain(view.node, view, key)
  }

  #derive<I, O, R>(
    name: string,
    input: Collection<I>,
    transform: ReportingTransform<I, O, R>,
    options: ReportOptions<O, R>,
    hasReports: boolean,
  ): DeriveNode<I, O, R> {
    const view = viewOf(input, { host: this.#host })
    const { equals, reportEquals } = options
    const rank = this.#ticker.nextRank()
    const node = new DeriveNode({
      host: this.#host,
      name,
      rank,
      input: view,
      transform,
      equals,
      hasReports,
      reportEquals,
    })
    this.#add(node, hasReports ? [node.outputs, node.reports] : [node.outputs])
    this.#fill(node, [view])
    return node
  }

  #add(node: GraphNode, views: readonly View<unknown>[]): void {
    for (const view of views) {
      assert(!this.#views.has(view.name), `there are two collections called ${view.name}`)
      this.#views.set(view.name, view)
    }
    this.#ticker.add(node)
  }

  /** A node that is created late begins with all that its inputs hold. */
  #fill(node: GraphNode, inputs: readonly View<unknown>[]): void {
    for (const input of inputs) for (const key of input.keys()) node.dirty.add(key)
    if (node.dirty.size > 0) this.#ticker.pend(node)
  }

  #commit(isOfTick: (node: GraphNode) => boolean): void {
    const epoch: Epoch = {
      number: (this.#lastEpoch?.number ?? 0) + 1,
      changes: (collection) => viewOf(collection, { host: this.#host }).changesIn(epoch),
    }
    for (const view of this.#observed) if (isOfTick(view.node)) view.commit(epoch)
    this.#lastEpoch = epoch
    const errors: unknown[] = []
    for (const listener of [...this.#listeners]) {
      try {
        listener(epoch)
      } catch (error) {
        errors.push(error)
      }
    }
    // Every listener has seen the epoch: only now may a broken one be heard.
    if (errors.length > 0) throw new AggregateError(errors, `a listener of epoch ${epoch.number} threw`)
  }
}
