import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { configMap, pass, route, secret, SourceRig } from '../testing/source-rig.ts'
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

describe('KubeSource.follow', () => {
  test('ConfigMaps are read by name only, and are told as gone when nobody follows them', async () => {
    const rig = openRig()
    rig.api.put(configMap('a'))
    rig.api.put(configMap('b'))
    await rig.start()
    expect(rig.objects.size).toBe(0)
    rig.source.follow('ConfigMap/shop/a', true)
    rig.source.follow('HTTPRoute/shop/x', true)
    await rig.source.settled()
    expect([...rig.objects.keys()]).toEqual(['ConfigMap/shop/a'])
    rig.api.put({ ...configMap('a'), data: { 'ca.crt': 'new' } })
    await pass(0)
    expect(rig.objects.get('ConfigMap/shop/a')).toMatchObject({ data: { 'ca.crt': 'new' } })
    rig.source.follow('ConfigMap/shop/a', false)
    rig.source.follow('ConfigMap/shop/b', true)
    await rig.source.settled()
    expect([...rig.objects.keys()]).toEqual(['ConfigMap/shop/b'])
    expect(rig.api.watches('configmaps')).toHaveLength(1)
  })

  test('Secrets that are no certificates come by name, certificates come anyway', async () => {
    const rig = openRig()
    rig.api.put(secret('plain', 'Opaque', { password: 'YQ==' }))
    rig.api.put(secret('tls', 'kubernetes.io/tls', { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' }))
    await rig.start()
    expect([...rig.objects.keys()]).toEqual(['Secret/shop/tls'])
    rig.source.follow('Secret/shop/plain', true)
    rig.source.follow('Secret/shop/tls', true)
    await rig.source.settled()
    expect(rig.objects.get('Secret/shop/plain')).toMatchObject({ type: 'Opaque' })
    rig.source.follow('Secret/shop/plain', false)
    rig.source.follow('Secret/shop/tls', false)
    expect([...rig.objects.keys()]).toEqual(['Secret/shop/tls'])
    expect(rig.told).toEqual(['set Secret/shop/tls', 'set Secret/shop/plain', 'delete Secret/shop/plain'])
  })

  test('a Secret that is no certificate is found though it was asked for before certificates were listed', async () => {
    const rig = openRig()
    rig.api.put(secret('plain', 'Opaque', {}))
    rig.source.follow('Secret/shop/plain', true)
    await rig.start()
    await rig.source.settled()
    expect(rig.objects.get('Secret/shop/plain')).toMatchObject({ type: 'Opaque' })
  })

  test('certificates cost no watch each, before they were listed nor after', async () => {
    const rig = openRig()
    for (let i = 0; i < 100; i++) rig.api.put(secret(`tls-${i}`, 'kubernetes.io/tls', {}))
    for (let i = 0; i < 100; i++) rig.source.follow(`Secret/shop/tls-${i}`, true)
    await rig.start()
    await rig.source.settled()
    expect(rig.api.watches('secrets')).toHaveLength(1)
    expect(rig.api.requests.filter(({ path }) => path.includes('/secrets'))).toHaveLength(1)
  })

  test('a certificate that is made again with another type is found by its name', async () => {
    const rig = openRig()
    rig.api.put(secret('s', 'kubernetes.io/tls', { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' }))
    await rig.start()
    rig.source.follow('Secret/shop/s', true)
    rig.api.remove('Secret', 'shop', 's')
    rig.api.put(secret('s', 'Opaque', {}))
    await pass(0)
    expect(rig.objects.get('Secret/shop/s')).toMatchObject({ type: 'Opaque' })
    rig.api.remove('Secret', 'shop', 's')
    rig.api.put(secret('s', 'kubernetes.io/tls', { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' }))
    await pass(0)
    expect(rig.objects.get('Secret/shop/s')).toMatchObject({ type: 'kubernetes.io/tls' })
    expect(rig.api.watches('secrets')).toHaveLength(1)
  })

  test('the objects that are known are counted as they come and go', async () => {
    const rig = openRig()
    rig.api.put(route('a'))
    rig.api.put(route('b'))
    await rig.start()
    expect(await rig.metrics.render()).toContain('fairlead_watch_objects{kind="HTTPRoute"} 2\n')
    rig.api.remove('HTTPRoute', 'shop', 'a')
    await pass(0)
    expect(await rig.metrics.render()).toContain('fairlead_watch_objects{kind="HTTPRoute"} 1\n')
  })

  test('a Secret that is made again with another type is not lost between its two watches', async () => {
    const rig = openRig()
    rig.api.put(secret('s', 'Opaque', {}))
    await rig.start()
    rig.source.follow('Secret/shop/s', true)
    await rig.source.settled()
    const [named] = rig.api.watches('secrets').filter(({ selection }) => selection.namespace !== undefined)
    named?.stream.setSilent(true)
    rig.api.remove('Secret', 'shop', 's')
    rig.api.put(secret('s', 'kubernetes.io/tls', { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' }))
    await pass(0)
    named?.stream.setSilent(false)
    await pass(0)
    expect(rig.objects.get('Secret/shop/s')).toMatchObject({ type: 'kubernetes.io/tls' })
  })

  test('beyond the bound of watches, objects are looked at every half minute', async () => {
    const rig = openRig({ maxNamedWatches: 2 })
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) rig.api.put(configMap(name))
    await rig.start()
    for (const name of names) rig.source.follow(`ConfigMap/shop/${name}`, true)
    await rig.source.settled()
    expect(rig.objects.size).toBe(4)
    expect(rig.api.watches('configmaps')).toHaveLength(2)
    rig.api.put({ ...configMap('d'), data: { 'ca.crt': 'new' } })
    await pass(33_000)
    expect(rig.objects.get('ConfigMap/shop/d')).toMatchObject({ data: { 'ca.crt': 'new' } })
  })

  test('a followed object that is not there is settled', async () => {
    const rig = await openRig().start()
    rig.source.follow('ConfigMap/shop/none', true)
    await rig.source.settled()
    expect(rig.objects.size).toBe(0)
  })
})
