/** The proxies of a Gateway come and go while requests come, on kept connections and on new ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../src/testing/envoy-rig.ts'
import { currentCluster } from '../cluster/facts.ts'
import type { Manifest, Ref } from '../rig/api.ts'
import { podsWith, replacePods, scale } from '../rig/deployments.ts'
import { echoApp, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, type EdgeLoad, reaches, startEdgeLoad } from '../rig/traffic.ts'

const namespace = 'fleet'
const host = 'shop.example.com'
const pods = 'gateway.networking.k8s.io/gateway-name=edge'

const parameters: Manifest = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'GatewayParameters',
  metadata: { name: 'edge', namespace },
  spec: {},
}

describe('a fleet', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    const backends = [{ name: 'shop' }]
    const route = routeObject({ namespace, name: 'shop', gateway: { name: 'edge' }, hostname: host, backends })
    const parametersRef = { group: 'fairlead.dev', kind: 'GatewayParameters', name: 'edge' }
    await scene.api.apply([parameters, gatewayObject(namespace, 'edge', { infrastructure: { parametersRef } }), route])
    await scene.run(echoApp({ namespace, name: 'shop' }))
    edge = { address: await scene.address('edge') }
    await reaches(edge, { host }, 'shop')
  })
  afterAll(() => scene.close())

  const fleet = () => scene.ref('Deployment', 'edge-fairlead', 'apps/v1')

  async function failuresDuring(action: (load: EdgeLoad) => Promise<void>) {
    const load = startEdgeLoad(edge, { host }, 'shop')
    await action(load)
    const { failures } = await load.stop()
    return failures
  }

  test('grows to three and shrinks to one without a failed request', async () => {
    const failures = await failuresDuring(async (load) => {
      await scale(scene, fleet(), pods, 3)
      await load.everywhere('shop')
      await scale(scene, fleet(), pods, 1)
      await load.everywhere('shop')
    })
    expect(failures).toEqual([])
  })

  test('is replaced without a failed request', async () => {
    const old = await podsWith(scene, pods)
    const failures = await failuresDuring(async (load) => {
      await replacePods(scene, fleet(), pods)
      await load.everywhere('shop')
    })
    expect(await podsWith(scene, pods)).not.toEqual(old)
    expect(failures).toEqual([])
  })

  test('becomes one proxy for each node, and a Deployment again, without a failed request (GatewayParameters.workload)', async () => {
    const daemonSet = scene.ref('DaemonSet', 'edge-fairlead', 'apps/v1')
    const failures = await failuresDuring(async (load) => {
      await scene.api.patch(parameters, { spec: { workload: 'DaemonSet' } })
      await ended(fleet())
      // Pods of the Deployment are marked for deletion some moments after it is gone.
      const { length: nodes } = currentCluster().nodes
      const isOnePerNode = (found: readonly unknown[]) => found.length === nodes
      await until(() => podsWith(scene, pods), isOnePerNode, {
        timeoutMs: 60_000,
        everyMs: 200,
        what: 'a proxy per node',
      })
      await load.everywhere('shop')
      await scene.api.patch(parameters, { spec: { workload: 'Deployment' } })
      await ended(daemonSet)
      await scene.rolledOut(fleet())
      await load.everywhere('shop')
    })
    expect(failures).toEqual([])
  })

  /** Waits until a workload and its last pod are gone. */
  async function ended(workload: Ref): Promise<void> {
    const what = `the end of the ${workload.kind}`
    await until(
      () => scene.api.read(workload),
      (object) => object === undefined,
      { timeoutMs: 60_000, everyMs: 200, what },
    )
    const owners = async () => {
      const all = await scene.api.list({ apiVersion: 'v1', kind: 'Pod' }, namespace, pods)
      return all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(({ metadata }) => metadata.name)
    }
    await until(owners, (names) => names.length === 0, { timeoutMs: 60_000, everyMs: 200, what: `${what}'s pods` })
  }
})
