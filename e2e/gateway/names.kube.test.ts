/** Names as long as the API server takes them, of everything that a request needs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testCertificate } from '../../src/testing/certificates.ts'
import type { Manifest } from '../rig/api.ts'
import { controllerName, listenerConditionsOf } from '../rig/conditions.ts'
import { echoApp, gatewayApi, gatewayObject, routeObject, tlsSecret } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { ask, type Edge, outcomeOf, reaches } from '../rig/traffic.ts'

/** A name of exactly so many characters. */
const longName = (start: string, length: number) => `${start}-${'x'.repeat(length - start.length - 2)}9`

const namespace = longName('names', 63)
const service = longName('shop', 63)
const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
/** As a domain name of 253 characters, which a Service may not have. */
const gateway = ['edge', 'of', 'the', longName('shop', 253 - 'edge.of.the.'.length)].join('.')

const gatewayClass: Manifest = {
  apiVersion: gatewayApi,
  kind: 'GatewayClass',
  metadata: { name: longName('class', 253) },
  spec: { controllerName },
}
const everybody = { namespaces: { from: 'All' } }
const certificateRefs = [{ name: longName('certificate', 253) }]
const listeners = [
  { name: longName('http', 253), port: 80, protocol: 'HTTP', allowedRoutes: everybody },
  { name: longName('https', 253), port: 443, protocol: 'HTTPS', allowedRoutes: everybody, tls: { certificateRefs } },
]

describe('names of 253 characters', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    await scene.api.apply([
      gatewayClass,
      // A name for the certificate that is short enough: it has no more than 64 characters for one.
      tlsSecret(namespace, longName('certificate', 253), testCertificate({ dnsNames: ['*.example.com'] })),
      gatewayObject(namespace, gateway, { gatewayClassName: gatewayClass.metadata.name, listeners }),
      routeObject({
        namespace,
        name: longName('route', 253),
        gateway: { name: gateway },
        hostname: host,
        backends: [{ name: service }],
      }),
    ])
    await scene.run(echoApp({ namespace, name: service }))
  })
  afterAll(async () => {
    await scene.api.delete(gatewayClass)
    await scene.close()
  })

  test('of class, Gateway, listeners, route and certificate are served, and its status says so', async () => {
    const edge: Edge = { address: await scene.address(gateway) }
    await reaches(edge, { host }, service)
    const secure = await ask({ ...edge, port: 443, serverName: 'shop.example.com' }, { host })
    expect(outcomeOf(secure)).toBe(service)
    const object = await scene.conditions(scene.ref('Gateway', gateway), { Accepted: 'True Accepted' })
    for (const { name } of listeners) {
      expect(listenerConditionsOf(object, name)).toMatchObject({ Programmed: 'True Programmed' })
    }
  })
})
