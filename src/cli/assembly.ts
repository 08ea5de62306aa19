/** Sources, graph and translation put together: what files and a cluster fill alike. */
import type { Secret } from '../api/core.ts'
import type { CrdFacts } from '../api/crd-facts.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import { type GraphOptions, Graph, type WritableSingle } from '../graph/graph.ts'

import type { Source } from '../graph/source.ts'
import type { ObjectRef } from '../lib/object-ref.ts'
import type { Delivery, Outputs, Refusal, TranslateSettings } from '../translate/contract.ts'
import { checkCertificate } from '../translate/gateway/tls.ts'
import { buildPipeline } from '../translate/pipeline.ts'
import { deleteSecret, setSecret } from '../watch/secret-admission.ts'
import { createSources, deleteObject, type ObjectSources, setObject } from '../watch/sources.ts'

/** A translation and where its inputs enter. */
export interface Assembly {
  readonly graph: Graph
  readonly sources: ObjectSources
  readonly refusals: Source<Refusal>
  readonly deliveries: Source<Delivery>
  /** By GatewayKey: what the API server said of the objects of its fleet. */
  readonly fleetProblems: Source<string>
  /** By `<Kind>/<namespace>/<name>`: what was asked for by name and answered. */
  readonly lookedUp: Source<true>
  readonly crds: WritableSingle<CrdFacts | undefined>
  readonly outputs: Outputs
  /** Adds or replaces an object. False for kinds that nothing is made of yet. */
  set(object: KubernetesObject): boolean
  /** Removes an object; one that is not there is no error. */
  delete(ref: Omit<ObjectRef, 'group'>): void
}

/** Builds everything; nothing runs before an object comes. */
export function assemble(settings: TranslateSettings, options?: GraphOptions): Assembly {
  const graph = new Graph(options)
  const sources = createSources(graph)
  const secretProblems = graph.source<string>('secretProblems')
  const refusals = graph.source<Refusal>('refusals')
  const deliveries = graph.source<Delivery>('deliveries')
  const fleetProblems = graph.source<string>('fleetProblems')
  const lookedUp = graph.source<true>('lookedUp')
  const crds = graph.single<CrdFacts | undefined>('crds', undefined)
  const outputs = buildPipeline(graph, {
    ...sources,
    secretProblems,
    refusals,
    deliveries,
    fleetProblems,
    lookedUp,
    crds,
    settings: graph.single('settings', settings),
  })
  const secretSources = { secrets: sources.secrets, secretProblems }
  return {
    graph,
    sources,
    refusals,
    deliveries,
    fleetProblems,
    lookedUp,
    crds,
    outputs,
    set: (object) => {
      if (object.kind !== 'Secret') return setObject(sources, object)
      setSecret(secretSources, object, secretProblem)
      return true
    },
    delete: (ref) => {
      if (ref.kind === 'Secret') deleteSecret(secretSources, `${ref.namespace}/${ref.name}`)
      else deleteObject(sources, ref)
    },
  }
}

/** As a certificate: other Secrets are used by nobody yet, and one that is none any more must not replace one that was. */
function secretProblem(secret: Secret): string | undefined {
  const checked = checkCertificate(secret)
  return checked.ok ? undefined : checked.error
}
