/** Brings every epoch to the proxies and what they answer back into the graph. */
import type { NamedResource } from './envoy/resource.ts'
import type { XdsType } from './envoy/types.ts'
import type { Change } from './graph/collection.ts'
import type { Epoch } from './graph/graph.ts'
import { explainBindFailure, parseBindFailure } from './infra/bind-failure.ts'
import { describeOwner, portOwner } from './infra/port-owner.ts'
import { type GatewayInfra, revisionOf } from './ir/infra.ts'
import type { GatewayKey } from './ir/names.ts'
import type { Logger } from './lib/logger.ts'
import type { Metrics } from './lib/metrics.ts'
import { compareStrings } from './lib/sorted.ts'
import type { Assembly } from './cli/assembly.ts'
import type { GatewayResource } from './translate/contract.ts'
import { Feedback, type KeyedSink, type Refusal } from './xds/feedback.ts'
import { createXdsMetrics, type XdsMetrics } from './xds/metrics.ts'
import { XdsServer, type XdsServerOptions } from './xds/server.ts'
import { type EndpointChange, type ResourceChange, ResourceStore, type RevisionChange } from './xds/store.ts'

/** What a process of ours is called; undefined for one that is not. */
export type NameOfPid = (pid: number) => string | undefined

/** What the xDS side needs besides the translation. */
export interface DelivererOptions {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Default: plain text, and everybody is let in. */
  readonly access?: Pick<XdsServerOptions, 'credentials' | 'authenticate'> | undefined
  /** Default: no process is ours. */
  readonly nameOfPid?: NameOfPid | undefined
}

/** The xDS side of a control plane. */
export class Deliverer {
  readonly server: XdsServer
  readonly feedback: Feedback
  readonly #store = new ResourceStore()
  readonly #translation: Assembly
  /** Resources that changed since they were last asked for, by type. */
  #changed = new Map<XdsType, number>()
  readonly #waiting = new Set<() => void>()

  constructor(translation: Assembly, { logger, metrics, access, nameOfPid = () => undefined }: DelivererOptions) {
    this.#translation = translation
    const { graph, outputs, deliveries } = translation
    graph.observe(outputs.resources)
    graph.observe(outputs.endpoints)
    graph.observe(outputs.infra)
    graph.onEpoch((epoch) => this.#deliver(epoch))
    this.feedback = new Feedback({
      refusals: refusalSink(translation, nameOfPid),
      deliveries: {
        set: (gateway, delivery) => deliveries.set(gateway, delivery),
        delete: (gateway) => deliveries.delete(gateway),
      },
      onChange: () => this.#wake(),
    })
    this.server = new XdsServer({
      ...access,
      store: this.#store,
      feedback: this.feedback,
      logger: logger.child({ component: 'xds' }),
      metrics: this.#waking(createXdsMetrics(metrics)),
    })
  }

  /** Says that the configuration is complete: proxies are served from now on. */
  markSynced(): void {
    this.#store.markSynced()
  }

  /** Whether proxies are served. */
  get isSynced(): boolean {
    return this.#store.isSynced
  }

  /** What is still missing before everything is served; undefined when nothing is. */
  notReady(): string | undefined {
    if (!this.#store.isSynced) return 'the files are not read yet'
    const waiting = [...this.#translation.outputs.infra.entries()]
      .filter(([gateway, { ports, held }]) => ports.length > 0 && !held && !this.feedback.delivery(gateway).synced)
      .map(([gateway]) => gateway)
    return waiting.length === 0
      ? undefined
      : `no proxy of Gateway ${waiting.sort(compareStrings).join(', ')} has its configuration yet`
  }

  /** Resources that came, changed or went since the last call. */
  takeChanged(): ReadonlyMap<XdsType, number> {
    const changed = this.#changed
    this.#changed = new Map()
    return changed
  }

  /** Resolves to true when `isDone` is true after an answer of a proxy, to false after `timeoutMs`. */
  async until(isDone: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isDone()) return true
    return new Promise((resolve) => {
      const finish = (result: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(result)
      }
      const check = () => isDone() && finish(true)
      const timer = setTimeout(() => finish(isDone()), timeoutMs)
      this.#waiting.add(check)
    })
  }

  /** Whether every connected proxy has acknowledged, or refused, all that it was to be told. */
  isDelivered(): boolean {
    return this.server.proxies().every(({ types }) => types.every(({ pending }) => pending === 0))
  }

  #deliver(epoch: Epoch): void {
    const { resources, endpoints, infra } = this.#translation.outputs
    const changes = [...resourceChanges(epoch.changes(resources))]
    const assignments = [...endpointChanges(epoch.changes(endpoints))]
    const revisions = [...revisionChanges(epoch.changes(infra))]
    for (const { type } of changes) this.#changed.set(type, (this.#changed.get(type) ?? 0) + 1)
    if (assignments.length > 0) {
      this.#changed.set('endpoint', (this.#changed.get('endpoint') ?? 0) + assignments.length)
    }
    if (changes.length + assignments.length + revisions.length > 0) {
      this.#store.apply({ resources: changes, endpoints: assignments, revisions })
    }
    for (const { gateway, label } of revisions) if (label === undefined) this.feedback.forget(gateway)
  }

  #waking(metrics: XdsMetrics): XdsMetrics {
    return {
      sent: (type, resources, bytes) => metrics.sent(type, resources, bytes),
      acked: (type) => {
        metrics.acked(type)
        this.#wake()
      },
      nacked: (type) => {
        metrics.nacked(type)
        this.#wake()
      },
      streams: (count) => metrics.streams(count),
    }
  }

  /** After the stream has taken the answer in. */
  #wake(): void {
    if (this.#waiting.size === 0) return
    setImmediate(() => {
      for (const check of [...this.#waiting]) check()
    })
  }
}

/** Refusals go into the graph as they come; of a port that cannot be bound, who has it is looked up and said. */
function refusalSink({ refusals }: Assembly, nameOfPid: NameOfPid): KeyedSink<Refusal> {
  const current = new Map<string, Refusal>()
  const put = (key: string, refusal: Refusal, message: string) =>
    // The server serves only Gateways that translation named, so the name is a key of one.
    refusals.set(key, { ...refusal, message, gateway: refusal.gateway as GatewayKey })
  return {
    set: (key, refusal) => {
      current.set(key, refusal)
      const failure = refusal.type === 'listener' ? parseBindFailure(refusal.message) : undefined
      put(key, refusal, failure === undefined ? refusal.message : explainBindFailure(failure, undefined))
      if (failure?.errno !== 'EADDRINUSE') return
      portOwner(failure.port).then(
        (owner) => {
          if (owner === undefined || current.get(key) !== refusal) return
          put(key, refusal, explainBindFailure(failure, nameOfPid(owner.pid) ?? describeOwner(owner)))
        },
        () => {}, // Who has the port is a courtesy: the refusal itself is told.
      )
    },
    delete: (key) => {
      current.delete(key)
      refusals.delete(key)
    },
  }
}

function* resourceChanges(changes: ReadonlyMap<string, Change<GatewayResource>>): Iterable<ResourceChange> {
  for (const { before, after } of changes.values()) {
    const known = after ?? before
    if (known === undefined) continue
    const { type, name } = known.resource
    yield { gateway: known.gateway, type, name, resource: after?.resource }
  }
}

function* revisionChanges(changes: ReadonlyMap<string, Change<GatewayInfra>>): Iterable<RevisionChange> {
  for (const [gateway, { before, after }] of changes) {
    const label = after && revisionOf(after)
    if (label === undefined || before === undefined || label !== revisionOf(before))
      yield { gateway, label, ownerUid: after?.uid }
  }
}

function* endpointChanges(changes: ReadonlyMap<string, Change<NamedResource>>): Iterable<EndpointChange> {
  for (const [name, { after }] of changes) yield { name, resource: after }
}
