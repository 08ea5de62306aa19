/** A StatusWriter on an API server in memory, with a watch that can be held. */
import { createLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { FakeApi, type FakeFault } from '../watch/fake-api.ts'
import type { KubeRequest } from '../watch/kube-client.ts'
import { LiveObjects } from '../watch/live-objects.ts'
import { readLiveObject } from '../watch/live-version.ts'
import { StatusWriter, type WantedStatus } from '../watch/status-writer.ts'

export const controllerName = 'example.com/ours'
const api = 'gateway.networking.k8s.io/v1'

/** As translation reports it. */
export const condition = (type: string, status: string, observedGeneration = 1) => ({
  type,
  status,
  reason: type,
  message: '',
  observedGeneration,
})

/** An entry of `parents` with one condition. */
export const parentOf = (controller: string, name: string, status = 'True') => ({
  parentRef: { name },
  controllerName: controller,
  conditions: [condition('Accepted', status)],
})

/** Of an HTTPRoute in `shop`. */
export const routeStatus = (name: string, parents: readonly object[]): WantedStatus => ({
  apiVersion: api,
  kind: 'HTTPRoute',
  namespace: 'shop',
  name,
  status: { parents },
})

/** Of the Gateway shop/edge with one listener. */
export const gatewayStatus = (attachedRoutes: number, programmed = 'True'): WantedStatus => ({
  apiVersion: api,
  kind: 'Gateway',
  namespace: 'shop',
  name: 'edge',
  status: {
    addresses: [],
    conditions: [condition('Accepted', 'True'), condition('Programmed', programmed)],
    listeners: [{ name: 'http', supportedKinds: [], attachedRoutes, conditions: [condition('Accepted', 'True')] }],
  },
})

/** A writer, an API server and a watch that tells at once unless it is held. */
export class StatusRig {
  readonly api: FakeApi
  readonly live = new LiveObjects()
  readonly lines: Readonly<Record<string, unknown>>[] = []
  readonly metrics = createMetrics()
  readonly writer: StatusWriter
  #held: (() => void)[] | undefined

  /** On an API server of its own, or on that of another rig. */
  constructor(now = () => '2026-01-01T00:00:00Z', api = new FakeApi()) {
    this.api = api
    for (const resource of api.resources.filter(({ kind }) => kind === 'HTTPRoute')) {
      for (const object of api.store.list(resource, undefined)) {
        const live = readLiveObject(object)
        if (live !== undefined) this.live.set(`${resource.kind}/shop/${object.metadata.name}`, live)
      }
    }
    this.api.store.onEvent(({ resource, before, after }) => {
      const { namespace = '', name = '' } = (after ?? before)?.metadata ?? {}
      const key = `${resource.kind}/${namespace}/${name}`
      const object = readLiveObject(after)
      const tell = () => (object === undefined ? this.live.delete(key) : this.live.set(key, object))
      if (this.#held === undefined) tell()
      else this.#held.push(tell)
    })
    this.writer = new StatusWriter({
      client: this.api,
      live: this.live,
      controllerName,
      now,
      logger: createLogger({
        level: 'info',
        format: 'json',
        sink: { write: (line) => this.lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>) },
      }),
      metrics: this.metrics,
    })
    this.put('Gateway', 'edge')
  }

  put(kind: string, name: string, status?: object): void {
    this.api.put({ kind, metadata: { name, namespace: 'shop' }, spec: {}, ...(status === undefined ? {} : { status }) })
  }

  /** From now on the watch tells nothing. */
  holdWatch(): void {
    this.#held ??= []
  }

  /** Tells what was held. */
  releaseWatch(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const tell of held) tell()
  }

  status(kind: string, name: string): unknown {
    return this.api.get(kind, 'shop', name)?.status
  }

  writes(kind = ''): readonly KubeRequest[] {
    return this.api.requests.filter(({ method, path }) => method === 'PATCH' && path.includes(kind))
  }

  fail(status: number, facts: Omit<FakeFault & { kind: 'answer' }, 'kind' | 'status'> = {}): void {
    this.api.fault = ({ method }) => (method === 'PATCH' ? { kind: 'answer', status, ...facts } : undefined)
  }
}

const timed = { lastTransitionTime: '2026-01-01T00:00:00Z' }
/** The entry as it is written. */
export const stamped = (parent: ReturnType<typeof parentOf>) => ({
  ...parent,
  conditions: parent.conditions.map((one) => ({ ...one, ...timed })),
})
