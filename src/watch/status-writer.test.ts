import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  condition,
  controllerName,
  gatewayStatus,
  parentOf,
  routeStatus,
  StatusRig,
  stamped,
} from '../testing/status-rig.ts'
import type { WantedStatus } from './status-writer.ts'

const api = 'gateway.networking.k8s.io/v1'

describe('StatusWriter', () => {
  let rig: StatusRig
  beforeEach(() => {
    vi.useFakeTimers()
    rig = new StatusRig()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
  const startAndSet = async (wanted: WantedStatus) => {
    rig.writer.set(`${wanted.kind}/shop/${wanted.name}`, wanted)
    rig.writer.start()
    await pass(0)
  }

  test('writes the fields that differ, with the version that they were merged into', async () => {
    rig.put('HTTPRoute', 'r', { parents: [parentOf('theirs', 'gw')], foreign: 1 })
    await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
    const version = rig.live.get('HTTPRoute/shop/r')?.resourceVersion
    expect(rig.writes()).toEqual([
      expect.objectContaining({
        path: '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/r/status',
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { resourceVersion: String(Number(version) - 1) },
          status: { parents: [parentOf('theirs', 'gw'), stamped(parentOf(controllerName, 'edge'))] },
        },
      }),
    ])
    expect(rig.status('HTTPRoute', 'r')).toMatchObject({ foreign: 1 })
    expect(rig.writer.pending()).toBe(0)
  })

  test('writes nothing before the start, nothing that is equal, and nothing because its own write comes back', async () => {
    rig.put('HTTPRoute', 'same', { parents: [stamped(parentOf(controllerName, 'edge'))] })
    rig.put('HTTPRoute', 'new')
    rig.writer.set('HTTPRoute/shop/same', routeStatus('same', [parentOf(controllerName, 'edge')]))
    rig.writer.set('HTTPRoute/shop/new', routeStatus('new', [parentOf(controllerName, 'edge')]))
    await pass(5000)
    expect(rig.api.requests).toEqual([])
    rig.writer.start()
    await pass(60_000)
    expect(rig.api.requests).toHaveLength(1)
    expect(rig.writes('new')).toHaveLength(1)
  })

  test('counts what is to be written, and nothing when all is', async () => {
    rig.put('HTTPRoute', 'web')
    rig.writer.set('HTTPRoute/shop/web', routeStatus('web', [parentOf(controllerName, 'edge')]))
    expect(await rig.metrics.render()).toContain('\nfairlead_status_pending 1\n')
    rig.writer.start()
    await rig.writer.idle()
    expect(await rig.metrics.render()).toContain('\nfairlead_status_pending 0\n')
  })

  test('an object that is not there yet is written when it comes', async () => {
    await startAndSet(routeStatus('late', [parentOf(controllerName, 'edge')]))
    expect(rig.api.requests).toEqual([])
    rig.put('HTTPRoute', 'late')
    await pass(0)
    expect(rig.status('HTTPRoute', 'late')).toEqual({ parents: [stamped(parentOf(controllerName, 'edge'))] })
  })

  test('GatewayClasses and Gateways are written before routes', async () => {
    rig.put('HTTPRoute', 'r')
    rig.api.put({ kind: 'GatewayClass', metadata: { name: 'c' } })
    rig.writer.set('HTTPRoute/shop/r', routeStatus('r', [parentOf(controllerName, 'edge')]))
    rig.writer.set('Gateway/shop/edge', gatewayStatus(0))
    rig.writer.set('GatewayClass//c', {
      apiVersion: api,
      kind: 'GatewayClass',
      name: 'c',
      status: { conditions: [condition('Accepted', 'True')] },
    })
    rig.writer.start()
    await pass(0)
    expect(rig.writes().map(({ path }) => path.split('/').slice(4).join('/'))).toEqual([
      'namespaces/shop/gateways/edge/status',
      'gatewayclasses/c/status',
      'namespaces/shop/httproutes/r/status',
    ])
  })

  describe('what is not wanted', () => {
    test('entries of ours go when nothing is wanted any more', async () => {
      rig.put('HTTPRoute', 'r')
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      rig.writer.set('HTTPRoute/shop/r', undefined)
      await pass(5000)
      expect(rig.status('HTTPRoute', 'r')).toEqual({ parents: [] })
    })

    test('at the start, entries of ours go from objects for which nothing is wanted', async () => {
      rig.put('HTTPRoute', 'old', { parents: [parentOf(controllerName, 'gone'), parentOf('theirs', 'gw')] })
      rig.put('HTTPRoute', 'foreign', { parents: [parentOf('theirs', 'gw')] })
      rig.put('BackendTLSPolicy', 'p', {
        ancestors: [{ ancestorRef: { name: 'gone' }, controllerName, conditions: [] }],
      })
      await pass(5000)
      expect(rig.api.requests).toEqual([])
      rig.writer.start()
      await pass(0)
      expect(rig.status('HTTPRoute', 'old')).toEqual({ parents: [parentOf('theirs', 'gw')] })
      expect(rig.status('BackendTLSPolicy', 'p')).toEqual({ ancestors: [] })
      expect(rig.writes()).toHaveLength(2)
    })

    test('an object that comes with entries of ours keeps them while it may be in translation', async () => {
      rig.writer.start()
      rig.put('HTTPRoute', 'back', { parents: [stamped(parentOf(controllerName, 'edge'))] })
      await pass(500)
      rig.writer.set('HTTPRoute/shop/back', routeStatus('back', [parentOf(controllerName, 'edge')]))
      rig.put('HTTPRoute', 'stray', { parents: [parentOf(controllerName, 'edge')] })
      await pass(5000)
      expect(rig.writes().map(({ path }) => path)).toEqual([expect.stringContaining('/stray/status')])
      expect(rig.status('HTTPRoute', 'stray')).toEqual({ parents: [] })
    })
  })

  describe('conflicts', () => {
    test('what somebody else wrote meanwhile stays, though the watch has not told it yet', async () => {
      rig.put('HTTPRoute', 'r')
      rig.holdWatch()
      rig.put('HTTPRoute', 'r', { parents: [parentOf('theirs', 'gw')] })
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      await pass(1000)
      expect(rig.status('HTTPRoute', 'r')).toEqual({
        parents: [parentOf('theirs', 'gw'), stamped(parentOf(controllerName, 'edge'))],
      })
      expect(rig.api.requests.map(({ method }) => method)).toEqual(['PATCH', 'GET', 'PATCH'])
      rig.releaseWatch()
      await pass(5000)
      expect(rig.api.requests).toHaveLength(3)
    })

    test('the next write after one of ours does not need the watch', async () => {
      rig.put('HTTPRoute', 'r')
      rig.holdWatch()
      // Neither write is told by the watch before both are done.
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge', 'False')]))
      rig.writer.set('HTTPRoute/shop/r', routeStatus('r', [parentOf(controllerName, 'edge', 'True')]))
      await pass(1000)
      rig.releaseWatch()
      await pass(5000)
      expect(rig.status('HTTPRoute', 'r')).toEqual({ parents: [stamped(parentOf(controllerName, 'edge'))] })
      expect(rig.api.requests.map(({ method }) => method)).toEqual(['PATCH', 'PATCH'])
    })
  })

  describe('failures', () => {
    test('while there is no API server one request tries, ever more rarely, and then the newest is written', async () => {
      for (let index = 0; index < 50; index++) rig.put('HTTPRoute', `r${index}`)
      rig.api.fault = () => ({ kind: 'lost' })
      rig.writer.start()
      for (let index = 0; index < 50; index++) {
        rig.writer.set(`HTTPRoute/shop/r${index}`, routeStatus(`r${index}`, [parentOf(controllerName, 'old')]))
      }
      await pass(60_000)
      expect(rig.api.requests.length).toBeLessThan(30)
      rig.api.fault = undefined
      for (let index = 0; index < 50; index++) {
        rig.writer.set(`HTTPRoute/shop/r${index}`, routeStatus(`r${index}`, [parentOf(controllerName, 'new')]))
      }
      await pass(40_000)
      await rig.writer.idle()
      for (let index = 0; index < 50; index++) {
        expect(rig.status('HTTPRoute', `r${index}`)).toEqual({ parents: [stamped(parentOf(controllerName, 'new'))] })
      }
    })

    test('waits as long as the API server asks for', async () => {
      rig.put('HTTPRoute', 'r')
      rig.fail(429, { retryAfterMs: 7000 })
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      rig.api.fault = undefined
      await pass(6999)
      expect(rig.api.requests).toHaveLength(1)
      await pass(2)
      expect(rig.writer.pending()).toBe(0)
    })

    test('an answer that was lost is no reason to write twice', async () => {
      rig.put('HTTPRoute', 'r')
      rig.api.fault = () => ({ kind: 'lostAnswer' })
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      rig.api.fault = undefined
      await pass(60_000)
      expect(rig.api.requests).toHaveLength(1)
      expect(rig.writer.pending()).toBe(0)
    })

    test('a refused status is logged once with what the API server says, is no loop, and a new one is tried', async () => {
      rig.put('HTTPRoute', 'r')
      const message = 'HTTPRoute "r" is invalid: status.parents[0].conditions[0].reason: Invalid value'
      rig.fail(422, { message })
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      await pass(30_000)
      expect(rig.api.requests).toHaveLength(1)
      expect(rig.lines).toEqual([
        expect.objectContaining({ level: 'error', object: 'HTTPRoute/shop/r', reason: message }),
      ])
      expect([...rig.writer.problems()]).toEqual([
        ['HTTPRoute/shop/r', `its status is not written, since that is refused: ${message}`],
      ])
      await rig.writer.idle()
      await pass(300_000)
      expect(rig.lines).toHaveLength(1)
      rig.api.fault = undefined
      rig.writer.set('HTTPRoute/shop/r', routeStatus('r', [parentOf(controllerName, 'other')]))
      await pass(1000)
      expect([...rig.writer.problems()]).toEqual([])
      expect(rig.status('HTTPRoute', 'r')).toEqual({ parents: [stamped(parentOf(controllerName, 'other'))] })
    })

    test('a role that lacks the verb is named once; others are written, and these when the verb is there', async () => {
      rig.api.forbid('patch', 'httproutes/status')
      for (const name of ['a', 'b', 'c']) {
        rig.put('HTTPRoute', name)
        rig.writer.set(`HTTPRoute/shop/${name}`, routeStatus(name, [parentOf(controllerName, 'edge')]))
      }
      await startAndSet(gatewayStatus(3))
      expect(rig.status('Gateway', 'edge')).toMatchObject({ listeners: [{ attachedRoutes: 3 }] })
      await pass(20_000)
      expect(rig.writes('httproutes').length).toBeLessThanOrEqual(3)
      expect(rig.lines.map(({ level, msg }) => [level, msg])).toEqual([
        ['warn', 'ClusterRole fairlead lacks `patch` on httproutes/status of gateway.networking.k8s.io; add the verb'],
      ])
      expect([...rig.writer.problems()]).toEqual([
        [
          'HTTPRoute',
          expect.stringMatching(/^statuses are not written: ClusterRole fairlead lacks `patch` on httproutes/),
        ],
      ])
      rig.api.forbid('patch', 'httproutes/status', false)
      await pass(31_000)
      expect([...rig.writer.problems()]).toEqual([])
      for (const name of ['a', 'b', 'c']) {
        expect(rig.status('HTTPRoute', name)).toEqual({ parents: [stamped(parentOf(controllerName, 'edge'))] })
      }
    })

    test('an object that is gone is forgotten, and written when it is made again', async () => {
      rig.put('HTTPRoute', 'r')
      rig.holdWatch()
      rig.api.remove('HTTPRoute', 'shop', 'r')
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      rig.put('HTTPRoute', 'r')
      rig.releaseWatch()
      await pass(1000)
      expect(rig.status('HTTPRoute', 'r')).toEqual({ parents: [stamped(parentOf(controllerName, 'edge'))] })
    })
  })

  describe('pace', () => {
    test('a thousand routes that attach one by one cause five writes of the Gateway at most', async () => {
      await startAndSet(gatewayStatus(0))
      await pass(5000)
      rig.api.requests.length = 0
      for (let attached = 1; attached <= 1000; attached++) {
        rig.writer.set('Gateway/shop/edge', gatewayStatus(attached))
        await pass(10)
      }
      await pass(2000)
      expect(rig.status('Gateway', 'edge')).toMatchObject({ listeners: [{ attachedRoutes: 1000 }] })
      expect(rig.writes('gateways').length).toBeLessThanOrEqual(5)
    })

    test('a condition that changes does not wait as long as counts', async () => {
      await startAndSet(gatewayStatus(0))
      for (let attached = 1; attached <= 500; attached++) {
        rig.writer.set('Gateway/shop/edge', gatewayStatus(attached))
        await pass(10)
      }
      rig.writer.set('Gateway/shop/edge', gatewayStatus(500, 'False'))
      await pass(1000)
      expect(rig.status('Gateway', 'edge')).toMatchObject({ conditions: [{}, { status: 'False' }] })
    })

    test('a change after a while of quiet goes out at once', async () => {
      await startAndSet(gatewayStatus(0))
      await pass(5000)
      rig.writer.set('Gateway/shop/edge', gatewayStatus(1))
      await pass(0)
      expect(rig.status('Gateway', 'edge')).toMatchObject({ listeners: [{ attachedRoutes: 1 }] })
    })

    test('somebody who keeps undoing what we write is named once and answered ever more rarely', async () => {
      rig.put('HTTPRoute', 'r')
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      for (let second = 0; second < 3600; second++) {
        rig.put('HTTPRoute', 'r', { parents: [] })
        await pass(1000)
      }
      expect(rig.writes().length).toBeLessThan(80)
      expect(rig.lines).toEqual([
        expect.objectContaining({ level: 'warn', object: 'HTTPRoute/shop/r', controllerName }),
      ])
    })

    test('two controllers of the same name are told of each other and do not exhaust the API server', async () => {
      rig.put('HTTPRoute', 'r')
      const second = new StatusRig(undefined, rig.api)
      await startAndSet(routeStatus('r', [parentOf(controllerName, 'edge')]))
      second.writer.set('HTTPRoute/shop/r', routeStatus('r', [parentOf(controllerName, 'other')]))
      second.writer.start()
      await pass(3_600_000)
      expect(rig.writes().length).toBeLessThan(160)
      const warning = expect.objectContaining({ level: 'warn', object: 'HTTPRoute/shop/r', controllerName })
      expect(rig.lines).toEqual([warning])
      expect(second.lines).toEqual([warning])
    })

    test('a status that the API server keeps only in part is not sent again', async () => {
      rig.put('HTTPRoute', 'r')
      const put = rig.api.store.write.bind(rig.api.store)
      vi.spyOn(rig.api.store, 'write').mockImplementation((resource, wanted, namespace, name) => {
        const { status, ...rest } = wanted
        return put(
          resource,
          { ...rest, status: { parents: (status as { parents: unknown }).parents } },
          namespace,
          name,
        )
      })
      const wanted = routeStatus('r', [parentOf(controllerName, 'edge')])
      await startAndSet({ ...wanted, status: { ...wanted.status, newField: 1 } })
      await pass(60_000)
      expect(rig.writes()).toHaveLength(1)
    })
  })
})
