import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { assert } from './assert.ts'

/** Labels with one value per object or client. They would grow the series with the cluster, so none may be declared. */
const unboundedLabels: readonly string[] = [
  'name',
  'namespace',
  'host',
  'hostname',
  'path',
  'route',
  'service',
  'pod',
  'address',
  'ip',
  'uid',
  'version',
  'message',
]

/** What every metric declares. */
export interface MetricDeclaration<L extends string> {
  /** Whole name with unit: `fairlead_xds_responses_total`, `fairlead_tick_duration_seconds`. */
  readonly name: `fairlead_${string}`
  /** One sentence for the operator, ending in a full stop. */
  readonly help: string
  /** Few values each, known beforehand. */
  readonly labels?: readonly L[] | undefined
}

/** What a gauge declares. */
export interface GaugeDeclaration<L extends string> extends MetricDeclaration<L> {
  /** Read whenever the metrics are; of a gauge without labels that nobody sets. */
  readonly read?: (() => number) | undefined
}

/** What a histogram declares. */
export interface HistogramDeclaration<L extends string> extends MetricDeclaration<L> {
  /** Upper bounds, in the unit of the name. Default: 0.5 ms to 10 s, in seconds. */
  readonly buckets?: readonly number[] | undefined
}

/** Upper bounds in seconds for what should take milliseconds. */
const defaultBucketsSeconds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10,
]

/** The metrics of one process or one test; nothing is global. */
export interface Metrics {
  /** Only goes up. The name ends in `_total`. */
  counter<L extends string = never>(declaration: MetricDeclaration<L>): Counter<L>
  /** Goes up and down. */
  gauge<L extends string = never>(declaration: GaugeDeclaration<L>): Gauge<L>
  /** Distribution. The name ends in its unit, `_seconds` or `_bytes`, or in `_size` for a count. */
  histogram<L extends string = never>(declaration: HistogramDeclaration<L>): Histogram<L>
  /** Adds the metrics of the Node process: CPU, memory, event loop, garbage collection. */
  addNodeMetrics(): void
  /** Everything in the text format of Prometheus. */
  render(): Promise<string>
  /** Content type of `render`. */
  readonly contentType: string
}

/** A registry without metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  return {
    counter: (declaration) => new Counter(checked(declaration, registry, ['_total'])),
    gauge: (declaration) => createGauge(declaration, registry),
    histogram: (declaration) =>
      new Histogram({
        ...checked(declaration, registry, ['_seconds', '_bytes', '_size']),
        buckets: [...(declaration.buckets ?? defaultBucketsSeconds)],
      }),
    addNodeMetrics: () => collectDefaultMetrics({ register: registry, prefix: 'fairlead_' }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function createGauge<L extends string>(declaration: GaugeDeclaration<L>, registry: Registry): Gauge<L> {
  const { read } = declaration
  const gauge: Gauge<L> = new Gauge({
    ...checked(declaration, registry, []),
    ...(read === undefined ? {} : { collect: () => gauge.set(read()) }),
  })
  return gauge
}

function checked<L extends string>(declaration: MetricDeclaration<L>, registry: Registry, endings: readonly string[]) {
  const { name, help, labels = [] } = declaration
  assert(/^fairlead_[a-z][a-z0-9_]*$/.test(name), `metric ${name}: a name is fairlead_ and lower-case words`)
  assert(
    endings.length === 0 ? !name.endsWith('_total') : endings.some((ending) => name.endsWith(ending)),
    `metric ${name}: a name of its kind ends in ${endings.join(', ') || 'anything but _total'}`,
  )
  assert(help.endsWith('.'), `metric ${name}: its help is a sentence`)
  const unbounded = labels.filter((label) => unboundedLabels.includes(label))
  assert(unbounded.length === 0, `metric ${name}: label ${unbounded.join(', ')} has one value per object`)
  return { name, help, labelNames: [...labels], registers: [registry] }
}
