import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'
import { applyPatch, type KubeRequest, mergePatch } from './kube-client.ts'
import { readFailure, type WriteFailure } from './write-failure.ts'

let server: ApiServer
const clients = new Map<string, ConnectedCluster>()
beforeAll(async () => {
  server = await startApiServer()
  await server.installGatewayApi('standard')
  await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: shop}}')
  await server.kubectl(['create', 'serviceaccount', 'fairlead', '-n', 'shop'])
  const token = await server.kubectl(['create', 'token', 'fairlead', '-n', 'shop'])
  const limited = join(dirname(server.kubeconfig), 'limited.json')
  const config = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: server.url, 'certificate-authority-data': Buffer.from(server.ca).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: token.trim() } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
  writeFileSync(limited, config, { mode: 0o600 })
  for (const kubeconfig of [server.kubeconfig, limited]) {
    const connected = await connectCluster({ kubeconfig, logger: silentLogger() })
    if (!connected.ok) throw new Error(connected.error)
    clients.set(kubeconfig === limited ? 'limited' : 'admin', connected.value)
  }
}, 120_000)
afterAll(async () => {
  for (const client of clients.values()) await client.close()
  await server?.stop()
})

async function failureOf(who: 'admin' | 'limited', request: KubeRequest): Promise<WriteFailure> {
  try {
    await clients.get(who)?.send(request)
  } catch (error) {
    return readFailure(error)
  }
  throw new Error(`${request.path} was taken`)
}

const service = (namespace: string, spec: object): KubeRequest => ({
  method: 'PATCH',
  path: `/api/v1/namespaces/${namespace}/services/edge`,
  query: { fieldManager: 'fairlead' },
  contentType: applyPatch,
  body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'edge', namespace }, spec },
})
const ports = [{ port: 80 }]

test('a verb on a status that a role lacks is named', async () => {
  const path = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/r/status'
  expect(await failureOf('limited', { method: 'PATCH', path, contentType: mergePatch, body: {} })).toEqual({
    kind: 'forbidden',
    message: 'ClusterRole fairlead lacks `patch` on httproutes/status of gateway.networking.k8s.io; add the verb',
  })
})

test('a verb on a core kind that a role lacks is named; apply needs create, too', async () => {
  const lacking = (verb: string) => ({
    kind: 'forbidden',
    message: `ClusterRole fairlead lacks \`${verb}\` on services; add the verb`,
  })
  expect(await failureOf('limited', service('shop', { ports }))).toEqual(lacking('patch'))
  await server.kubectl(['create', 'clusterrole', 'patches', '--verb=patch', '--resource=services'])
  await server.kubectl([
    'create',
    'clusterrolebinding',
    'patches',
    '--clusterrole=patches',
    '--serviceaccount=shop:fairlead',
  ])
  await expect.poll(() => failureOf('limited', service('shop', { ports }))).toEqual(lacking('create'))
})

test('a quota is a refusal with its message', async () => {
  await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: small}}')
  await server.apply(
    '{apiVersion: v1, kind: ResourceQuota, metadata: {name: few, namespace: small}, spec: {hard: {services: "0"}}}',
  )
  const used = '{"status": {"hard": {"services": "0"}, "used": {"services": "0"}}}'
  await server.kubectl([
    'patch',
    'resourcequota',
    'few',
    '-n',
    'small',
    '--subresource=status',
    '--type=merge',
    '-p',
    used,
  ])
  expect(await failureOf('admin', service('small', { ports }))).toEqual({
    kind: 'refused',
    message:
      'services "edge" is forbidden: exceeded quota: few, requested: services=1, used: services=0, limited: services=0',
  })
})

test('an invalid object is a refusal that names the field', async () => {
  const failure = await failureOf('admin', service('shop', { ports: [{ port: 0 }] }))
  expect(failure).toEqual({ kind: 'refused', message: expect.stringContaining('spec.ports[0].port: Invalid value: 0') })
})

test('a namespace that is being deleted, and one that is not there, are told apart from the rest', async () => {
  await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: ending}}')
  await server.kubectl(['delete', 'namespace', 'ending', '--wait=false'])
  expect(await failureOf('admin', service('ending', { ports }))).toEqual({ kind: 'terminating' })
  expect(await failureOf('admin', service('nowhere', { ports }))).toEqual({ kind: 'gone' })
})

test('another version and another uid are conflicts', async () => {
  await server.kubectl(['create', 'configmap', 'c', '-n', 'shop'])
  const request: KubeRequest = {
    method: 'PATCH',
    path: '/api/v1/namespaces/shop/configmaps/c',
    contentType: mergePatch,
  }
  const stale = { ...request, body: { metadata: { resourceVersion: '1' } } }
  expect(await failureOf('admin', stale)).toEqual({ kind: 'conflict' })
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', uid: 'other' } }
  const other = { ...request, contentType: applyPatch, query: { fieldManager: 'fairlead', force: 'true' }, body }
  expect(await failureOf('admin', other)).toEqual({ kind: 'conflict' })
  const gone = {
    ...other,
    path: '/api/v1/namespaces/shop/configmaps/d',
    body: { ...body, metadata: { name: 'd', uid: 'u' } },
  }
  expect(await failureOf('admin', gone)).toEqual({ kind: 'conflict' })
})

test('applying without force to an object that somebody else made is a conflict', async () => {
  await server.kubectl(['create', 'service', 'clusterip', 'edge', '--tcp=80', '-n', 'shop'])
  expect(await failureOf('admin', service('shop', { ports, selector: { app: 'ours' } }))).toEqual({ kind: 'conflict' })
})
