/** What the whole control plane writes to a real API server, and how often. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterPlane, startOn } from './cluster-plane.ts'
import type { ControllerConfig } from './controller-config.ts'
import { createLogger, silentLogger } from './lib/logger.ts'
import { type ApiServer, startApiServer } from './testing/api-server.ts'
import { until } from './testing/envoy-rig.ts'
import { connectCluster } from './watch/client.ts'
import { type KubeClient, mergePatch } from './watch/kube-client.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const gateways = `/apis/${apiVersion}/namespaces/shop/gateways`
const httpRoutes = `/apis/${apiVersion}/namespaces/shop/httproutes`
const controllerName = 'fairlead.dev/gateway-controller'
const routeCount = 1000
const newField = 'fromTheFuture'
const newerVersion = 'v1.99.0'

const installed = `
apiVersion: v1
kind: Namespace
metadata: { name: fairlead-system }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: ${apiVersion}
kind: GatewayClass
metadata: { name: fairlead }
spec: { controllerName: ${controllerName} }
---
apiVersion: ${apiVersion}
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { gatewayClassName: fairlead, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`

function config(): ControllerConfig {
  const free = { host: '127.0.0.1', port: 0 }
  return {
    namespace: 'fairlead-system',
    identity: 'fairlead-0',
    xds: free,
    xdsHost: { host: 'fairlead.fairlead-system.svc', port: 18_000 },
    xdsNames: ['fairlead.fairlead-system.svc'],
    probes: free,
    admin: free,
    envoyImage: 'envoy',
    stats: 'listed',
    logLevel: 'silent',
    controllerName,
  }
}

interface WithStatus {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[]
    readonly listeners?: readonly { readonly attachedRoutes: number }[]
    readonly parents?: readonly { readonly conditions: readonly { readonly status: string }[] }[]
  }
}

describe('the control plane of a cluster', () => {
  let server: ApiServer
  let plane: ClusterPlane
  let client: KubeClient
  let log = ''
  /** Paths of what the control plane wrote. */
  const written: string[] = []
  beforeAll(async () => {
    server = await startApiServer()
    await server.installGatewayApi()
    await server.apply(installed)
    client = await connect()
    await installNewerRoutes(client)
    await newerRoutesServed(client)
    const theirs = await connect()
    const recording: KubeClient = {
      send: (request) => {
        if (request.method !== 'GET') written.push(request.path)
        return theirs.send(request)
      },
      open: (request) => theirs.open(request),
      close: () => theirs.close(),
    }
    const logger = createLogger({ level: 'info', format: 'json', sink: { write: (line) => (log += line) } })
    const started = await startOn(recording, config(), logger)
    if (!started.ok) throw new Error(started.error)
    plane = started.value
    await until(attachedRoutes, (count) => count === 0, { timeoutMs: 60_000, what: 'the first status' })
  }, 120_000)
  afterAll(async () => {
    await plane?.stop()
    await client?.close()
    await server?.stop()
  })

  async function connect(): Promise<KubeClient> {
    const connected = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger() })
    if (!connected.ok) throw new Error(connected.error)
    return connected.value
  }
  const read = async (path: string) => (await client.send({ method: 'GET', path })) as WithStatus
  const attachedRoutes = async () => (await read(`${gateways}/edge`)).status?.listeners?.[0]?.attachedRoutes
  const createRoute = (name: string, rule: object = {}) => {
    const spec = { parentRefs: [{ name: 'edge' }], hostnames: [`${name}.example.com`], rules: [rule] }
    const body = { apiVersion, kind: 'HTTPRoute', metadata: { name }, spec }
    return client.send({ method: 'POST', path: httpRoutes, body })
  }
  const conditions = async (name: string) =>
    (await read(`${httpRoutes}/${name}`)).status?.parents?.[0]?.conditions.map(({ status }) => status)

  test('a field that the CRDs have and we do not know is named and ignored; the class names their version', async () => {
    const spec = { parentRefs: [{ name: 'edge' }], [newField]: 'yes', rules: [{}] }
    const body = { apiVersion, kind: 'HTTPRoute', metadata: { name: 'future' }, spec }
    const stored = (await client.send({ method: 'POST', path: httpRoutes, body })) as { readonly spec: object }
    expect(stored.spec).toHaveProperty(newField)
    await until(
      () => conditions('future'),
      (all) => all?.join() === 'True,True',
      { what: 'conditions of the route' },
    )
    expect(log).toContain(`not known to this version and ignored: spec.${newField}`)
    const { status } = await read(`/apis/${apiVersion}/gatewayclasses/fairlead`)
    const supported = status?.conditions?.find(({ type }) => type === 'SupportedVersion')
    expect(supported).toMatchObject({ status: 'False', message: expect.stringContaining(newerVersion) })
    await client.send({ method: 'DELETE', path: `${httpRoutes}/future` })
    await until(attachedRoutes, (count) => count === 0, { what: 'the end of the route' })
  })

  test('a thousand routes attached at once are written once each, and the Gateway five times at most', async () => {
    const names = Array.from({ length: routeCount }, (_, index) => `route-${index}`)
    written.length = 0
    const creators = Array.from({ length: 8 }, async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) await createRoute(name)
    })
    await Promise.all(creators)
    await until(attachedRoutes, (count) => count === routeCount, {
      timeoutMs: 60_000,
      everyMs: 100,
      what: 'all routes',
    })
    const routeWrites = () => written.filter((path) => path.startsWith(httpRoutes)).length
    await until(routeWrites, (count) => count >= routeCount, {
      timeoutMs: 60_000,
      everyMs: 100,
      what: 'their statuses',
    })
    expect(written.filter((path) => path.startsWith(gateways)).length).toBeLessThanOrEqual(5)
    expect(routeWrites()).toBe(routeCount)
    expect(await conditions('route-7')).toEqual(['True', 'True'])
  })
})

interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly schema: {
        readonly openAPIV3Schema: { readonly properties: { readonly spec: { properties: Record<string, object> } } }
      }
    }[]
  }
}

/** Makes the definition of HTTPRoute one of a later release, which has a field more. */
async function installNewerRoutes(client: KubeClient): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io'
  const { spec } = (await client.send({ method: 'GET', path })) as Definition
  for (const { schema } of spec.versions)
    schema.openAPIV3Schema.properties.spec.properties[newField] = { type: 'string' }
  const annotations = { 'gateway.networking.k8s.io/bundle-version': newerVersion }
  const body = { metadata: { annotations }, spec: { versions: spec.versions } }
  await client.send({ method: 'PATCH', path, contentType: mergePatch, body })
}

/** Waits until objects keep the new field: definitions are taken up some time after they were accepted. */
async function newerRoutesServed(client: KubeClient): Promise<void> {
  const spec = { [newField]: 'yes', rules: [{}] }
  const body = { apiVersion, kind: 'HTTPRoute', metadata: { name: 'probe' }, spec }
  const query = { dryRun: 'All' }
  const probe = async () => JSON.stringify(await client.send({ method: 'POST', path: httpRoutes, query, body }))
  await until(probe, (text) => text.includes(`"${newField}":"yes"`), { everyMs: 50, what: 'the newer definition' })
}
