import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CrdFacts } from '../api/crd-facts.ts'
import { kinds, type KubernetesObject } from '../api/kinds.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'
import type { KubeClient } from './kube-client.ts'
import { KubeSource } from './kube-source.ts'
import { LiveObjects } from './live-objects.ts'

const served = ['GatewayClass', 'Gateway', 'HTTPRoute', 'ReferenceGrant', 'Namespace', 'Service', 'EndpointSlice']
const route = (name: string, hostname = 'a.com') => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: default }
spec: { hostnames: [${hostname}] }
---
`

let server: ApiServer
let client: ConnectedCluster
beforeAll(async () => {
  server = await startApiServer()
  client = await connect(server.kubeconfig)
}, 120_000)
afterAll(async () => {
  await client?.close()
  await server?.stop()
})

async function connect(kubeconfig: string): Promise<ConnectedCluster> {
  const connected = await connectCluster({ kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  return connected.value
}

class Rig {
  readonly objects = new Map<string, KubernetesObject>()
  readonly told: string[] = []
  readonly notices = new Map<string, string>()
  readonly live = new LiveObjects()
  facts: CrdFacts | undefined
  isSynced = false
  readonly source: KubeSource

  constructor(over: KubeClient, names: readonly string[]) {
    this.source = new KubeSource({
      client: over,
      kinds: kinds.filter(({ kind }) => names.includes(kind)),
      live: this.live,
      onObject: (object, key) => {
        this.told.push(`set ${key}`)
        this.objects.set(key, object)
      },
      onDelete: ({ kind, namespace, name }) => {
        this.told.push(`delete ${kind}/${namespace}/${name}`)
        this.objects.delete(`${kind}/${namespace}/${name}`)
      },
      onNotice: (subject, message) => {
        if (message === undefined) this.notices.delete(subject)
        else this.notices.set(subject, message)
      },
      onCrds: (facts) => {
        this.facts = facts
      },
      logger: silentLogger(),
      metrics: createMetrics(),
    })
    void this.source.synced.then(() => {
      this.isSynced = true
    })
    this.source.start()
  }
}

let rigs: Rig[] = []
function open(names: readonly string[], over: KubeClient = client): Rig {
  const rig = new Rig(over, names)
  rigs.push(rig)
  return rig
}
afterEach(async () => {
  await Promise.all(rigs.map(({ source }) => source.close()))
  rigs = []
})

const soon = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 50 })

describe('KubeSource and a real API server', () => {
  test('waits for the CRDs of the Gateway API and finds them soon after they are installed', async () => {
    const rig = open([...served, 'GatewayParameters'])
    await soon(() => expect(rig.notices.get('Gateway')).toContain('install the Gateway API CRDs'))
    expect(rig.isSynced).toBe(false)
    await server.installGatewayApi('standard')
    await rig.source.synced
    expect([...rig.notices.keys()]).toEqual(['GatewayParameters'])
    await soon(() => expect(rig.facts).toMatchObject({ bundleVersion: 'v1.7.0', channel: 'standard' }))
    await soon(() => expect(rig.facts?.kinds).toContain('HTTPRoute'))
    await server.apply(readFileSync('deploy/crds/fairlead.dev_gatewayparameters.yaml', 'utf8'))
    await soon(() => expect([...rig.notices]).toEqual([]))
  })

  test('goes on after the API server crashed: nothing lost, nothing told twice', async () => {
    await server.apply(route('a') + route('b') + route('c'))
    const rig = open(served)
    await rig.source.synced
    await server.crash()
    await soon(() => expect(rig.notices.get('API server')).toContain('ECONNREFUSED'))
    await server.start()
    await server.apply(route('d') + route('b', 'b.com'))
    await server.kubectl(['delete', 'httproute', 'a'])
    await soon(() => expect(rig.objects.has('HTTPRoute/default/a')).toBe(false))
    await soon(() => expect(rig.objects.get('HTTPRoute/default/b')).toMatchObject({ spec: { hostnames: ['b.com'] } }))
    const routes = rig.told.filter((one) => one.includes('HTTPRoute')).sort()
    expect(routes).toEqual(
      [
        'delete HTTPRoute/default/a',
        ...['a', 'b', 'b', 'c', 'd'].map((name) => `set HTTPRoute/default/${name}`),
      ].sort(),
    )
    await soon(() => expect([...rig.notices]).toEqual([]))
  })

  test('a role that lacks verbs is named, and every other kind is there', async () => {
    const rules = [
      { apiGroups: [''], resources: ['namespaces', 'services'], verbs: ['list', 'watch'] },
      { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: ['list'] },
    ]
    const subject = { kind: 'User', name: 'limited', apiGroup: 'rbac.authorization.k8s.io' }
    const roleRef = { kind: 'ClusterRole', name: 'limited', apiGroup: 'rbac.authorization.k8s.io' }
    const metadata = { name: 'limited' }
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    await server.apply(
      [
        JSON.stringify({ apiVersion, kind: 'ClusterRole', metadata, rules }),
        JSON.stringify({ apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects: [subject] }),
      ].join('\n---\n'),
    )
    const limited = await connect(impersonating('limited'))
    try {
      const rig = open(['Namespace', 'Service', 'HTTPRoute', 'Gateway'], limited)
      const lacks = (verbs: string, resource: string) => `ClusterRole fairlead lacks ${verbs} on ${resource}`
      const group = 'gateway.networking.k8s.io'
      await soon(() => {
        expect(rig.notices.get('HTTPRoute')).toContain(lacks('`watch`', `httproutes.${group} for limited`))
        expect(rig.notices.get('Gateway')).toContain(lacks('`list` and `watch`', `gateways.${group}`))
        expect(rig.notices.get('CustomResourceDefinition')).toContain('lacks `list` and `watch`')
      })
      await soon(() => expect(rig.objects.has('Namespace//default')).toBe(true))
    } finally {
      await limited.close()
    }
  })

  test('a token that is not known is said to be that', async () => {
    const stranger = await connect(withToken('nobody-knows-this'))
    try {
      const rig = open(['Namespace'], stranger)
      await soon(() => expect(rig.notices.get('API server')).toContain('does not know who we are'))
    } finally {
      await stranger.close()
    }
  })

  test('ConfigMaps come and go by name', async () => {
    await server.kubectl(['create', 'configmap', 'named', '--from-literal=a=1'])
    const rig = open(['Namespace', 'ConfigMap'])
    await rig.source.synced
    rig.source.follow('ConfigMap/default/named', true)
    rig.source.follow('ConfigMap/default/none', true)
    await rig.source.settled()
    const ours = () => [...rig.objects.keys()].filter((key) => key.startsWith('ConfigMap'))
    expect(ours()).toEqual(['ConfigMap/default/named'])
    await server.kubectl(['delete', 'configmap', 'named'])
    await soon(() => expect(ours()).toEqual([]))
  })
})

/** The kubeconfig of the server, as somebody else. */
function kubeconfigWith(name: string, user: object): string {
  const config: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(server.kubeconfig, 'utf8'))
  const path = `${server.kubeconfig}-${name}`
  writeFileSync(path, JSON.stringify({ ...config, users: [{ name: 'admin', user }] }), { mode: 0o600 })
  return path
}

const impersonating = (name: string) => kubeconfigWith(name, { token: server.token, as: name })
const withToken = (token: string) => kubeconfigWith('token', { token })
