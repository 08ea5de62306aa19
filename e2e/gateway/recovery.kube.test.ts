/** What is deleted, killed or crashes comes back, and whoever is served meanwhile does not notice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../src/testing/envoy-rig.ts'
import { crashApiServer } from '../cluster/bare/crash.ts'
import { bareProvider } from '../cluster/bare/provider.ts'
import { startApiServer } from '../cluster/bare/up.ts'
import { currentCluster } from '../cluster/facts.ts'
import { conditionsOf, listenerConditionsOf, statusOf } from '../rig/conditions.ts'
import { controlPlaneReady, killControlPlane, scaleControlPlane } from '../rig/control-plane.ts'
import { echoApp, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, reaches, startEdgeLoad } from '../rig/traffic.ts'

const namespace = 'recovery'
const host = 'shop.example.com'
const request = { host }
const labels = 'gateway.networking.k8s.io/gateway-name=edge'
const { bareId } = currentCluster()

const fleetKinds = [
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'v1', kind: 'Pod' },
]

const route = (backend: string) =>
  routeObject({
    namespace,
    name: 'shop',
    gateway: { name: 'edge' },
    hostname: host,
    backends: [{ name: backend }],
  })

describe('after it is gone and back', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    await scene.api.apply([gatewayObject(namespace, 'edge'), route('first')])
    await scene.run(['first', 'second'].flatMap((name) => echoApp({ namespace, name })))
    edge = { address: await scene.address('edge') }
    await reaches(edge, request, 'first')
  })
  afterAll(async () => {
    await scaleControlPlane(scene.api, 1)
    await controlPlaneReady(scene.api)
    await scene.close()
  })

  const isAccepted = (backend: string) =>
    scene.conditions(route(backend), { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' })

  test('a control plane that was killed serves what was changed meanwhile, and no request fails', async () => {
    await scene.api.apply([route('first')])
    await reaches(edge, request, 'first')
    const load = startEdgeLoad(edge, request, 'first')
    await scaleControlPlane(scene.api, 0)
    await killControlPlane(scene.api)
    await controlPlaneReady(scene.api, 0)
    await scene.api.apply([route('second')])
    await load.everywhere('first')
    load.allow('second')
    await scaleControlPlane(scene.api, 1)
    await load.everywhere('second')
    load.demand('second')
    await isAccepted('second')
    const gateway = await scene.api.read(scene.ref('Gateway', 'edge'))
    expect(conditionsOf(gateway)).toMatchObject({ Programmed: 'True Programmed' })
    await load.everywhere('second')
    const { failures } = await load.stop()
    expect(failures).toEqual([])
  })

  test.runIf(bareId)('an API server that crashed: changes are served again, and no request fails', async () => {
    const cluster = await bareProvider.find(bareId ?? '')
    if (cluster === undefined) throw new Error(`there is no cluster ${bareId}`)
    await scene.api.apply([route('first')])
    await reaches(edge, request, 'first')
    const load = startEdgeLoad(edge, request, 'first')
    await crashApiServer(cluster)
    await load.everywhere('first').finally(() => startApiServer(cluster))
    const applied = () =>
      scene.api.apply([route('second')]).then(
        () => true,
        () => false,
      )
    load.allow('second')
    await until(applied, (isDone) => isDone, { timeoutMs: 60_000, everyMs: 200, what: 'the API server' })
    await load.everywhere('second')
    load.demand('second')
    await isAccepted('second')
    await load.everywhere('second')
    const { failures } = await load.stop()
    expect(failures).toEqual([])
  })

  test('a Gateway that is deleted leaves nothing, and works when it is made again', async () => {
    await scene.api.delete(scene.ref('Gateway', 'edge'))
    const left = async () => {
      const lists = await Promise.all(fleetKinds.map((kind) => scene.api.list(kind, namespace, labels)))
      return lists.flat().map(({ metadata }) => metadata.name)
    }
    await until(left, (names) => names.length === 0, { timeoutMs: 60_000, everyMs: 200, what: 'the end of the fleet' })
    // Nobody speaks for the route any more.
    const parents = async () => statusOf(await scene.api.read(route('second'))).parents ?? []
    await until(parents, (entries) => entries.length === 0, { everyMs: 100, what: 'a route without parents' })

    await scene.api.apply([gatewayObject(namespace, 'edge')])
    const again = { address: await scene.address('edge') }
    await scene.api.apply([route('second')])
    await reaches(again, request, 'second')
    await isAccepted('second')
    const gateway = await scene.api.read(scene.ref('Gateway', 'edge'))
    expect(conditionsOf(gateway)).toMatchObject({ Accepted: 'True Accepted', Programmed: 'True Programmed' })
    expect(listenerConditionsOf(gateway, 'http')).toMatchObject({
      Accepted: 'True Accepted',
      Programmed: 'True Programmed',
      ResolvedRefs: 'True ResolvedRefs',
    })
    await expect
      .poll(async () => statusOf(await scene.api.read(scene.ref('Gateway', 'edge'))).listeners)
      .toMatchObject([{ name: 'http', attachedRoutes: 1 }])
  })
})
