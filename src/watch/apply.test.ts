import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ApplierRig, fleetObject, fleetOf } from '../testing/applier-rig.ts'

const everything = ['PATCH serviceaccounts', 'PATCH configmaps', 'PATCH services', 'PATCH deployments']

describe('Applier', () => {
  let rig: ApplierRig
  beforeEach(() => {
    vi.useFakeTimers()
    rig = new ApplierRig()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
  const apply = async (gateway: string, objects = fleetOf(gateway)) => {
    rig.applier.set(`shop/${gateway}`, objects)
    rig.applier.start()
    await pass(0)
  }
  const get = (kind: string, gateway = 'edge') => rig.api.get(kind, 'shop', `${gateway}-ours`)

  test('applies what pods need before the pods', async () => {
    await apply('edge')
    expect(rig.summary()).toEqual(everything)
    expect(rig.writes()[3]).toMatchObject({
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: 'fairlead' },
      body: { metadata: { annotations: { 'fairlead.dev/controller': 'example.com/ours' } } },
    })
    expect(get('Deployment')).toMatchObject({ spec: { template: { image: 'envoy:1' } } })
    expect(rig.applier.pending()).toBe(0)
  })

  test('sends nothing before the start, and nothing that is as it should be', async () => {
    rig.applier.set('shop/edge', fleetOf('edge'))
    await pass(5000)
    expect(rig.api.requests).toEqual([])
    rig.applier.start()
    await pass(0)
    rig.applier.set('shop/edge', fleetOf('edge'))
    await pass(600_000)
    expect(rig.writes()).toHaveLength(4)
  })

  test('applies only the object that changed', async () => {
    await apply('edge')
    rig.api.requests.length = 0
    rig.applier.set('shop/edge', fleetOf('edge', 'envoy:2'))
    await pass(1000)
    expect(rig.summary()).toEqual(['PATCH deployments'])
    expect(rig.writes()[0]).toMatchObject({
      query: { force: 'true' },
      body: { metadata: { uid: get('Deployment')?.metadata.uid } },
    })
    expect(get('Deployment')).toMatchObject({ spec: { template: { image: 'envoy:2' } } })
  })

  test('deletes what an owner does not have any more, with the uid that it knows', async () => {
    await apply('edge')
    const uid = get('Deployment')?.metadata.uid
    rig.api.requests.length = 0
    const daemonSet = fleetObject('DaemonSet', 'edge', { spec: {} })
    rig.applier.set('shop/edge', [...fleetOf('edge').filter(({ kind }) => kind !== 'Deployment'), daemonSet])
    await pass(1000)
    expect(rig.summary().toSorted()).toEqual(['DELETE deployments', 'PATCH daemonsets'])
    expect(rig.writes().find(({ method }) => method === 'DELETE')?.body).toMatchObject({ preconditions: { uid } })
    expect(get('Deployment')).toBeUndefined()
  })

  test('deletes everything of an owner that is gone, also what was under way', async () => {
    rig.applier.set('shop/edge', fleetOf('edge'))
    rig.applier.start()
    await Promise.resolve()
    await Promise.resolve()
    rig.applier.delete('shop/edge')
    await pass(1000)
    for (const kind of ['ServiceAccount', 'ConfigMap', 'Service', 'Deployment']) expect(get(kind)).toBeUndefined()
    expect(rig.applier.pending()).toBe(0)
  })

  describe('while an owner is held', () => {
    const name = { namespace: 'shop', name: 'edge-ours' }

    test('what it has is neither changed nor deleted, and is brought in order afterwards', async () => {
      await apply('edge')
      rig.api.requests.length = 0
      rig.applier.hold('shop/edge', name)
      await pass(600_000)
      expect(rig.summary()).toEqual([])
      rig.applier.set(
        'shop/edge',
        fleetOf('edge', 'envoy:2').filter(({ kind }) => kind !== 'Service'),
      )
      await pass(1000)
      expect(rig.summary().toSorted()).toEqual(['DELETE services', 'PATCH deployments'])
    })

    test('nothing is made for it', async () => {
      rig.applier.hold('shop/edge', name)
      rig.applier.start()
      await pass(600_000)
      expect(rig.api.requests).toEqual([])
    })

    test('what it has goes with it', async () => {
      await apply('edge')
      rig.applier.hold('shop/edge', name)
      rig.applier.delete('shop/edge')
      await pass(1000)
      for (const kind of ['ServiceAccount', 'ConfigMap', 'Service', 'Deployment']) expect(get(kind)).toBeUndefined()
    })
  })

  describe('after a restart', () => {
    const restart = async () => {
      await rig.applier.stop()
      rig = new ApplierRig(rig.api)
      rig.api.requests.length = 0
    }

    test('what is there and equal is not applied at once, and once later to be sure', async () => {
      await apply('edge')
      await restart()
      await apply('edge')
      expect(rig.api.requests).toEqual([])
      expect(rig.applier.pending()).toBe(0)
      await pass(600_000)
      expect(rig.summary()).toEqual(everything)
    })

    test('a fleet that is held stays', async () => {
      await apply('edge')
      await restart()
      rig.applier.hold('shop/edge', { namespace: 'shop', name: 'edge-ours' })
      rig.applier.start()
      await pass(600_000)
      expect(rig.api.requests).toEqual([])
    })

    test('fleets that nobody wants any more are deleted, those of others and what only looks like ours are not', async () => {
      await apply('edge')
      await apply('gone')
      const { metadata } = get('Service', 'gone') ?? {}
      const others = { ...metadata, annotations: { 'fairlead.dev/controller': 'example.com/other' } }
      rig.api.put({ kind: 'Service', metadata: { ...others, name: 'of-another-controller' } })
      rig.api.put({ kind: 'Service', metadata: { ...metadata, name: 'copied', managedFields: [] } })
      await restart()
      rig.applier.set('shop/edge', fleetOf('edge'))
      await pass(5000)
      expect(rig.api.requests).toEqual([])
      rig.applier.start()
      await pass(100)
      expect(rig.summary().toSorted()).toEqual(everything.map((write) => write.replace('PATCH', 'DELETE')).toSorted())
      expect(get('Service', 'gone')).toBeUndefined()
      expect(get('Service')).toBeDefined()
      expect(rig.api.get('Service', 'shop', 'of-another-controller')).toBeDefined()
      expect(rig.api.get('Service', 'shop', 'copied')).toBeDefined()
    })

    test('what changed meanwhile is applied at once', async () => {
      await apply('edge')
      await restart()
      await apply('edge', fleetOf('edge', 'envoy:2'))
      expect(rig.summary()).toEqual(['PATCH deployments'])
    })
  })

  describe('repairs', () => {
    test('an object that somebody deleted comes back', async () => {
      await apply('edge')
      await pass(5000)
      rig.api.remove('Service', 'shop', 'edge-ours')
      await pass(1000)
      expect(get('Service')).toMatchObject({ spec: { ports: [{ port: 80 }] } })
    })

    test('a field that somebody took over is ours again; a new version without such a change is left alone', async () => {
      await apply('edge')
      await pass(5000)
      rig.api.requests.length = 0
      const live = get('Service')
      rig.api.put({
        ...live,
        spec: { ports: [{ name: 'http', port: 81 }] },
        metadata: { ...live?.metadata, managedFields: [] },
      })
      await pass(1000)
      expect(get('Service')).toMatchObject({ spec: { ports: [{ port: 80 }] } })
      expect(rig.summary()).toEqual(['PATCH services'])
      rig.api.put({ ...get('Deployment'), status: { readyReplicas: 1 } })
      await pass(1000)
      expect(rig.summary()).toEqual(['PATCH services'])
    })

    test('the label comes back, although the watch takes its loss for a deletion', async () => {
      await apply('edge')
      await pass(5000)
      const live = get('Service')
      rig.api.put({ ...live, metadata: { ...live?.metadata, labels: {} } })
      await pass(1000)
      expect(get('Service')?.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'fairlead' })
    })

    test('somebody who keeps changing our fields is named once and answered ever more rarely', async () => {
      await apply('edge')
      rig.api.requests.length = 0
      for (let second = 0; second < 3600; second++) {
        const live = get('Service')
        rig.api.put({ ...live, spec: { second }, metadata: { ...live?.metadata, managedFields: [] } })
        await pass(1000)
      }
      expect(rig.writes().length).toBeLessThan(80)
      expect(rig.lines).toEqual([expect.objectContaining({ level: 'warn', owner: 'shop/edge' })])
    })
  })

  describe('objects of others', () => {
    const foreign = 'Service shop/edge-ours exists and does not belong to this Gateway; rename or delete it'

    test('an object of the same name is not touched, the owner is told, the others are applied', async () => {
      const before = rig.api.put({
        kind: 'Service',
        metadata: { name: 'edge-ours', namespace: 'shop' },
        spec: { theirs: 1 },
      })
      await apply('edge')
      expect(get('Service')).toBe(before)
      expect(rig.summary()).toEqual(everything.filter((write) => write !== 'PATCH services'))
      expect(rig.problems).toEqual([['shop/edge', foreign]])
      await rig.applier.idle()
    })

    test('when it is gone, ours takes its place and the problem ends', async () => {
      rig.api.put({ kind: 'Service', metadata: { name: 'edge-ours', namespace: 'shop' } })
      await apply('edge')
      rig.api.remove('Service', 'shop', 'edge-ours')
      await pass(31_000)
      expect(get('Service')).toMatchObject({ spec: { ports: [{ port: 80 }] } })
      expect(rig.problems).toEqual([
        ['shop/edge', foreign],
        ['shop/edge', undefined],
      ])
    })

    test('one of another Gateway is not taken, though it has our label', async () => {
      const other = fleetObject('Service', 'other')
      rig.api.put({ ...other, metadata: { ...other.metadata, name: 'edge-ours' } })
      await apply('edge')
      expect(rig.problems).toEqual([['shop/edge', foreign]])
    })

    test('those of a Gateway of the same name that existed before are taken over', async () => {
      await apply('edge', fleetOf('edge', 'envoy:1', 'uid-before'))
      rig.applier.delete('shop/edge')
      await apply('edge', fleetOf('edge', 'envoy:1', 'uid-now'))
      await pass(1000)
      expect(rig.problems).toEqual([])
      expect(get('Service')?.metadata).toMatchObject({ ownerReferences: [{ uid: 'uid-now' }] })
    })

    test('one that is made between the look and the apply is not overwritten', async () => {
      rig.api.fault = ({ method, path }) => {
        if (method !== 'PATCH' || !path.includes('/services/')) return undefined
        rig.api.fault = undefined
        rig.api.put({ kind: 'Service', metadata: { name: 'edge-ours', namespace: 'shop' }, spec: { theirs: 1 } })
        return { kind: 'answer', status: 409, reason: 'Conflict' }
      }
      await apply('edge')
      await pass(10_000)
      expect(get('Service')).toMatchObject({ spec: { theirs: 1 } })
      expect(rig.problems).toEqual([['shop/edge', foreign]])
    })
  })

  describe('failures', () => {
    test('a role that lacks a verb is named to the owner; what is allowed is applied', async () => {
      rig.api.forbid('patch', 'deployments')
      await apply('edge')
      expect(rig.problems).toEqual([
        [
          'shop/edge',
          'Deployment shop/edge-ours cannot be applied: ClusterRole fairlead lacks `patch` on deployments of apps; add the verb',
        ],
      ])
      rig.api.forbid('patch', 'deployments', false)
      await pass(31_000)
      expect(get('Deployment')).toBeDefined()
      expect(rig.problems.at(-1)).toEqual(['shop/edge', undefined])
    })

    test('what admission says reaches the owner, and there is no loop', async () => {
      const message = 'exceeded quota: few, requested: services.loadbalancers=1, used: 0, limited: 0'
      rig.api.fault = ({ method, path }) =>
        method === 'PATCH' && path.includes('/services/') ? { kind: 'answer', status: 403, message } : undefined
      await apply('edge')
      expect(rig.problems).toEqual([['shop/edge', `Service shop/edge-ours is refused: ${message}`]])
      await pass(600_000)
      expect(rig.writes().length).toBeLessThan(12)
      expect(rig.problems).toHaveLength(1)
    })

    test('a namespace that is being deleted is nobody’s problem', async () => {
      const message = 'unable to create new content in namespace shop because it is being terminated'
      rig.api.fault = ({ method }) => (method === 'PATCH' ? { kind: 'answer', status: 403, message } : undefined)
      await apply('edge')
      expect(rig.problems).toEqual([])
      expect(rig.lines).toEqual([])
      await rig.applier.idle()
    })

    test('without an API server one request tries, ever more rarely, and then everything is applied', async () => {
      rig.api.fault = () => ({ kind: 'lost' })
      for (let index = 0; index < 20; index++) rig.applier.set(`shop/gw${index}`, fleetOf(`gw${index}`))
      rig.applier.start()
      await pass(60_000)
      expect(rig.api.requests.length).toBeLessThan(30)
      rig.api.fault = undefined
      await pass(40_000)
      expect(rig.applier.pending()).toBe(0)
      for (let index = 0; index < 20; index++) expect(get('Deployment', `gw${index}`)).toBeDefined()
    })

    test('an object that cannot be deleted yet is waited for and then made again', async () => {
      await apply('edge')
      await pass(5000)
      const live = get('Service')
      rig.api.put({
        ...live,
        metadata: { ...live?.metadata, finalizers: ['example.com/slow'], deletionTimestamp: 'now' },
      })
      rig.applier.set('shop/edge', fleetOf('edge', 'envoy:2'))
      await pass(10_000)
      expect(rig.api.requests.filter(({ path }) => path.includes('/services/'))).toHaveLength(2)
      rig.api.remove('Service', 'shop', 'edge-ours')
      await pass(1000)
      expect(get('Service')?.metadata.uid).not.toBe(live?.metadata.uid)
    })
  })
})
