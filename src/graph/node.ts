/** How a transform depends on what it read. */
export type ReadKind = 'value' | 'presence' | 'whole'

/** What a node needs from the graph that holds it. */
export interface Host {
  readonly checksPurity: boolean
  /** A root has something to do in the next tick. Throws while a transform runs: transforms write nothing. */
  pend(root: GraphNode): void
  /** `reader` begins to read from `owner`, which it did not before. */
  link(owner: GraphNode, reader: GraphNode): void
  /** A transform threw; its last good output is kept. */
  fail(collection: string, key: string, error: unknown): void
}

/** A collection as the walk and the trace see it. */
export interface Outlet {
  readonly name: string
  readonly size: number
  has(key: string): boolean
  /** Nodes that may get dirty keys when this changes. */
  dependents(): Iterable<GraphNode>
  /** Closes the recorded changes as those of `epoch`. */
  commit(epoch: object): void
}

/** A place in a collection: where a value came from. */
export interface Origin {
  readonly node: GraphNode
  readonly outlet: Outlet
  readonly key: string
  readonly how: 'input' | ReadKind
}

/** A dependency between collections, for the trace. */
export interface Inlet {
  readonly outlet: Outlet
  readonly how: 'input' | ReadKind
  /** Number of distinct keys read; undefined for an input, which is read key by key. */
  readonly keys: number | undefined
}

/** A transform that threw, until it succeeds or its input goes. */
export interface Failure {
  readonly error: unknown
  /** Times in a row. */
  readonly count: number
}

/**
 * A vertex of the graph. A tick visits each dirty key and then settles the node; only settling announces changes, so
 * what is downstream (of higher rank, visited later) never sees a node half done.
 */
export abstract class GraphNode {
  abstract readonly kind: 'source' | 'single' | 'derive' | 'join' | 'index'
  /** What the node offers to others. */
  abstract readonly outlets: readonly Outlet[]
  readonly host: Host
  readonly name: string
  readonly rank: number
  /** Keys to visit in the current or next tick. */
  readonly dirty = new Set<string>()
  /** Input keys whose transform threw the last time. */
  readonly failures = new Map<string, Failure>()
  /** Transforms run (or writes applied) since the start. */
  visits = 0
  totalMs = 0
  lastMs = 0
  /** Tick that `lastMs` belongs to. */
  lastTick = 0

  constructor(host: Host, name: string, rank: number) {
    this.host = host
    this.name = name
    this.rank = rank
  }

  /** Output keys claimed by more than one input key now. */
  get conflicts(): number {
    return 0
  }

  /** Whether visits have changed something that is not announced yet. */
  abstract get isUnsettled(): boolean
  /** Takes over what waits for the tick that starts now. */
  begin(): void {}
  /** Brings one key up to date. */
  abstract visit(key: string): void
  /** Announces the net changes of all visits; returns how many. */
  abstract settle(): number
  abstract inlets(): Iterable<Inlet>
  /** What the value at `key` of one of the outlets was made from. */
  abstract origins(outlet: Outlet, key: string): Iterable<Origin>

  /** Records that the transform of an input key threw, and tells the host. */
  protected recordFailure(key: string, error: unknown): void {
    this.failures.set(key, { error, count: (this.failures.get(key)?.count ?? 0) + 1 })
    this.host.fail(this.name, key, error)
  }
}
