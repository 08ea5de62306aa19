/** shared-edge.yaml: what tutorials of the Gateway API show, with the fields that they use. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { currentCluster } from '../cluster/facts.ts'
import { statusOf } from '../rig/conditions.ts'
import { echoApp } from '../rig/objects.ts'
import { Scene } from '../rig/scene.ts'
import { ask, type Edge, echoOf, outcomeAt, reaches, shares, tolerance } from '../rig/traffic.ts'

const manifests = readFileSync(join(import.meta.dirname, 'shared-edge.yaml'), 'utf8')
const requests = 1000

describe('a Gateway that tenants share', () => {
  let platform: Scene
  let tenant: Scene
  let other: Scene
  let databases: Scene
  let edge: Edge
  beforeAll(async () => {
    platform = await Scene.open('edge-platform')
    tenant = await Scene.open('tenant-a', { 'edge-attach': 'enabled' })
    other = await Scene.open('tenant-b')
    databases = await Scene.open('databases')
    await platform.api.apply(manifests)
    await tenant.run(['api-v1', 'api-v2', 'mirror'].flatMap((name) => echoApp({ namespace: 'tenant-a', name })))
    await databases.run(echoApp({ namespace: 'databases', name: 'reports' }))
    edge = { address: await platform.address('shared-edge') }
    await reaches(edge, { host: 'shop.example.com', path: '/api/orders' }, 'api-v1')
  })
  afterAll(() => Promise.all([platform, tenant, other, databases].map((scene) => scene.close())))

  test('routes of tenants that are let in are attached and resolved, others are refused', async () => {
    for (const name of ['orders', 'canary', 'versions', 'reports']) {
      const isSo = { Accepted: 'True Accepted', ResolvedRefs: 'True ResolvedRefs' }
      await tenant.conditions(tenant.ref('HTTPRoute', name), isSo)
    }
    await other.conditions(other.ref('HTTPRoute', 'claims'), { Accepted: 'False NotAllowedByListeners' })
    const listeners = async () => statusOf(await platform.api.read(platform.ref('Gateway', 'shared-edge'))).listeners
    await expect.poll(listeners).toMatchObject([{ name: 'http', attachedRoutes: 4 }])
  })

  test('the host decides first and then the path; what nobody serves is 404', async () => {
    const shop = 'shop.example.com'
    expect(await outcomeAt(edge, { host: shop, path: '/api/orders/17' })).toBe('api-v1')
    expect(await outcomeAt(edge, { host: shop, path: '/api/ordersandmore' })).toBe('404')
    expect(await outcomeAt(edge, { host: 'shop.example.org', path: '/api/orders' })).toBe('404')
    // The longer path is of the tenant that was not let in.
    expect(await outcomeAt(edge, { host: shop, path: '/api/orders/private' })).toBe('api-v1')
  })

  test('one tenth goes to the canary, and all of it for who says so in a header', async () => {
    const host = 'api.example.com'
    const measured = await shares(edge, { host }, requests)
    expect(Math.abs((measured.get('api-v2') ?? 0) - 0.1)).toBeLessThanOrEqual(tolerance(0.1, requests))
    const debugged = await shares(edge, { host, headers: { 'x-debug': 'true' } }, 50)
    expect(debugged).toEqual(new Map([['api-v2', 1]]))
  })

  test('a filter of a backend changes what that backend sees (HTTPBackendRef.filters)', async () => {
    const host = 'versions.example.com'
    const echo = echoOf(await ask(edge, { host, path: '/v1/a', headers: { 'x-forwarded-by': 'client' } }))
    expect(echo).toMatchObject({ service: 'api-v1', headers: { 'X-Forwarded-By': ['gateway-api'] } })
    const plain = echoOf(await ask(edge, { host, path: '/v2/a' }))
    expect(plain.headers).not.toHaveProperty('X-Forwarded-By')
  })

  test('one tenth of the requests is copied, and the answer is never the copy (HTTPRequestMirrorFilter.percent)', async () => {
    const path = '/v2/mirrored'
    const measured = await shares(edge, { host: 'versions.example.com', path }, requests)
    expect(measured).toEqual(new Map([['api-v2', 1]]))
    const copies = async () => {
      const log = await currentCluster().runKubectl(['-n', 'tenant-a', 'logs', 'deployment/mirror', '--tail=-1'])
      return log.split('\n').filter((line) => line.includes(path)).length / requests
    }
    const isRight = (share: number) => Math.abs(share - 0.1) <= tolerance(0.1, requests)
    await expect.poll(async () => isRight(await copies()), { timeout: 5000 }).toBe(true)
  })

  test('a Service of another namespace is used with its ReferenceGrant', async () => {
    expect(await outcomeAt(edge, { host: 'reports.example.com' })).toBe('reports')
  })
})
