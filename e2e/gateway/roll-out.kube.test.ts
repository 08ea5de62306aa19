/** What changes every day behind and in front of a Gateway: pods, routes, certificates. Requests must not notice. */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testCertificate } from '../../src/testing/certificates.ts'
import { until } from '../../src/testing/envoy-rig.ts'
import { replacePods } from '../rig/deployments.ts'
import { echoApp, gatewayObject, routeObject, tlsSecret } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, handshake, reaches, startEdgeLoad } from '../rig/traffic.ts'

const namespace = 'roll-out'
const host = 'shop.example.com'
/** How long the route changes. */
const changingMs = Number(process.env.FAIRLEAD_E2E_CHANGING_SECONDS ?? 60) * 1000

const everybody = { namespaces: { from: 'All' } }
const listeners = [
  { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: everybody },
  {
    name: 'https',
    port: 443,
    protocol: 'HTTPS',
    tls: { certificateRefs: [{ name: 'shop' }] },
    allowedRoutes: everybody,
  },
]
const certificate = () => testCertificate({ dnsNames: [host] })
const route = (...backends: readonly string[]) =>
  routeObject({
    namespace,
    name: 'shop',
    gateway: { name: 'edge' },
    hostname: host,
    backends: backends.map((name) => ({ name })),
  })

describe('under load', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    await scene.api.apply([
      tlsSecret(namespace, 'shop', certificate()),
      gatewayObject(namespace, 'edge', { listeners }),
      route('first'),
    ])
    await scene.run(['first', 'second'].flatMap((name) => echoApp({ namespace, name, replicas: 2 })))
    edge = { address: await scene.address('edge') }
    await reaches(edge, { host }, 'first')
  })
  afterAll(() => scene.close())

  test('all pods of a backend are replaced and no request fails', async () => {
    const load = startEdgeLoad(edge, { host }, 'first')
    await replacePods(scene, scene.ref('Deployment', 'first', 'apps/v1'), 'app=first')
    const { failures, requests } = await load.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(100)
  })

  test('a route that changes every 200 ms fails no request, and its last state is served', async () => {
    const load = startEdgeLoad(edge, { host }, 'first', 'second')
    const end = performance.now() + changingMs
    let changes = 0
    while (performance.now() < end) {
      const began = performance.now()
      await scene.api.apply([route(changes % 2 === 0 ? 'second' : 'first')])
      changes++
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 200 - (performance.now() - began))))
    }
    await scene.api.apply([route('second')])
    await load.everywhere('second')
    load.demand('second')
    await load.everywhere('second')
    const { failures } = await load.stop()
    expect(failures).toEqual([])
    expect(changes).toBeGreaterThan(changingMs / 400)
    await scene.conditions(route('second'), { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' })
  })

  test('a new certificate is shown to new connections, old connections go on, and no request fails', async () => {
    const next = certificate()
    const wanted = new X509Certificate(next.chain).fingerprint256
    const kept = await handshake(edge, host)
    expect(kept.fingerprint).not.toBe(wanted)
    const load = startEdgeLoad({ ...edge, port: 443, serverName: host }, { host }, 'second')
    await scene.api.apply([tlsSecret(namespace, 'shop', next)])
    const shown = async () => {
      const { socket, fingerprint } = await handshake(edge, host)
      socket.destroy()
      return fingerprint
    }
    await until(shown, (fingerprint) => fingerprint === wanted, { everyMs: 100, what: 'the new certificate' })
    await load.everywhere('second')
    const { failures } = await load.stop()
    expect(failures).toEqual([])
    expect(kept.socket.destroyed).toBe(false)
    kept.socket.destroy()
  })
})
