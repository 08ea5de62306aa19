/** examples/kubernetes/production.yaml as a whole: parameters, fleet, redirect, certificate, canary, headers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fleetName } from '../../src/ir/names.ts'
import { testCertificate } from '../../src/testing/certificates.ts'
import { configDump } from '../rig/admin.ts'
import type { Manifest, Ref } from '../rig/api.ts'
import { messageOf } from '../rig/conditions.ts'
import { podsWith } from '../rig/deployments.ts'
import { echoApp, gatewayApi, tlsSecret } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { ask, type Edge, echoOf, reaches, shares, tolerance } from '../rig/traffic.ts'

const example = readFileSync(join(import.meta.dirname, '../../examples/kubernetes/production.yaml'), 'utf8')
const host = 'app.example.com'
const fleetPods = 'gateway.networking.k8s.io/gateway-name=production'
const gatewayClass: Ref = { apiVersion: gatewayApi, kind: 'GatewayClass', metadata: { name: 'fairlead-production' } }

describe('the Gateway for production', () => {
  let edge: Scene
  let app: Scene
  let http: Edge
  let https: Edge
  beforeAll(async () => {
    edge = await Scene.open('edge')
    app = await Scene.open('app')
    await edge.api.apply([tlsSecret('edge', 'app-example-com', testCertificate({ dnsNames: [host] }))])
    await edge.api.apply(example)
    await app.run(['api-v1', 'api-v2'].flatMap((name) => echoApp({ namespace: 'app', name })))
    const address = await edge.address('production')
    http = { address }
    https = { address, port: 443, serverName: host }
    await reaches(https, { host, path: '/api' }, 'api-v1')
  })
  afterAll(async () => {
    await edge.api.delete(gatewayClass)
    await Promise.all([edge.close(), app.close()])
  })

  const fleet = () => edge.ref('Deployment', fleetName('production', 'fairlead-production'), 'apps/v1')

  test('every object says in its status that all is well', async () => {
    const isSo = { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' }
    await edge.conditions(gatewayClass, { Accepted: 'True Accepted' })
    await edge.conditions(edge.ref('Gateway', 'production'), {
      Accepted: 'True Accepted',
      Programmed: 'True Programmed',
    })
    await edge.conditions(edge.ref('HTTPRoute', 'to-https'), isSo)
    await app.conditions(app.ref('HTTPRoute', 'app'), isSo)
  })

  test('two proxies run, and a budget keeps one of them (GatewayParameters.replicas)', async () => {
    await edge.rolledOut(fleet())
    expect(await podsWith(edge, fleetPods)).toHaveLength(2)
    const budgets = await edge.api.list({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }, 'edge')
    expect(budgets).toMatchObject([{ spec: { maxUnavailable: 1 } }])
  })

  test('what the ConfigMap says arrives in Envoy (GatewayClass.parametersRef)', async () => {
    const deployment = await edge.api.read(fleet())
    expect(JSON.stringify(deployment?.spec)).toContain('"--concurrency","4"')
    const [pod = ''] = await podsWith(edge, fleetPods)
    const dump = await configDump('edge', pod, 'dynamic_active_clusters')
    const clusters = dump.map(
      ({ cluster }) => cluster as { readonly name: string; readonly outlier_detection?: unknown },
    )
    const backends = clusters.filter(({ outlier_detection }) => outlier_detection !== undefined)
    expect(backends.length).toBeGreaterThanOrEqual(2)
    for (const backend of backends) {
      expect(backend).toMatchObject({
        circuit_breakers: { thresholds: [expect.objectContaining({ max_connections: 10_000 })] },
        outlier_detection: { consecutive_5xx: 5, interval: '30s', base_ejection_time: '30s' },
      })
      expect(JSON.stringify(backend)).toContain('"max_requests_per_connection":1000')
    }
  })

  test('plain HTTP is led to HTTPS', async () => {
    const answer = await ask(http, { host, path: '/api?x=1' })
    expect(answer.status).toBe(301)
    expect(answer.headers.get('location')).toBe(`https://${host}/api?x=1`)
  })

  test('the rule with a header comes before the one without, though both have the path', async () => {
    const canary = echoOf(await ask(https, { host, path: '/api/v2/users', headers: { 'x-canary': 'true' } }))
    expect(canary).toMatchObject({ service: 'api-v2', path: '/api/v2/users' })
    expect(canary.headers['X-Route-Tag']).toEqual(['canary-v2'])
    const health = echoOf(await ask(https, { host, path: '/alive', headers: { 'x-health-check': 'forged' } }))
    expect(health.headers['X-Health-Check']).toEqual(['true'])
    expect((await ask(https, { host, path: '/' })).status).toBe(404)
  })

  test('one of five requests goes to the canary', async () => {
    const measured = await shares(https, { host, path: '/api/v2' }, 1000)
    expect(Math.abs((measured.get('api-v2') ?? 0) - 0.2)).toBeLessThanOrEqual(tolerance(0.2, 1000))
  })

  test('a bad key of the ConfigMap is named in the status of the class, and what serves goes on', async () => {
    const keys = (data: Readonly<Record<string, string | null>>) =>
      edge.api.patch(edge.ref('ConfigMap', 'production', 'v1'), { data })
    const nested = 'connectionPool:\n  http:\n    maxRequestsPerConnection: 1000\n'
    await keys({ 'proxy-config': nested, concurrency: 'many' })
    const refused = await edge.conditions(gatewayClass, { Accepted: 'False InvalidParameters' })
    expect(messageOf(refused, 'Accepted')).toContain('key "concurrency": "many" is not a whole number')
    expect(messageOf(refused, 'Accepted')).toContain('key "proxy-config" is not known')
    await reaches(https, { host, path: '/api' }, 'api-v1')
    await keys({ 'proxy-config': null, concurrency: '4' })
    await edge.conditions(gatewayClass, { Accepted: 'True Accepted' })
    await edge.conditions(edge.ref('Gateway', 'production'), {
      Accepted: 'True Accepted',
      Programmed: 'True Programmed',
    })
  })
})

describe('an address that a Gateway asks for (Gateway.addresses)', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await Scene.open('addresses')
  })
  afterAll(() => scene.close())

  const asking = (name: string, value: string): Manifest => ({
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name, namespace: 'addresses' },
    spec: {
      gatewayClassName: 'fairlead',
      addresses: [{ type: 'IPAddress', value }],
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    },
  })

  test('is its own where the load balancer grants it, and named as not usable where it does not', async () => {
    await scene.api.apply([asking('granted', '10.89.1.77'), asking('refused', '10.0.1.100')])
    expect(await scene.address('granted')).toBe('10.89.1.77')
    expect((await ask({ address: '10.89.1.77' }, { host: 'nobody.example.com' })).status).toBe(404)
    const refused = await scene.conditions(scene.ref('Gateway', 'refused'), { Programmed: 'False AddressNotUsable' })
    expect(messageOf(refused, 'Programmed')).toContain('10.0.1.100')
  })
})
