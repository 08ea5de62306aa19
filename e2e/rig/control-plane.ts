/** Fairlead itself, as a test ends it and brings it back. */
import { until } from '../../src/testing/envoy-rig.ts'
import { currentCluster } from '../cluster/facts.ts'
import type { Api, Live, Ref } from './api.ts'

const namespace = 'fairlead-system'
const labels = 'app.kubernetes.io/name=fairlead'
const deployment: Ref = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fairlead', namespace } }

const podsOf = (api: Api) => api.list({ apiVersion: 'v1', kind: 'Pod' }, namespace, labels)

/** Kills its pods without a word to them. Others come in their place, unless it was scaled to nothing. */
export async function killControlPlane(api: Api): Promise<void> {
  const pods = await podsOf(api)
  const ref = (name: string): Ref => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } })
  for (const { metadata } of pods) await api.delete(ref(metadata.name), { gracePeriodSeconds: 0 })
}

/** Scales it, without waiting. */
export async function scaleControlPlane(api: Api, replicas: number): Promise<void> {
  await api.patch(deployment, { spec: { replicas } }, 'scale')
}

/** Waits until so many of its pods are ready and there are no others. */
export async function controlPlaneReady(api: Api, replicas = 1): Promise<void> {
  const isReady = (pods: readonly Live[]) => pods.length === replicas && pods.every(isPodReady)
  await until(() => podsOf(api), isReady, { timeoutMs: 60_000, everyMs: 200, what: `${replicas} ready control planes` })
}

function isPodReady({ status, metadata }: Live): boolean {
  const { conditions = [] } = (status ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
  const isTrue = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
  return isTrue && metadata.deletionTimestamp === undefined
}

/** One line of the log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly subject?: string
}

/** What its pods logged since then. */
export async function controlPlaneLog(since: Date): Promise<readonly LogLine[]> {
  const filter = ['-l', labels, '--tail=-1', `--since-time=${since.toISOString()}`]
  const text = await currentCluster().runKubectl(['-n', namespace, 'logs', ...filter])
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
}
