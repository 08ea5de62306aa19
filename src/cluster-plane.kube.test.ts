/** The control plane of a cluster from end to end, with a real API server and a real Envoy; only the kubelet is missing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClusterPlane, startClusterPlane } from './cluster-plane.ts'
import type { ControllerConfig } from './controller-config.ts'
import { fleetPaths } from './infra/fleet-files.ts'
import { LocalEnvoy } from './infra/local-envoy.ts'
import { silentLogger } from './lib/logger.ts'
import { type ApiServer, startApiServer } from './testing/api-server.ts'
import { envoyBinary } from './testing/envoy-binary.ts'
import { freePort, get, until } from './testing/envoy-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-plane-'))
let server: ApiServer
let plane: ClusterPlane
let port = 0
let adminPort = 0
beforeAll(async () => {
  server = await startApiServer()
  await server.installGatewayApi()
  await server.apply(readFileSync(join(import.meta.dirname, '..', 'deploy', 'fairlead.yaml'), 'utf8'))
  port = await freePort()
  await server.apply(gatewayAndRoute())
  const started = await startClusterPlane(await config(), silentLogger())
  if (!started.ok) throw new Error(started.error)
  plane = started.value
}, 120_000)
afterAll(async () => {
  await plane?.stop()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function gatewayAndRoute(): string {
  const gateway = 'apiVersion: gateway.networking.k8s.io/v1'
  return `
apiVersion: v1
kind: Namespace
metadata: {name: infra}
---
${gateway}
kind: Gateway
metadata: {name: edge, namespace: infra}
spec: {gatewayClassName: fairlead, listeners: [{name: http, port: ${port}, protocol: HTTP}]}
---
${gateway}
kind: HTTPRoute
metadata: {name: away, namespace: infra}
spec:
  parentRefs: [{name: edge}]
  rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: away.test}}]}]
`
}

/** As the service account of the installation, which has no rights but those of deploy/fairlead.yaml. */
async function config(): Promise<ControllerConfig> {
  const token = (await server.kubectl(['create', 'token', 'fairlead', '-n', 'fairlead-system'])).trim()
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, readFileSync(server.kubeconfig, 'utf8').replaceAll(server.token, token))
  const [xds, probes, admin] = [await freePort(), await freePort(), await freePort()]
  adminPort = admin
  const host = '127.0.0.1'
  return {
    kubeconfig,
    namespace: 'fairlead-system',
    identity: 'fairlead-0',
    xds: { host, port: xds },
    xdsHost: { host, port: xds },
    xdsNames: ['fairlead.fairlead-system.svc'],
    probes: { host, port: probes },
    admin: { host, port: admin },
    envoyImage: 'envoy',
    stats: 'listed',
    logLevel: 'info',
    controllerName: 'fairlead.dev/gateway-controller',
  }
}

/** What the kubelet would do: files of the ConfigMap, the token of the service account, and Envoy. */
async function startPod(name: string): Promise<LocalEnvoy> {
  const read = ['get', 'configmap', name, '-n', 'infra', '--ignore-not-found', '-o', 'json']
  const text = await until(
    () => server.kubectl(read),
    (answer) => answer !== '',
    { what: `ConfigMap ${name}` },
  )
  const { data } = JSON.parse(text) as { readonly data: Readonly<Record<string, string>> }
  const [adminPort, healthPort] = [await freePort(), await freePort()]
  const here = (content = '') =>
    content
      .replaceAll(fleetPaths.config, folder)
      .replaceAll(fleetPaths.tokenFolder, folder)
      .replaceAll('"port_value": 19001', `"port_value": ${adminPort}`)
      .replaceAll('"port_value": 19003', `"port_value": ${healthPort}`)
  for (const [file, content] of Object.entries(data)) writeFileSync(join(folder, file), here(content))
  const token = await server.kubectl(['create', 'token', name, '-n', 'infra', '--audience=fairlead'])
  writeFileSync(join(folder, 'token'), token.trim())
  const { node, ...bootstrap } = JSON.parse(here(data['bootstrap.json']))
  const envoy = new LocalEnvoy({
    binary: envoyBinary(),
    bootstrap: { ...bootstrap, node: { ...node, id: 'infra/edge-0' } },
    folder: join(folder, 'envoy'),
    concurrency: 1,
    logger: silentLogger(),
  })
  envoy.start()
  return envoy
}

describe('the control plane of a cluster', () => {
  test('has the right to the lease by which one of several writes', async () => {
    const holder = ['get', 'lease', 'fairlead', '-n', 'fairlead-system', '-o', 'jsonpath={.spec.holderIdentity}']
    await until(
      () => server.kubectl([...holder, '--ignore-not-found']),
      (identity) => identity === 'fairlead-0',
      { what: 'the lease' },
    )
    const { renewTime } = JSON.parse(await server.kubectl([...holder.slice(0, -1), 'jsonpath={.spec}']))
    await until(
      async () => JSON.parse(await server.kubectl([...holder.slice(0, -1), 'jsonpath={.spec}'])),
      (spec) => spec.renewTime !== renewTime,
      { what: 'its renewal' },
    )
  })

  test('makes a fleet whose proxy logs in with its token, over TLS, and serves', async () => {
    const envoy = await startPod('edge-fairlead')
    try {
      const { headers } = await until(
        () => get(port, 'any.test'),
        ({ status }) => status === 302,
        { what: 'the redirect' },
      )
      expect(headers.location).toContain('//away.test')
      const uid = await server.kubectl(['get', 'gateway', 'edge', '-n', 'infra', '-o', 'jsonpath={.metadata.uid}'])
      const proxies = await fetch(`http://127.0.0.1:${adminPort}/debug/proxies`)
      expect(await proxies.json()).toMatchObject({ proxies: [{ node: { gateway: 'infra/edge', ownerUid: uid } }] })
    } finally {
      await envoy.stop()
    }
  })
})
