/** What is wrong in a cluster harms only itself, and is said in words that tell what to do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Api, Manifest, Ref } from '../rig/api.ts'
import { conditionsOf, listenerConditionsOf, messageOf } from '../rig/conditions.ts'
import { controlPlaneLog, controlPlaneReady, killControlPlane, scaleControlPlane } from '../rig/control-plane.ts'
import { echoApp, gatewayApi, gatewayObject, namespaceObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, reaches } from '../rig/traffic.ts'
import { versionsDuring } from '../rig/writes.ts'

const namespace = 'bad-input'
const isSo = { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' }

/** A route for `<name>.example.com`. */
const route = (name: string, backend: string) =>
  routeObject({
    namespace,
    name,
    gateway: { name: 'edge' },
    hostname: `${name}.example.com`,
    backends: [{ name: backend }],
  })
const service = (name: string, spec: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec,
})
const opaque: Manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'opaque', namespace },
  type: 'Opaque',
  stringData: { 'tls.crt': 'secret words', 'tls.key': 'secret words' },
}
const listeners = [
  { name: 'http', port: 80, protocol: 'HTTP' },
  { name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'opaque' }] } },
]

interface Rule {
  readonly resources: readonly string[]
}

/** The role of the control plane, and what a test makes of it, as the one who installed it. */
async function roleRules(api: Api) {
  const ref: Ref = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'fairlead' } }
  const live = await api.read(ref)
  const metadata = { name: 'fairlead', labels: live?.metadata.labels ?? {} }
  const { rules = [] } = (live ?? {}) as { readonly rules?: readonly Rule[] }
  const change = (changed: readonly Rule[]) => api.apply([{ ...ref, metadata, rules: changed }], 'kubectl')
  const strip = (resource: string) => (rule: Rule) => ({
    ...rule,
    resources: rule.resources.filter((name) => name !== resource),
  })
  return {
    /** All of it but what concerns one resource. */
    without: (resource: string) => change(rules.map(strip(resource))),
    restore: () => change(rules),
  }
}

describe('bad input', () => {
  let scene: Scene
  let edge: Edge
  beforeAll(async () => {
    scene = await Scene.open(namespace)
    await scene.api.apply([opaque, gatewayObject(namespace, 'edge', { listeners }), route('good', 'good')])
    await scene.run(echoApp({ namespace, name: 'good' }))
    edge = { address: await scene.address('edge') }
    await reaches(edge, { host: 'good.example.com' }, 'good')
  })
  afterAll(() => scene.close())

  /** What is right goes on: a change of a good route is served. */
  async function othersGoOn(name: string): Promise<void> {
    await scene.api.apply([route(name, 'good')])
    await reaches(edge, { host: `${name}.example.com` }, 'good')
    await reaches(edge, { host: 'good.example.com' }, 'good')
  }

  test('a Secret of another type than kubernetes.io/tls fails its listener and no other', async () => {
    const gateway = await scene.api.read(scene.ref('Gateway', 'edge'))
    expect(listenerConditionsOf(gateway, 'http')).toMatchObject({ Programmed: 'True Programmed' })
    expect(listenerConditionsOf(gateway, 'https')).toMatchObject({
      Programmed: 'False Invalid',
      ResolvedRefs: 'False InvalidCertificateRef',
    })
    const message = messageOf(gateway, 'ResolvedRefs')
    expect(message).toContain('Opaque')
    expect(message).not.toContain('secret words')
  })

  test('a Service without endpoints answers 503, and its route is right', async () => {
    await scene.api.apply([
      service('empty', { selector: { app: 'nobody' }, ports: [{ port: 8080 }] }),
      route('empty', 'empty'),
    ])
    await reaches(edge, { host: 'empty.example.com' }, '503')
    await scene.conditions(route('empty', 'empty'), isSo)
    await othersGoOn('beside-empty')
  })

  test('an ExternalName Service is refused and answers 500: it would let a route reach any host', async () => {
    const spec = { type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local', ports: [{ port: 8080 }] }
    await scene.api.apply([service('external', spec), route('external', 'external')])
    await reaches(edge, { host: 'external.example.com' }, '500')
    const object = await scene.conditions(route('external', 'external'), { ResolvedRefs: 'False UnsupportedValue' })
    expect(messageOf(object, 'ResolvedRefs')).toContain(`Service "${namespace}/external" is of type ExternalName`)
    await othersGoOn('beside-external')
  })

  test('a namespace that is being deleted with a Gateway in it is left alone, and others go on', async () => {
    const ending = await Scene.open('bad-input-ending')
    const held: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: ending.namespace, finalizers: ['fairlead.dev/e2e'] },
    }
    const since = new Date()
    await ending.api.apply([held, gatewayObject(ending.namespace, 'edge')])
    await ending.address('edge')
    // It ends with everything in it but the ConfigMap, whose finalizer nobody serves.
    await ending.api.delete(namespaceObject(ending.namespace))
    const left = () => ending.api.list({ apiVersion: 'v1', kind: 'Pod' }, ending.namespace)
    await expect.poll(left, { timeout: 60_000, interval: 200 }).toEqual([])
    await othersGoOn('beside-ending')
    const complaints = (await controlPlaneLog(since)).filter(({ level }) => level === 'warn' || level === 'error')
    expect(complaints).toEqual([])
    await ending.api.patch(held, { metadata: { finalizers: null } })
    await ending.close()
  })

  test('verbs that the role lacks are named, everything else goes on, and nobody has to restart anything', async () => {
    const role = await roleRules(scene.api)
    const log = async (level: string, since: Date) =>
      (await controlPlaneLog(since)).filter((line) => line.level === level).map((line) => JSON.stringify(line))
    const lacking = (what: string) => expect.stringContaining(`ClusterRole fairlead lacks ${what}`)
    const beforeAny = new Date()
    try {
      await role.without('httproutes/status')
      await othersGoOn('without-status')
      await expect
        .poll(() => log('warn', beforeAny), { timeout: 10_000 })
        .toContainEqual(lacking('`patch` on httproutes/status of gateway.networking.k8s.io'))
      expect(conditionsOf(await scene.api.read(route('without-status', 'good')))).toEqual({})

      await role.without('referencegrants')
      await killControlPlane(scene.api)
      // It takes a refusal for granted after half a minute.
      await controlPlaneReady(scene.api)
      await othersGoOn('without-grants')
      for (const name of ['without-status', 'without-grants']) await scene.conditions(route(name, 'good'), isSo)
      expect(await log('warn', beforeAny)).toContainEqual(
        lacking('`list` and `watch` on referencegrants.gateway.networking.k8s.io'),
      )
    } finally {
      await role.restore()
    }
    const over = expect.stringContaining('"subject":"ReferenceGrant"')
    await expect.poll(() => log('info', beforeAny), { timeout: 60_000 }).toContainEqual(over)
  })

  test('of two replicas of the control plane one writes, and nothing without end', async () => {
    await scaleControlPlane(scene.api, 2)
    try {
      await controlPlaneReady(scene.api, 2)
      await othersGoOn('with-two')
      await scene.conditions(route('with-two', 'good'), isSo)
      // Only one of them hears the proxies say that they have it.
      const more = [...listeners, { name: 'more', port: 8080, protocol: 'HTTP' }]
      await scene.api.apply([gatewayObject(namespace, 'edge', { listeners: more })])
      await scene.conditions(scene.ref('Gateway', 'edge'), { Programmed: 'True Programmed' })
      const writes = await versionsDuring(scene.api, 10_000, [
        { apiVersion: gatewayApi, kind: 'Gateway' },
        { apiVersion: gatewayApi, kind: 'HTTPRoute' },
        { apiVersion: gatewayApi, kind: 'GatewayClass' },
        { apiVersion: 'apps/v1', kind: 'Deployment' },
      ])
      expect(writes).toEqual([])
      const gateway = await scene.api.read(scene.ref('Gateway', 'edge'))
      expect(conditionsOf(gateway)).toMatchObject({ Programmed: 'True Programmed' })
    } finally {
      await scaleControlPlane(scene.api, 1)
      await controlPlaneReady(scene.api)
    }
    await othersGoOn('with-one-again')
  })
})
