import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kinds } from '../api/kinds.ts'
import { silentLogger } from '../lib/logger.ts'
import { gatewayApi, pass, route, secret, SourceRig } from '../testing/source-rig.ts'
import type { KubeSourceOptions } from './kube-source.ts'

let rigs: SourceRig[] = []
function openRig(options?: Partial<KubeSourceOptions>): SourceRig {
  const rig = new SourceRig(options)
  rigs.push(rig)
  return rig
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(async () => {
  await Promise.all(rigs.map(({ source }) => source.close()))
  rigs = []
  vi.useRealTimers()
})

describe('KubeSource', () => {
  test('an object has neither status nor version, the live object has both', async () => {
    const rig = openRig()
    rig.api.put({ ...route('a'), status: { parents: [] } })
    await rig.start()
    expect(rig.isSynced).toBe(true)
    const object = rig.objects.get('HTTPRoute/shop/a')
    expect(object).not.toHaveProperty('status')
    expect(object?.metadata.resourceVersion).toBeUndefined()
    expect(object?.metadata).toMatchObject({ uid: expect.any(String), generation: 1 })
    const live = rig.live.get('HTTPRoute/shop/a')
    expect(live).toMatchObject({ uid: object?.metadata.uid, generation: 1, status: { parents: [] } })
    expect(live?.resourceVersion).toMatch(/^\d+$/)
  })

  test('a Gateway that never had a status carries no default one', async () => {
    const rig = openRig()
    rig.api.put({
      apiVersion: gatewayApi,
      kind: 'Gateway',
      metadata: { name: 'g', namespace: 'shop' },
      spec: { gatewayClassName: 'c', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }] },
    })
    await rig.start()
    expect(rig.objects.get('Gateway/shop/g')).not.toHaveProperty('status')
    expect(rig.live.get('Gateway/shop/g')?.status).toBeUndefined()
  })

  test('a Service keeps its status', async () => {
    const rig = openRig()
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
    const metadata = { name: 's', namespace: 'shop' }
    rig.api.put({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] }, status })
    await rig.start()
    expect(rig.objects.get('Service/shop/s')).toMatchObject({ status })
  })

  test('managed fields and the last applied configuration are dropped', async () => {
    const rig = openRig()
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' }
    rig.api.put({ ...route('a'), metadata: { name: 'a', namespace: 'shop', managedFields: [{}], annotations } })
    await rig.start()
    const metadata = rig.objects.get('HTTPRoute/shop/a')?.metadata
    expect(metadata).not.toHaveProperty('managedFields')
    expect(metadata?.annotations).toEqual({ kept: 'yes' })
  })

  test('of a certificate only certificate, key and CA are kept', async () => {
    const rig = openRig()
    const good = { 'tls.crt': 'YQ==', 'tls.key': 'Yg==', 'ca.crt': 'Yw==' }
    rig.api.put(secret('tls', 'kubernetes.io/tls', { ...good, 'keystore.jks': 'ZA==' }))
    await rig.start()
    expect(rig.objects.get('Secret/shop/tls')).toMatchObject({ data: good })
    expect(Object.keys(Reflect.get(rig.objects.get('Secret/shop/tls') ?? {}, 'data'))).not.toContain('keystore.jks')
  })

  test('an object that breaks the API leaves the last good one, and the notice names object, field and rule', async () => {
    const rig = openRig()
    rig.api.put(route('a', { hostnames: ['good.com'] }))
    rig.api.put(route('b', { hostnames: [7] }))
    await rig.start()
    rig.api.put(route('a', { hostnames: ['no good'] }))
    await pass(0)
    expect(rig.objects.get('HTTPRoute/shop/a')).toMatchObject({ spec: { hostnames: ['good.com'] } })
    expect(rig.notices.get('HTTPRoute/shop/a')).toMatch(
      /spec\.hostnames\[0\].*"no good".*the version before stays in use/,
    )
    expect(rig.notices.get('HTTPRoute/shop/b')).toMatch(/spec\.hostnames\[0\].*it is not used/)
    expect(await rig.metrics.render()).toContain('fairlead_watch_unreadable_objects_total{kind="HTTPRoute"} 2')
    rig.api.put(route('a', { hostnames: ['new.com'] }))
    rig.api.remove('HTTPRoute', 'shop', 'b')
    await pass(0)
    expect(rig.objects.get('HTTPRoute/shop/a')).toMatchObject({ spec: { hostnames: ['new.com'] } })
    expect([...rig.notices]).toEqual([])
    expect(rig.told.filter((one) => one.startsWith('delete'))).toEqual([])
  })

  test('a bad object in the place of a good one that was deleted does not keep the good one alive', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    await rig.start()
    rig.api.breakWatches()
    rig.api.remove('HTTPRoute', 'shop', 'a')
    rig.api.put(route('a', { hostnames: [7] }))
    rig.api.compact()
    await pass(3000)
    expect(rig.objects.has('HTTPRoute/shop/a')).toBe(false)
    rig.api.remove('HTTPRoute', 'shop', 'a')
    await pass(0)
    expect(rig.told).toEqual(['set HTTPRoute/shop/a', 'delete HTTPRoute/shop/a'])
  })

  test('a field of a newer release is left out and told', async () => {
    const rig = openRig()
    rig.api.put(route('a', { hostnames: ['a.com'], fromTheFuture: true }))
    await rig.start()
    expect(rig.objects.get('HTTPRoute/shop/a')).not.toHaveProperty('spec.fromTheFuture')
    expect(rig.notices.get('HTTPRoute/shop/a')).toBe('not known to this version and ignored: spec.fromTheFuture')
  })

  test('a missing optional CRD is an empty collection and a notice, and is found when it is installed', async () => {
    const rig = openRig()
    rig.api.removeCrd('GatewayParameters')
    await rig.start()
    expect(rig.isSynced).toBe(true)
    expect(rig.notices.get('GatewayParameters')).toContain('gatewayparameters.fairlead.dev')
    rig.api.installCrd('GatewayParameters')
    const metadata = { name: 'p', namespace: 'shop' }
    rig.api.put({ apiVersion: 'fairlead.dev/v1alpha1', kind: 'GatewayParameters', metadata, spec: {} })
    await pass(1000)
    expect(rig.objects.has('GatewayParameters/shop/p')).toBe(true)
    expect(rig.notices.has('GatewayParameters')).toBe(false)
  })

  test('a missing required CRD gates, and the notice says how to install it', async () => {
    const rig = openRig()
    rig.api.removeCrd('HTTPRoute')
    await rig.start()
    await pass(120_000)
    expect(rig.isSynced).toBe(false)
    expect(rig.notices.get('HTTPRoute')).toContain('install the Gateway API CRDs')
    rig.api.installCrd('HTTPRoute')
    await pass(1000)
    expect(rig.isSynced).toBe(true)
    expect(rig.notices.has('HTTPRoute')).toBe(false)
  })

  test('a role that lacks a verb is named, and nothing else stops', async () => {
    const rig = openRig({ clusterRole: 'fairlead' })
    rig.api.forbid('list', 'httproutes')
    rig.api.forbid('watch', 'httproutes')
    rig.api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    await rig.start()
    expect(rig.notices.get('HTTPRoute')).toContain(
      'ClusterRole fairlead lacks `list` and `watch` on httproutes.gateway.networking.k8s.io',
    )
    expect(rig.objects.has('Namespace//shop')).toBe(true)
    expect(rig.isSynced).toBe(false)
    await pass(60_000)
    expect(rig.isSynced).toBe(true)
  })

  test('a token that is not known gates until it is, whatever time passes', async () => {
    const rig = openRig()
    rig.api.fault = () => ({ kind: 'answer', status: 401, reason: 'Unauthorized' })
    await rig.start()
    await pass(600_000)
    expect(rig.isSynced).toBe(false)
    expect([...rig.notices.keys()]).toEqual(['API server'])
    expect(rig.notices.get('API server')).toContain('does not know who we are')
    rig.api.fault = undefined
    await pass(30_000)
    expect(rig.isSynced).toBe(true)
    expect([...rig.notices]).toEqual([])
  })

  test('an API server that does not answer gates until it does', async () => {
    const rig = openRig()
    rig.api.fault = () => ({ kind: 'lost' })
    await rig.start()
    await pass(600_000)
    expect(rig.isSynced).toBe(false)
    expect([...rig.notices.keys()]).toEqual(['API server'])
    rig.api.fault = undefined
    await pass(30_000)
    expect(rig.isSynced).toBe(true)
    expect([...rig.notices]).toEqual([])
  })
})

describe('Discovery', () => {
  test('finds out release, channel and kinds, and tells changes', async () => {
    const rig = await openRig().start()
    await pass(1000)
    expect(rig.facts).toHaveLength(1)
    expect(rig.facts[0]).toMatchObject({ bundleVersion: 'v1.7.0', channel: 'experimental', mixture: undefined })
    expect(rig.facts[0]?.kinds).toContain('TCPRoute')
    rig.api.removeCrd('TCPRoute')
    await pass(1000)
    expect(rig.facts.at(-1)?.kinds).not.toContain('TCPRoute')
    expect(await rig.metrics.render()).toMatch(/^fairlead_gateway_api_version_skew 0$/m)
  })

  test('CRDs of different releases count as the oldest, and another minor version is a skew', async () => {
    const logger = silentLogger()
    const warned = vi.spyOn(logger, 'warn')
    const rig = openRig({ logger })
    const marks = (version: string, channel: string) => ({
      'gateway.networking.k8s.io/bundle-version': version,
      'gateway.networking.k8s.io/channel': channel,
    })
    rig.api.installCrd('HTTPRoute', marks('v1.10.0', 'standard'))
    rig.api.installCrd('Gateway', marks('v1.6.1', 'experimental'))
    await rig.start()
    await pass(1000)
    expect(rig.facts.at(-1)).toMatchObject({
      bundleVersion: 'v1.6.1',
      channel: 'standard',
      mixture: '1 of v1.10.0 standard, 1 of v1.6.1 experimental, 8 of v1.7.0 experimental',
    })
    expect(await rig.metrics.render()).toMatch(/^fairlead_gateway_api_version_skew 1$/m)
    expect(warned.mock.calls.map(([facts]) => facts)).toContainEqual(
      expect.objectContaining({ bundleVersion: 'v1.6.1', mixture: expect.any(String), supported: 'v1.7' }),
    )
  })

  test('CRDs of one release and two channels are a skew, too', async () => {
    const rig = openRig()
    rig.api.installCrd('HTTPRoute', {
      'gateway.networking.k8s.io/bundle-version': 'v1.7.0',
      'gateway.networking.k8s.io/channel': 'standard',
    })
    await rig.start()
    await pass(1000)
    expect(rig.facts.at(-1)?.mixture).toBe('9 of v1.7.0 experimental, 1 of v1.7.0 standard')
    expect(await rig.metrics.render()).toMatch(/^fairlead_gateway_api_version_skew 1$/m)
  })

  test('without the right to see CRDs the kinds are known and the role is named', async () => {
    const rig = openRig()
    rig.api.forbid('list', 'customresourcedefinitions')
    rig.api.forbid('watch', 'customresourcedefinitions')
    await rig.start()
    await pass(1000)
    expect(rig.facts.at(-1)?.bundleVersion).toBeUndefined()
    expect(rig.facts.at(-1)?.kinds).toContain('Gateway')
    expect(rig.notices.get('CustomResourceDefinition')).toContain(
      'lacks `list` and `watch` on customresourcedefinitions',
    )
    expect(await rig.metrics.render()).toMatch(/^fairlead_gateway_api_version_skew 0$/m)
  })

  test('without any CRD there are facts that say so, and few requests', async () => {
    const rig = openRig()
    for (const { kind, group } of kinds) if (group === 'gateway.networking.k8s.io') rig.api.removeCrd(kind)
    await rig.start()
    await pass(600_000)
    expect(rig.facts).toEqual([{ bundleVersion: undefined, channel: undefined, kinds: [] }])
    const looks = rig.api.requests.filter(({ path }) => path === '/apis/gateway.networking.k8s.io/v1')
    expect(looks.length).toBeLessThan(80)
  })
})
