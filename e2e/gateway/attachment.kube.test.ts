/** Who may attach to a Gateway, and whose backends he may use: both are changed while requests come. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Manifest } from '../rig/api.ts'
import { listenerConditionsOf, statusOf } from '../rig/conditions.ts'
import { echoApp, gatewayObject, namespaceObject, routeObject } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { type Edge, reaches } from '../rig/traffic.ts'

const gateway = { name: 'edge', namespace: 'attachment' }
const selector = { matchLabels: { 'edge-attach': 'enabled' } }
const listeners = [
  { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Selector', selector } } },
]
const hostname = 'tenant.example.com'
const request = { host: hostname }

describe('a tenant', () => {
  let platform: Scene
  let tenant: Scene
  let store: Scene
  let edge: Edge
  beforeAll(async () => {
    platform = await Scene.open('attachment')
    tenant = await Scene.open('attachment-tenant')
    store = await Scene.open('attachment-store')
    await platform.api.apply([gatewayObject(platform.namespace, 'edge', { listeners })])
    await tenant.run([...echoApp({ namespace: tenant.namespace, name: 'own' }), ownRoute()])
    await store.run(echoApp({ namespace: store.namespace, name: 'shared' }))
    edge = { address: await platform.address('edge') }
  })
  afterAll(() => Promise.all([platform, tenant, store].map((scene) => scene.close())))

  const route = (backend: { readonly name: string; readonly namespace?: string }): Manifest =>
    routeObject({ namespace: tenant.namespace, name: 'tenant', gateway, hostname, backends: [backend] })
  const ownRoute = () => route({ name: 'own' })
  const label = (value: string | null) =>
    tenant.api.patch(namespaceObject(tenant.namespace), { metadata: { labels: { 'edge-attach': value } } })
  const attachedRoutes = async () => {
    const object = await platform.api.read(platform.ref('Gateway', 'edge'))
    return statusOf(object).listeners?.map(({ attachedRoutes }) => attachedRoutes)
  }

  test('is attached while its namespace has the label that the listener selects (AllowedRoutes.namespaces)', async () => {
    await tenant.conditions(ownRoute(), { Accepted: 'False NotAllowedByListeners' })
    await reaches(edge, request, '404')
    expect(await attachedRoutes()).toEqual([0])

    await label('enabled')
    await reaches(edge, request, 'own')
    await tenant.conditions(ownRoute(), { Accepted: 'True Accepted' })
    await expect.poll(attachedRoutes, { timeout: 5000 }).toEqual([1])

    await label(null)
    await reaches(edge, request, '404')
    await tenant.conditions(ownRoute(), { Accepted: 'False NotAllowedByListeners' })
    await expect.poll(attachedRoutes, { timeout: 5000 }).toEqual([0])

    await label('enabled')
    await reaches(edge, request, 'own')
    const object = await platform.api.read(platform.ref('Gateway', 'edge'))
    expect(listenerConditionsOf(object, 'http')).toMatchObject({ Programmed: 'True Programmed' })
  })

  test('uses the backend of another namespace while that one grants it (ReferenceGrant)', async () => {
    const foreign = route({ name: 'shared', namespace: store.namespace })
    const grant: Manifest = {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { name: 'tenants', namespace: store.namespace },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: tenant.namespace }],
        to: [{ group: '', kind: 'Service', name: 'shared' }],
      },
    }
    await label('enabled')
    await tenant.api.apply([foreign])
    await tenant.conditions(foreign, { Accepted: 'True Accepted', ResolvedRefs: 'False RefNotPermitted' })
    await reaches(edge, request, '500')

    await store.api.apply([grant])
    await reaches(edge, request, 'shared')
    await tenant.conditions(foreign, { ResolvedRefs: 'True ResolvedRefs' })

    await store.api.delete(grant)
    await reaches(edge, request, '500')
    await tenant.conditions(foreign, { ResolvedRefs: 'False RefNotPermitted' })
  })
})
