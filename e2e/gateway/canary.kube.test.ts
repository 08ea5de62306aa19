/** A new version takes over by changes of weights alone (HTTPRouteRule.backendRefs, "weight"), while requests come. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../src/testing/envoy-rig.ts'
import { echoApp, gatewayObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, reaches, shares, startEdgeLoad, tolerance } from '../rig/traffic.ts'

const namespace = 'canary'
const host = 'orders.example.com'
const requests = 2000

const route = (stable: number, canary: number) =>
  routeObject({
    namespace,
    name: 'orders',
    gateway: { name: 'edge' },
    hostname: host,
    backends: [
      { name: 'stable', weight: stable },
      { name: 'canary', weight: canary },
    ],
  })

describe('a canary', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    await scene.api.apply([gatewayObject(namespace, 'edge'), route(100, 0)])
    await scene.run(['stable', 'canary'].flatMap((name) => echoApp({ namespace, name })))
    edge = { address: await scene.address('edge') }
    await reaches(edge, { host }, 'stable')
  })
  afterAll(() => scene.close())

  /** One field changes, as an author would change it. */
  async function shift(stable: number, canary: number): Promise<void> {
    await scene.api.apply([route(stable, canary)])
    await scene.conditions(route(stable, canary), { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' })
  }

  test.each([
    [90, 10],
    [50, 50],
    [80, 30],
    [0, 100],
    [100, 0],
  ])('gets its share of %i to %i without a failed request', async (stable, canary) => {
    const expected = canary / (stable + canary)
    const isRight = (share: number) => Math.abs(share - expected) <= tolerance(expected, requests)
    const load = startEdgeLoad(edge, { host }, 'stable', 'canary')
    await shift(stable, canary)
    // The status may be ahead of the proxy by some requests: then the next measurement counts.
    const measure = async () => (await shares(edge, { host }, requests)).get('canary') ?? 0
    await until(measure, isRight, { timeoutMs: 5000, what: `a share of ${expected}` })
    const { failures } = await load.stop()
    expect(failures).toEqual([])
  })
})
