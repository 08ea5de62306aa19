import { vi } from 'vitest'
import type { CrdFacts } from '../api/crd-facts.ts'
import { kinds, type KubernetesObject } from '../api/kinds.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { FakeApi } from '../watch/fake-api.ts'
import { KubeSource, type KubeSourceOptions } from '../watch/kube-source.ts'
import { LiveObjects } from '../watch/live-objects.ts'

const served = [
  'GatewayClass',
  'Gateway',
  'HTTPRoute',
  'ReferenceGrant',
  'Namespace',
  'Service',
  'EndpointSlice',
  'Secret',
  'ConfigMap',
  'GatewayParameters',
]

export const gatewayApi = 'gateway.networking.k8s.io/v1'
export const route = (name: string, spec: object = {}) => ({
  apiVersion: gatewayApi,
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop' },
  spec,
})
export const secret = (name: string, type: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'shop' },
  type,
  data,
})
export const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data: { 'ca.crt': 'pem' },
})

/** A KubeSource on an API server in memory, and everything that it told. For fake timers. */
export class SourceRig {
  readonly api = new FakeApi()
  readonly live = new LiveObjects()
  readonly metrics = createMetrics()
  readonly objects = new Map<string, KubernetesObject>()
  readonly told: string[] = []
  readonly notices = new Map<string, string>()
  readonly noticed: (readonly [subject: string, message: string | undefined])[] = []
  readonly facts: CrdFacts[] = []
  readonly source: KubeSource
  isSynced = false

  constructor(options: Partial<KubeSourceOptions> = {}) {
    this.source = new KubeSource({
      client: this.api,
      kinds: kinds.filter(({ kind }) => served.includes(kind)),
      live: this.live,
      onObject: (object, key) => {
        this.told.push(`set ${key}`)
        this.objects.set(key, object)
      },
      onDelete: ({ kind, namespace, name }) => {
        this.told.push(`delete ${kind}/${namespace}/${name}`)
        this.objects.delete(`${kind}/${namespace}/${name}`)
      },
      onNotice: (subject, message) => {
        this.noticed.push([subject, message])
        if (message === undefined) this.notices.delete(subject)
        else this.notices.set(subject, message)
      },
      onCrds: (facts) => this.facts.push(facts),
      logger: silentLogger(),
      metrics: this.metrics,
      random: () => 0.5,
      ...options,
    })
    void this.source.synced.then(() => {
      this.isSynced = true
    })
  }

  async start(): Promise<this> {
    this.source.start()
    await pass(0)
    return this
  }
}

/** Lets time pass, and everything that is due happen. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let i = 0; i < 50; i++) await Promise.resolve()
}
