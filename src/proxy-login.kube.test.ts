/** The login of proxies on a real API server, by a control plane that has no more rights than an installation gives it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from './lib/logger.ts'
import { createMetrics } from './lib/metrics.ts'
import { proxyLogin } from './proxy-login.ts'
import { type ApiServer, startApiServer } from './testing/api-server.ts'
import { testInfra } from './testing/fleet-golden.ts'
import { edsCluster, TestStore } from './testing/xds-resources.ts'
import { XdsRig } from './testing/xds-rig.ts'
import { type ConnectedCluster, connectCluster } from './watch/client.ts'
import { TokenReviewer } from './watch/token-review.ts'
import { FakeEnvoy } from './xds/fake-envoy.ts'
import { XdsIdentity, type XdsTrust } from './xds-identity.ts'

const serverName = 'fairlead.fairlead-system.svc'
const infra = testInfra() // infra/edge: its service account is edge-fairlead.

let server: ApiServer
let client: ConnectedCluster
let identity: XdsIdentity
let trust: XdsTrust
beforeAll(async () => {
  server = await startApiServer()
  await server.installGatewayApi('standard')
  await server.apply(readFileSync(join(import.meta.dirname, '..', 'deploy', 'fairlead.yaml'), 'utf8'))
  await server.apply(['edge-fairlead', 'web-fairlead'].map(proxyObjects).join('---\n'))
  client = await connectAs(await server.kubectl(['create', 'token', 'fairlead', '-n', 'fairlead-system']))
  const namespace = 'fairlead-system'
  const onTrust = (told: XdsTrust) => {
    trust = told
  }
  identity = new XdsIdentity({ client, namespace, dnsNames: [serverName], onTrust, logger: silentLogger() })
  identity.start()
  await identity.ready
}, 120_000)
afterAll(async () => {
  identity?.stop()
  await client?.close()
  await server?.stop()
})

let rig: XdsRig
let port = 0
beforeEach(async () => {
  rig = new XdsRig()
  const stock = new TestStore('infra/edge')
  stock.put([edsCluster('a')])
  const reviewer = new TokenReviewer({ client, audience: 'fairlead', logger: silentLogger() })
  const infraOf = (gateway: string) => (gateway === 'infra/edge' ? infra : undefined)
  const authenticate = proxyLogin({ reviewer, infraOf, metrics: createMetrics() })
  port = (await rig.serve(stock, { credentials: identity.credentials, authenticate })).port
})
afterEach(() => rig.dispose())

/** A service account, and a pod of it that no node runs. */
function proxyObjects(name: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: {name: infra}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: ${name}, namespace: infra}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}-0, namespace: infra}
spec: {serviceAccountName: ${name}, containers: [{name: envoy, image: envoy}]}
`
}

/** A client that has this token and nothing else. */
async function connectAs(token: string): Promise<ConnectedCluster> {
  const kubeconfig = `${server.kubeconfig}.controller`
  writeFileSync(kubeconfig, readFileSync(server.kubeconfig, 'utf8').replaceAll(server.token, token.trim()))
  const connected = await connectCluster({ kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  return connected.value
}

async function tokenOf(name: string, audience = 'fairlead'): Promise<string> {
  const uid = await server.kubectl(['get', 'pod', `${name}-0`, '-n', 'infra', '-o', 'jsonpath={.metadata.uid}'])
  const bound = ['--bound-object-kind=Pod', `--bound-object-name=${name}-0`, `--bound-object-uid=${uid}`]
  return (await server.kubectl(['create', 'token', name, '-n', 'infra', `--audience=${audience}`, ...bound])).trim()
}

function connect(token: string, nodeId = 'infra/edge-fairlead-0'): FakeEnvoy {
  const tls = { caPem: trust.caPem, serverName }
  const proxy = new FakeEnvoy({ port, gateway: 'infra/edge', nodeId, token, tls })
  rig.onDispose(() => proxy.close())
  proxy.request('cluster')
  return proxy
}

describe('a proxy of a cluster', () => {
  test('is served with the token that its pod has for us', async () => {
    expect((await connect(await tokenOf('edge-fairlead')).next('cluster')).resources).toMatchObject([{ name: 'a' }])
  })

  test('cannot be another pod', async () => {
    const ended = await connect(await tokenOf('edge-fairlead'), 'infra/other').ended
    expect(ended).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  test('of another Gateway is told nothing', async () => {
    const ended = await connect(await tokenOf('web-fairlead'), 'infra/web-fairlead-0').ended
    expect(ended).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  test('is refused with a token for the API server, with a forged one, and without its pod', async () => {
    const elsewhere = await tokenOf('edge-fairlead', 'https://kubernetes.default.svc.cluster.local')
    const good = await tokenOf('edge-fairlead')
    const forged = good.replace(/\.[^.]+$/, `.${Buffer.from('forged').toString('base64url')}`)
    const late = await tokenOf('web-fairlead')
    await server.kubectl(['delete', 'pod', 'web-fairlead-0', '-n', 'infra', '--grace-period=0', '--force'])
    for (const token of [elsewhere, forged, late]) {
      expect(await connect(token).ended).toMatchObject({ code: status.UNAUTHENTICATED })
    }
    await connect(good).next('cluster')
  })

  test('knows the control plane by a Secret that no Gateway can serve', async () => {
    const secret = await server.kubectl(['get', 'secret', 'fairlead-xds', '-n', 'fairlead-system', '-o', 'json'])
    expect(JSON.parse(secret)).toMatchObject({ type: 'fairlead.dev/xds', data: { 'ca.crt': btoa(trust.caPem) } })
  })
})
