/** The proxies of a Gateway come and go while requests come, on kept connections and on new ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../src/testing/envoy-rig.ts'
import { currentCluster } from '../cluster/facts.ts'
import type { Manifest, Ref } from '../rig/api.ts'
import { podsWith, replacePods, scale } from '../rig/deployments.ts'
import { statusOf } from '../rig/conditions.ts'
import { echoApp, gatewayApi, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, type EdgeLoad, outcomeAt, reaches, startEdgeLoad } from '../rig/traffic.ts'

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

  test('keeps its address and its proxies until those of another class serve, when the Gateway changes its class', async () => {
    const second: Manifest = {
      apiVersion: gatewayApi,
      kind: 'GatewayClass',
      metadata: { name: 'fleet-second' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    }
    await scene.api.apply([second])
    const gateway = scene.ref('Gateway', 'edge')
    const failures = await failuresDuring(async (load) => {
      await scene.api.patch(gateway, { spec: { gatewayClassName: 'fleet-second' } })
      const what = 'another address in status'
      const current = async () => statusOf(await scene.api.read(gateway)).addresses?.[0]?.value ?? edge.address
      const next = await until(current, (address) => address !== edge.address, {
        timeoutMs: 90_000,
        everyMs: 200,
        what,
      })
      // Whoever looks the address up now gets the new one; those who did so before are still served.
      await reaches({ address: next }, { host }, 'shop', 60_000)
      await load.everywhere('shop')
    })
    expect(failures).toEqual([])
    await until(
      () => scene.api.read(fleet()),
      (object) => object === undefined,
      { timeoutMs: 90_000, everyMs: 500, what: 'the end of the fleet of the first class' },
    )
    edge = { address: await scene.address('edge') }
    expect(await outcomeAt(edge, { host })).toBe('shop')
    await scene.api.patch(gateway, { spec: { gatewayClassName: 'fairlead' } })
    await scene.rolledOut(fleet())
    await scene.api.delete(second)
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
