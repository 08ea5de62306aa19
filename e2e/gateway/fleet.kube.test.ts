/** The proxies of a Gateway come and go while requests come, on kept connections and on new ones. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { podsWith, replacePods, scale } from '../rig/deployments.ts'
import { echoApp, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, type EdgeLoad, reaches, startEdgeLoad } from '../rig/traffic.ts'

const namespace = 'fleet'
const host = 'shop.example.com'
const pods = 'gateway.networking.k8s.io/gateway-name=edge'

describe('a fleet', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    const backends = [{ name: 'shop' }]
    const route = routeObject({ namespace, name: 'shop', gateway: { name: 'edge' }, hostname: host, backends })
    await scene.api.apply([gatewayObject(namespace, 'edge'), route])
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
})
