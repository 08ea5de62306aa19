import { describe, expect, test } from 'vitest'
import { FakeApi } from './fake-api.ts'
import { applyPatch, KubeError, mergePatch } from './kube-client.ts'

const routes = '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes'
const route = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'a', namespace: 'shop' },
}
const services = '/api/v1/namespaces/shop/services'

describe('FakeApi', () => {
  test('a status patch with an old resourceVersion conflicts', async () => {
    const api = new FakeApi()
    const { metadata } = api.put(route)
    const patch = (resourceVersion: string) =>
      api.send({
        method: 'PATCH',
        path: `${routes}/a/status`,
        contentType: mergePatch,
        body: { metadata: { resourceVersion }, status: { parents: [] } },
      })
    await patch(metadata.resourceVersion)
    expect(api.get('HTTPRoute', 'shop', 'a')?.status).toEqual({ parents: [] })
    await expect(patch(metadata.resourceVersion)).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  })

  test('a patch of the object leaves its status, a patch of the status leaves the rest', async () => {
    const api = new FakeApi()
    api.put({ ...route, spec: { hostnames: ['a.com'] }, status: { parents: [] } })
    const body = { spec: { hostnames: ['b.com'] }, status: { parents: [1] } }
    await api.send({ method: 'PATCH', path: `${routes}/a`, contentType: mergePatch, body })
    expect(api.get('HTTPRoute', 'shop', 'a')).toMatchObject({ spec: body.spec, status: { parents: [] } })
    await api.send({
      method: 'PATCH',
      path: `${routes}/a/status`,
      contentType: mergePatch,
      body: { spec: { hostnames: [] }, status: { parents: [2] } },
    })
    expect(api.get('HTTPRoute', 'shop', 'a')).toMatchObject({ spec: body.spec, status: { parents: [2] } })
    expect(api.get('HTTPRoute', 'shop', 'a')?.metadata.generation).toBe(2)
  })

  test('what an applier does not apply any more goes, what others set stays', async () => {
    const api = new FakeApi()
    const apply = (spec: object, labels: object) =>
      api.send({
        method: 'PATCH',
        path: `${services}/s`,
        query: { fieldManager: 'fairlead', force: 'true' },
        contentType: applyPatch,
        body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', labels }, spec },
      })
    await apply({ type: 'ClusterIP', ports: [{ name: 'a', port: 1 }] }, { ours: 'yes' })
    await api.send({
      method: 'PATCH',
      path: `${services}/s`,
      contentType: mergePatch,
      body: { metadata: { labels: { theirs: 'yes' } }, spec: { clusterIP: '10.0.0.1' } },
    })
    await apply({ ports: [{ name: 'b', port: 2 }] }, {})
    expect(api.get('Service', 'shop', 's')).toMatchObject({ metadata: { labels: { theirs: 'yes' } } })
    expect(api.get('Service', 'shop', 's')?.metadata.labels).toEqual({ theirs: 'yes' })
    expect(api.get('Service', 'shop', 's')?.spec).toEqual({ ports: [{ name: 'b', port: 2 }], clusterIP: '10.0.0.1' })
  })

  test('an apply that changes nothing makes no version', async () => {
    const api = new FakeApi()
    const request = {
      method: 'PATCH',
      path: `${services}/s`,
      query: { fieldManager: 'fairlead' },
      contentType: applyPatch,
      body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'ClusterIP' } },
    } as const
    const first = await api.send(request)
    expect(await api.send(request)).toEqual(first)
  })

  test('faults answer, lose requests and lose answers', async () => {
    const api = new FakeApi()
    const create = { method: 'POST', path: routes, body: route } as const
    api.fault = () => ({ kind: 'answer', status: 429, reason: 'TooManyRequests', retryAfterMs: 1000 })
    await expect(api.send(create)).rejects.toMatchObject({ status: 429, retryAfterMs: 1000 })
    api.fault = () => ({ kind: 'lost' })
    await expect(api.send(create)).rejects.toMatchObject({ status: 0 })
    expect(api.get('HTTPRoute', 'shop', 'a')).toBeUndefined()
    api.fault = () => ({ kind: 'lostAnswer' })
    await expect(api.send(create)).rejects.toBeInstanceOf(KubeError)
    expect(api.get('HTTPRoute', 'shop', 'a')).toBeDefined()
  })

  test('what is forbidden is refused with 403, and a kind without CRD with 404', async () => {
    const api = new FakeApi()
    api.forbid('list', 'httproutes')
    await expect(api.send({ method: 'GET', path: routes })).rejects.toMatchObject({ status: 403, reason: 'Forbidden' })
    api.forbid('list', 'httproutes', false)
    api.removeCrd('HTTPRoute')
    await expect(api.send({ method: 'GET', path: routes })).rejects.toMatchObject({ status: 404 })
  })

  test('an object with finalizers waits for them when it is deleted', async () => {
    const api = new FakeApi()
    api.put({ ...route, metadata: { ...route.metadata, finalizers: ['example.com/x'] } })
    await api.send({ method: 'DELETE', path: `${routes}/a` })
    expect(api.get('HTTPRoute', 'shop', 'a')?.metadata.deletionTimestamp).toBeDefined()
    const body = { metadata: { finalizers: [] } }
    await api.send({ method: 'PATCH', path: `${routes}/a`, contentType: mergePatch, body })
    expect(api.get('HTTPRoute', 'shop', 'a')).toBeUndefined()
  })
})
