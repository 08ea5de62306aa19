import { assert } from '../lib/assert.ts'
import { structuralEqual } from '../lib/equal.ts'
import { Claims } from './claims.ts'
import type { Equals, ReportingTransform } from './collection.ts'
import { GraphNode, type Host, type Inlet, type Origin, type Outlet } from './node.ts'
import { ImpureError } from './purity.ts'
import { NO_READS, type Reads, retrack, TrackedReader } from './reader.ts'
import { Store } from './store.ts'
import type { View } from './view.ts'

/** What is kept of the last run of an input key. */
interface Run {
  readonly reads: Reads
  /** Output keys; a single one stands for itself. */
  readonly outputKeys: string | readonly string[]
}

/** What a run has made. */
interface Result<O, R> {
  readonly outputs: ReadonlyMap<string, O>
  readonly report: R
}

/** What a derive is made of. */
export interface DeriveParts<I, O, R> {
  readonly host: Host
  readonly name: string
  readonly rank: number
  readonly input: View<I>
  readonly transform: ReportingTransform<I, O, R>
  readonly equals: Equals<O> | undefined
  readonly hasReports: boolean
  readonly reportEquals: Equals<R> | undefined
}

const NO_OUTPUTS: readonly string[] = []

/** A transform applied to every key of a collection, run again when its input or something it read changes. */
export class DeriveNode<I, O, R> extends GraphNode {
  readonly kind = 'derive'
  readonly outputs: Store<O>
  readonly reports: Store<R>
  readonly outlets: readonly Outlet[]
  readonly #parts: DeriveParts<I, O, R>
  readonly #claims: Claims<O>
  readonly #reader: TrackedReader
  readonly #runs = new Map<string, Run>()

  constructor(parts: DeriveParts<I, O, R>) {
    super(parts.host, parts.name, parts.rank)
    this.#parts = parts
    this.outputs = new Store(this, parts.name, parts.equals)
    this.reports = new Store(this, `${parts.name}.reports`, parts.reportEquals)
    this.outlets = parts.hasReports ? [this.outputs, this.reports] : [this.outputs]
    this.#claims = new Claims(this.outputs)
    this.#reader = new TrackedReader(this)
    parts.input.subscribe(this)
  }

  override get conflicts(): number {
    return this.#claims.conflicts
  }

  get isUnsettled(): boolean {
    return this.outputs.isUnsettled || this.reports.isUnsettled
  }

  visit(key: string): void {
    const value = this.#parts.input.get(key)
    if (value === undefined) this.#forget(key)
    else this.#update(key, value)
  }

  settle(): number {
    return this.outputs.settle() + this.reports.settle()
  }

  *inlets(): Iterable<Inlet> {
    yield { outlet: this.#parts.input, how: 'input', keys: undefined }
    for (const edge of this.#reader.edges) yield { outlet: edge.view, how: edge.kind, keys: edge.reads.size }
  }

  *origins(outlet: Outlet, key: string): Iterable<Origin> {
    const inputKey = outlet === this.reports ? key : this.#claims.owner(key)
    if (inputKey === undefined) return
    const { input } = this.#parts
    yield { node: input.node, outlet: input, key: inputKey, how: 'input' }
    const reads = this.#runs.get(inputKey)?.reads ?? NO_READS
    for (const [i, edge] of reads.edges.entries()) {
      yield { node: edge.view.node, outlet: edge.view, key: reads.keys[i] ?? '', how: edge.kind }
    }
  }

  #forget(key: string): void {
    this.failures.delete(key)
    const run = this.#runs.get(key)
    if (run === undefined) return
    retrack(key, run.reads, NO_READS)
    for (const outputKey of keysOf(run)) this.#claims.release(outputKey, key)
    this.reports.drop(key)
    this.#runs.delete(key)
  }

  #update(key: string, value: I): void {
    const last = this.#runs.get(key)
    this.#reader.begin()
    let result: Result<O, R> | undefined
    let error: unknown
    try {
      result = this.#transform(value, key)
    } catch (thrown) {
      error = thrown
    }
    const reads = retrack(key, last?.reads ?? NO_READS, this.#reader.end())
    if (result === undefined) {
      this.#runs.set(key, { reads, outputKeys: last?.outputKeys ?? NO_OUTPUTS })
      if (error instanceof ImpureError) throw error
      this.recordFailure(key, error)
      return
    }
    this.failures.delete(key)
    if (this.host.checksPurity) this.#checkPurity(value, key, result, reads)
    const outputKeys = this.#replaceOutputs(key, last, result.outputs)
    if (this.#parts.hasReports) this.reports.put(key, result.report)
    if (last === undefined || last.reads !== reads || last.outputKeys !== outputKeys) {
      this.#runs.set(key, { reads, outputKeys })
    }
  }

  #transform(value: I, key: string): Result<O, R> {
    const { outputs, report } = this.#parts.transform(this.#reader, value, key)
    const made = new Map<string, O>()
    for (const [outputKey, output] of outputs) {
      assert(!made.has(outputKey), `${this.name}: "${key}" makes the output "${outputKey}" twice`)
      assert(output !== undefined, `${this.name}: "${key}" makes the output "${outputKey}" undefined`)
      made.set(outputKey, output)
    }
    assert(!this.#parts.hasReports || report !== undefined, `${this.name}: "${key}" reports undefined`)
    return { outputs: made, report }
  }

  #replaceOutputs(key: string, last: Run | undefined, outputs: ReadonlyMap<string, O>): string | readonly string[] {
    for (const outputKey of last === undefined ? NO_OUTPUTS : keysOf(last)) {
      if (!outputs.has(outputKey)) this.#claims.release(outputKey, key)
    }
    for (const [outputKey, output] of outputs) this.#claims.claim(outputKey, key, output)
    const keys = [...outputs.keys()]
    const [only] = keys
    if (only === undefined) return NO_OUTPUTS
    return keys.length === 1 ? only : keys
  }

  #checkPurity(value: I, key: string, first: Result<O, R>, reads: Reads): void {
    this.#reader.begin()
    const second = this.#transform(value, key)
    const again = this.#reader.end()
    const { equals = structuralEqual, reportEquals = structuralEqual, hasReports } = this.#parts
    const isSame =
      structuralEqual([...first.outputs.keys()], [...second.outputs.keys()]) &&
      first.outputs.entries().every(([outputKey, output]) => {
        const other = second.outputs.get(outputKey)
        return other !== undefined && equals(output, other)
      }) &&
      (!hasReports || reportEquals(first.report, second.report))
    if (!isSame) throw new ImpureError(`${this.name}: "${key}" gave two results for the same reads`)
    const isSameReads = structuralEqual(reads.keys, again.keys) && reads.edges.every((e, i) => e === again.edges[i])
    if (!isSameReads) throw new ImpureError(`${this.name}: "${key}" read other things the second time`)
  }
}

function keysOf(run: Run): readonly string[] {
  return typeof run.outputKeys === 'string' ? [run.outputKeys] : run.outputKeys
}
