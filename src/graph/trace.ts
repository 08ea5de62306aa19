import type { GraphNode, Origin, Outlet, ReadKind } from './node.ts'

/** A dependency of a node on a collection. */
export interface ReadTrace {
  readonly collection: string
  readonly how: 'input' | ReadKind
  /** Number of distinct keys read now; absent for an input. */
  readonly keys?: number | undefined
}

/** One node of the graph, in numbers. */
export interface NodeTrace {
  readonly name: string
  readonly kind: GraphNode['kind']
  readonly rank: number
  /** Keys per collection that the node offers. */
  readonly sizes: Readonly<Record<string, number>>
  /** Transforms run, or writes applied, since the start. */
  readonly visits: number
  /** Time spent in the last tick that visited the node. */
  readonly lastMs: number
  readonly totalMs: number
  /** Output keys that several input keys claim now. */
  readonly conflicts: number
  readonly reads: readonly ReadTrace[]
}

/** An input whose transform threw the last time it ran; the outputs shown are those of its last good run. */
export interface ErrorTrace {
  readonly collection: string
  readonly key: string
  readonly error: string
  /** Times in a row. */
  readonly count: number
}

/** The graph as plain data: safe to print, holds no values. */
export interface GraphTrace {
  /** Number of the last epoch. */
  readonly epoch: number
  readonly pausedTicks: number
  /** Sources with writes that no tick has taken yet. */
  readonly pending: readonly string[]
  readonly nodes: readonly NodeTrace[]
  readonly errors: readonly ErrorTrace[]
}

/** One value and what it was made from. */
export interface ExplainStep {
  readonly collection: string
  readonly key: string
  /** How the step above depends on this. */
  readonly how: 'input' | ReadKind
  /** Whether the key is there now; a read of an absent key is a dependency too. */
  readonly isPresent: boolean
  readonly from: readonly ExplainStep[]
  /** Set when the same value is explained elsewhere in the answer, or the answer has grown too long. */
  readonly isCut?: true | undefined
}

/** Steps after which an explanation stops. */
const MAX_STEPS = 2000

/** Describes nodes. */
export function traceNodes(nodes: readonly GraphNode[]): readonly NodeTrace[] {
  return nodes.map((node) => ({
    name: node.name,
    kind: node.kind,
    rank: node.rank,
    sizes: Object.fromEntries(node.outlets.map((outlet) => [outlet.name, outlet.size])),
    visits: node.visits,
    lastMs: node.lastMs,
    totalMs: node.totalMs,
    conflicts: node.conflicts,
    reads: Array.from(node.inlets(), ({ outlet, how, keys }) => ({ collection: outlet.name, how, keys })),
  }))
}

/** The transforms that threw the last time they ran. */
export function traceErrors(nodes: readonly GraphNode[]): readonly ErrorTrace[] {
  return nodes.flatMap((node) =>
    Array.from(node.failures, ([key, { error, count }]) => ({
      collection: node.name,
      key,
      error: error instanceof Error ? error.message : String(error),
      count,
    })),
  )
}

/** The chain of reads that led to a value: every step was an input of, or read by, the step above it. */
export function explain(node: GraphNode, outlet: Outlet, key: string): ExplainStep {
  const seen = new Map<Outlet, Set<string>>()
  let steps = 0
  const step = (origin: Origin): ExplainStep => {
    const base = {
      collection: origin.outlet.name,
      key: origin.key,
      how: origin.how,
      isPresent: origin.how === 'whole' || origin.outlet.has(origin.key),
    }
    const keys = seen.get(origin.outlet) ?? new Set()
    seen.set(origin.outlet, keys)
    if (keys.has(origin.key) || ++steps > MAX_STEPS) return { ...base, from: [], isCut: true }
    keys.add(origin.key)
    return { ...base, from: Array.from(origin.node.origins(origin.outlet, origin.key), step) }
  }
  return step({ node, outlet, key, how: 'input' })
}
