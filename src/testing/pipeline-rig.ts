/** The whole translation without I/O, for tests: objects in, resources and statuses out. */
import { parseObject } from '../api/parse.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import { Graph } from '../graph/graph.ts'
import type { Source } from '../graph/source.ts'
import type { Delivery, Outputs, Refusal, TranslateSettings } from '../translate/contract.ts'
import { buildPipeline } from '../translate/pipeline.ts'
import { createSources, deleteObject, type ObjectSources, setObject } from '../watch/sources.ts'

/** Settings of the goldens: as the edge in a cluster, every proxy assumed to have acknowledged. */
export const testSettings: TranslateSettings = {
  controllerName: 'fairlead.dev/gateway-controller',
  delivery: 'assumed',
  bindAddresses: [],
  ipv6: true,
  standalone: false,
}

/** A graph with the pipeline in it and its inputs at hand. Nothing runs until `graph.flush()`. */
export interface PipelineRig {
  readonly graph: Graph
  readonly sources: ObjectSources
  readonly refusals: Source<Refusal>
  readonly deliveries: Source<Delivery>
  readonly secretProblems: Source<string>
  readonly outputs: Outputs
  set(object: KubernetesObject): void
  delete(object: KubernetesObject): void
}

export function pipelineRig(
  options: {
    readonly settings?: Partial<TranslateSettings> | undefined
    /** Freeze everything and run each transform twice. Default: true. */
    readonly checkPurity?: boolean | undefined
  } = {},
): PipelineRig {
  const graph = new Graph({ checkPurity: options.checkPurity ?? true, schedule: () => {} })
  const sources = createSources(graph)
  const refusals = graph.source<Refusal>('refusals')
  const deliveries = graph.source<Delivery>('deliveries')
  const secretProblems = graph.source<string>('secretProblems')
  const settings = graph.single<TranslateSettings>('settings', { ...testSettings, ...options.settings })
  const outputs = buildPipeline(graph, { ...sources, secretProblems, refusals, deliveries, settings })
  return {
    graph,
    sources,
    refusals,
    deliveries,
    secretProblems,
    outputs,
    set: (object) => setObject(sources, object),
    delete: (object) => {
      const { kind, metadata } = object
      deleteObject(sources, { kind, namespace: metadata.namespace, name: metadata.name })
    },
  }
}

/** An object that must be valid; a mistake in a test's own object fails the test with what is wrong. */
export function mustParse(raw: unknown): KubernetesObject {
  const parsed = parseObject(raw, { channel: 'experimental' })
  if (!parsed.ok) {
    throw new Error(parsed.error.map(({ field, message }) => `${field}: ${message}`).join('\n'))
  }
  return parsed.value
}
