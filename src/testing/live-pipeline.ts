/** The control plane without a command line: graph, translation and xDS in this process, objects set by hand. */
import type { KubernetesObject } from '../api/kinds.ts'
import type { NamedResource } from '../envoy/resource.ts'
import type { Change } from '../graph/collection.ts'
import { type Epoch, Graph } from '../graph/graph.ts'
import type { Source } from '../graph/source.ts'
import { type GatewayKey, gatewayKey } from '../ir/names.ts'
import type { Delivery, GatewayResource, Outputs, Refusal, TranslateSettings } from '../translate/contract.ts'
import { buildPipeline } from '../translate/pipeline.ts'
import { createSources, deleteObject, type ObjectName, type ObjectSources, setObject } from '../watch/sources.ts'
import { Feedback } from '../xds/feedback.ts'
import type { XdsMetrics } from '../xds/metrics.ts'
import { XdsServer } from '../xds/server.ts'
import { type EndpointChange, type ResourceChange, ResourceStore } from '../xds/store.ts'

export interface LiveOptions {
  readonly settings?: Partial<TranslateSettings> | undefined
  /** Freeze everything and run each transform twice. Default: false. */
  readonly checkPurity?: boolean | undefined
  readonly metrics?: XdsMetrics | undefined
}

/** Settings of local proxies: bound to loopback, Programmed by what they acknowledged. */
export const liveSettings: TranslateSettings = {
  controllerName: 'fairlead.dev/gateway-controller',
  delivery: 'live',
  bindAddresses: ['127.0.0.1'],
  ipv6: false,
  standalone: true,
}

/** Everything from objects to bytes on the wire. What is set takes effect in the next turn of the event loop. */
export class LivePipeline {
  readonly graph: Graph
  readonly sources: ObjectSources
  /** What proxies refuse now. */
  readonly refusals: Source<Refusal>
  readonly outputs: Outputs
  readonly server: XdsServer
  readonly #store = new ResourceStore()

  constructor({ settings, checkPurity, metrics }: LiveOptions = {}) {
    this.graph = new Graph({ checkPurity })
    this.refusals = this.graph.source('refusals')
    this.sources = createSources(this.graph)
    const { refusals } = this
    const deliveries = this.graph.source<Delivery>('deliveries')
    this.outputs = buildPipeline(this.graph, {
      ...this.sources,
      secretProblems: this.graph.source<string>('secretProblems'),
      refusals,
      deliveries,
      settings: this.graph.single('settings', { ...liveSettings, ...settings }),
    })
    const { resources, endpoints, statuses, infra, notices } = this.outputs
    for (const collection of [resources, endpoints, statuses, infra, notices]) this.graph.observe<unknown>(collection)
    this.graph.onEpoch((epoch) => this.#deliver(epoch))
    const feedback = new Feedback({
      deliveries,
      refusals: {
        set: (key, refusal) => refusals.set(key, { ...refusal, gateway: keyOf(refusal.gateway) }),
        delete: (key) => refusals.delete(key),
      },
    })
    this.server = new XdsServer({ store: this.#store, feedback, metrics })
  }

  set(object: KubernetesObject): void {
    setObject(this.sources, object)
  }

  delete(name: ObjectName): void {
    deleteObject(this.sources, name)
  }

  /** Says that what was set so far is a complete configuration: proxies are served from then on. */
  async ready(): Promise<void> {
    await this.graph.idle()
    this.#store.markSynced()
  }

  #deliver(epoch: Epoch): void {
    this.#store.apply({
      resources: resourceChanges(epoch.changes(this.outputs.resources)),
      endpoints: endpointChanges(epoch.changes(this.outputs.endpoints)),
    })
  }
}

function keyOf(gateway: string): GatewayKey {
  const [namespace = '', name = ''] = gateway.split('/')
  return gatewayKey(namespace, name)
}

function* resourceChanges(changes: ReadonlyMap<string, Change<GatewayResource>>): Iterable<ResourceChange> {
  for (const { before, after } of changes.values()) {
    const known = after ?? before
    if (known === undefined) continue
    const { type, name } = known.resource
    yield { gateway: known.gateway, type, name, resource: after?.resource }
  }
}

function* endpointChanges(changes: ReadonlyMap<string, Change<NamedResource>>): Iterable<EndpointChange> {
  for (const [name, { after }] of changes) yield { name, resource: after }
}
