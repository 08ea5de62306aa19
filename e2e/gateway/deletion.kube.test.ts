/** A Gateway is deleted while backends still work on what it was asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../src/testing/envoy-rig.ts'
import { HttpConnection } from '../../src/testing/http-connection.ts'
import { podsWith } from '../rig/deployments.ts'
import { echoApp, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, outcomeOf, reaches } from '../rig/traffic.ts'

const namespace = 'deletion'
const host = 'shop.example.com'

describe('a Gateway that is deleted', () => {
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

  test('answers what it was asked before, and then its proxies end', async () => {
    const connections = ['0s', '2s', '8s'].map((delay) => ({
      delay,
      connection: new HttpConnection({ ...edge, port: 80, timeoutMs: 60_000 }),
    }))
    const answers = connections.map(({ delay, connection }) => connection.get({ host, path: `/?delay=${delay}` }))
    // Its proxy and its backend have the others, too.
    await answers[0]
    await scene.api.delete(scene.ref('Gateway', 'edge'))
    expect((await Promise.all(answers)).map(outcomeOf)).toEqual(['shop', 'shop', 'shop'])
    for (const { connection } of connections) connection.close()
    const proxies = () => podsWith(scene, 'gateway.networking.k8s.io/gateway-name=edge')
    await until(proxies, (pods) => pods.length === 0, {
      timeoutMs: 60_000,
      everyMs: 200,
      what: 'the end of the proxies',
    })
  })
})
