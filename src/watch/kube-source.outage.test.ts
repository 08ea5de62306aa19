import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pass, route, SourceRig } from '../testing/source-rig.ts'
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

describe('KubeSource without an API server', () => {
  test('an API server that is away for a moment is not worth a word', async () => {
    const rig = await openRig().start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(3_000)
    rig.api.fault = undefined
    await pass(10_000)
    expect(rig.noticed).toEqual([])
  })

  test('an outage is told once, not by each watch, and its end too', async () => {
    const rig = await openRig().start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(600_000)
    expect(rig.notices.get('API server')).toContain('what is known stays in use')
    rig.api.fault = undefined
    await pass(20_000)
    expect(rig.noticed.map(([subject, message]) => [subject, message !== undefined])).toEqual([
      ['API server', true],
      ['API server', false],
    ])
  })

  test('after an outage the first watch that is answered wakes all others', async () => {
    let drawn = 0
    const rig = await openRig({ random: () => (++drawn * 0.37) % 1 }).start()
    rig.api.fault = () => ({ kind: 'lost' })
    rig.api.breakWatches()
    await pass(600_000)
    rig.api.fault = undefined
    while (rig.api.watches('httproutes').length + rig.api.watches('secrets').length === 0) await pass(100)
    await pass(200)
    for (const plural of ['gateways', 'httproutes', 'secrets', 'services', 'endpointslices']) {
      expect(rig.api.watches(plural)).toHaveLength(1)
    }
  })

  test('one kind that the API server fails to serve is named', async () => {
    const rig = await openRig().start()
    rig.api.fault = ({ path }) => (path.endsWith('/gateways') ? { kind: 'answer', status: 503 } : undefined)
    rig.api.breakWatches()
    await pass(10_000)
    expect([...rig.notices.keys()]).toEqual(['Gateway'])
    expect(rig.notices.get('Gateway')).toContain('503')
  })
})

describe('KubeSource without a kind that was there', () => {
  const forbid = (rig: SourceRig, isForbidden: boolean) => {
    for (const verb of ['list', 'watch']) rig.api.forbid(verb, 'httproutes', isForbidden)
  }
  const vanish = (rig: SourceRig, isGone: boolean) => {
    rig.api.fault = ({ path }) => (isGone && path.endsWith('/httproutes') ? { kind: 'answer', status: 404 } : undefined)
  }

  test.each([
    ['forbidden', forbid, 'lacks `list` and `watch` on httproutes.gateway.networking.k8s.io'],
    ['not served', vanish, 'install the Gateway API CRDs'],
  ])('%s: it is said before its objects go, when they went, and that it is over', async (_, take, cause) => {
    const rig = openRig()
    for (const name of ['a', 'b']) rig.api.put(route(name))
    await rig.start()
    take(rig, true)
    rig.api.breakWatches()
    await pass(2_000)
    expect(rig.objects.has('HTTPRoute/shop/a')).toBe(true)
    expect(rig.source.notices.get('HTTPRoute')).toMatchObject({ severity: 'error' })
    const kept = /the 2 objects that were there stay in use until this has stood for 30 s$/
    expect(rig.notices.get('HTTPRoute')).toContain(cause)
    expect(rig.notices.get('HTTPRoute')).toMatch(kept)
    await pass(60_000)
    expect(rig.objects.has('HTTPRoute/shop/a')).toBe(false)
    expect(rig.notices.get('HTTPRoute')).toContain(cause)
    expect(rig.notices.get('HTTPRoute')).toMatch(/the 2 objects that were there are not in use any more$/)
    take(rig, false)
    await pass(60_000)
    expect(rig.objects.has('HTTPRoute/shop/a')).toBe(true)
    expect(rig.notices.has('HTTPRoute')).toBe(false)
    expect(rig.noticed).toHaveLength(3)
  })

  test('an optional kind that never was there is a warning, one that went is an error', async () => {
    const rig = openRig()
    const metadata = { name: 'p', namespace: 'shop' }
    rig.api.put({ apiVersion: 'fairlead.dev/v1alpha1', kind: 'GatewayParameters', metadata, spec: {} })
    await rig.start()
    rig.api.fault = ({ path }) => (path.endsWith('/gatewayparameters') ? { kind: 'answer', status: 404 } : undefined)
    rig.api.breakWatches()
    await pass(60_000)
    expect(rig.source.notices.get('GatewayParameters')).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('the one object that was there is not in use any more'),
    })
    const other = openRig()
    other.api.removeCrd('GatewayParameters')
    await other.start()
    expect(other.source.notices.get('GatewayParameters')).toMatchObject({ severity: 'warning' })
  })
})
