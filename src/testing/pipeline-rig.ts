/** The whole translation without I/O, for tests: objects in, resources and statuses out. */
import { parseObject } from '../api/parse.ts'
import type { CrdFacts } from '../api/crd-facts.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import { Graph, type WritableSingle } from '../graph/graph.ts'

import type { Source } from '../graph/source.ts'
import type { Delivery, Inputs, Outputs, Refusal, TranslateSettings } from '../translate/contract.ts'
import { buildPipeline } from '../translate/pipeline.ts'
import { createSources, deleteObject, type ObjectSources, setObject } from '../watch/sources.ts'

/** Settings of the goldens: on every address of a host, every proxy assumed to have acknowledged. */
export const testSettings: TranslateSettings = {
  controllerName: 'fairlead.dev/gateway-controller',
  delivery: 'assumed',
  platform: { kind: 'standalone', bindAddresses: [], ipv6: true },
}

/** A graph with the pipeline in it and its inputs at hand. Nothing runs until `graph.flush()`. */
export interface PipelineRig {
  readonly graph: Graph
  readonly sources: ObjectSources
  readonly refusals: Source<Refusal>
  readonly deliveries: Source<Delivery>
  readonly secretProblems: Source<string>
  readonly fleetProblems: Source<string>
  readonly lookedUp: Source<true>
  readonly crds: WritableSingle<CrdFacts | undefined>
  readonly outputs: Outputs
  set(object: KubernetesObject): void
  delete(object: KubernetesObject): void
}

/** Every input of the pipeline as a source of the graph. */
export function pipelineInputs(graph: Graph, settings: Partial<TranslateSettings> = {}) {
  const sources = createSources(graph)
  const refusals = graph.source<Refusal>('refusals')
  const deliveries = graph.source<Delivery>('deliveries')
  const secretProblems = graph.source<string>('secretProblems')
  const fleetProblems = graph.source<string>('fleetProblems')
  const lookedUp = graph.source<true>('lookedUp')
  const crds = graph.single<CrdFacts | undefined>('crds', undefined)
  const single = graph.single<TranslateSettings>('settings', { ...testSettings, ...settings })
  const own = { refusals, deliveries, secretProblems, fleetProblems, lookedUp, crds }
  const inputs: Inputs = { ...sources, ...own, settings: single }
  return { inputs, sources, ...own }
}

/** A graph that ticks only when told, with the pipeline in it. */
export function pipelineRig(
  options: {
    readonly settings?: Partial<TranslateSettings> | undefined
    /** Freeze everything and run each transform twice. Default: true. */
    readonly checkPurity?: boolean | undefined
  } = {},
): PipelineRig {
  const graph = new Graph({ checkPurity: options.checkPurity ?? true, schedule: () => {} })
  const { inputs, ...rest } = pipelineInputs(graph, options.settings)
  return {
    graph,
    ...rest,
    outputs: buildPipeline(graph, inputs),
    set: (object) => setObject(rest.sources, object),
    delete: (object) => {
      const { kind, metadata } = object
      deleteObject(rest.sources, { kind, namespace: metadata.namespace, name: metadata.name })
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
