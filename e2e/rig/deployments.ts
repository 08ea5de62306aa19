import { until } from '../../src/testing/envoy-rig.ts'
import type { Ref } from './api.ts'
import type { Scene } from './scene.ts'

/** Names of the pods with these labels, those that are ending too. */
export async function podsWith(scene: Scene, labels: string): Promise<readonly string[]> {
  const pods = await scene.api.list({ apiVersion: 'v1', kind: 'Pod' }, scene.namespace, labels)
  return pods.map(({ metadata }) => metadata.name)
}

/** As `kubectl rollout restart`; returns when every pod is a new one, and the last old one has ended. */
export async function replacePods(scene: Scene, deployment: Ref, labels: string): Promise<void> {
  const old = new Set(await podsWith(scene, labels))
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
  await scene.api.patch(deployment, { spec: { template: { metadata: { annotations } } } })
  await scene.rolledOut(deployment, 120_000)
  const left = async () => (await podsWith(scene, labels)).filter((pod) => old.has(pod))
  const what = `the end of the old pods of ${deployment.metadata.name}`
  await until(left, (pods) => pods.length === 0, { timeoutMs: 60_000, everyMs: 200, what })
}

/** As `kubectl scale`; returns when there are that many pods and none is ending. */
export async function scale(scene: Scene, deployment: Ref, labels: string, replicas: number): Promise<void> {
  await scene.api.patch(deployment, { spec: { replicas } }, 'scale')
  await scene.rolledOut(deployment)
  const what = `${replicas} pods of ${deployment.metadata.name}`
  await until(
    () => podsWith(scene, labels),
    (pods) => pods.length === replicas,
    { timeoutMs: 60_000, everyMs: 200, what },
  )
}
