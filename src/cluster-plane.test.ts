import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ClusterPlane, startOn } from './cluster-plane.ts'
import type { ControllerConfig } from './controller-config.ts'
import { silentLogger } from './lib/logger.ts'
import { FakeApi } from './watch/fake-api.ts'
import { KubeError, type KubeRequest } from './watch/kube-client.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const controllerName = 'fairlead.dev/gateway-controller'

const gatewayClass = {
  apiVersion,
  kind: 'GatewayClass',
  metadata: { name: 'fairlead' },
  spec: { controllerName },
}
const gateway = {
  apiVersion,
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'infra' },
  spec: { gatewayClassName: 'fairlead', listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] },
}

function config(identity: string, envoyImage: string): ControllerConfig {
  const free = { host: '127.0.0.1', port: 0 }
  return {
    namespace: 'fairlead-system',
    identity,
    xds: free,
    xdsHost: { host: 'fairlead.fairlead-system.svc', port: 18_000 },
    xdsNames: ['fairlead.fairlead-system.svc'],
    probes: free,
    admin: free,
    envoyImage,
    stats: 'listed',
    logLevel: 'silent',
    controllerName,
  }
}

/** Time goes on, and with it what waits for real sockets. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await vi.advanceTimersByTimeAsync(100)
    for (let turns = 0; turns < 5; turns++) await turn()
  }
}

describe('control planes of a cluster', () => {
  let api: FakeApi
  let planes: ClusterPlane[]
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    api = new FakeApi()
    api.put(gatewayClass)
    planes = []
  })
  afterEach(async () => {
    await Promise.all(planes.map((plane) => plane.stop()))
    vi.useRealTimers()
  })
  const start = async (identity: string, image = 'envoy:1'): Promise<ClusterPlane> => {
    const client = {
      send: api.send.bind(api),
      open: api.open.bind(api),
      close: () => Promise.resolve(),
    }
    const started = await startOn(client, config(identity, image), silentLogger())
    if (!started.ok) throw new Error(started.error)
    planes.push(started.value)
    await pass(300)
    return started.value
  }
  const writes = (plural: string) =>
    api.requests.filter(({ method, path }) => method === 'PATCH' && path.includes(`/${plural}/`)).length
  const image = () => /envoy:\d/.exec(JSON.stringify(api.get('Deployment', 'infra', 'edge-fairlead')))?.[0]

  test('of two versions at once only the first writes fleets and statuses, and the second takes over from it', async () => {
    api.put(gateway)
    const old = await start('old', 'envoy:1')
    expect(image()).toBe('envoy:1')
    await start('new', 'envoy:2')
    await pass(10_000)
    expect(writes('deployments')).toBe(1)
    expect(image()).toBe('envoy:1')
    await old.stop()
    await pass(2000)
    expect(writes('deployments')).toBe(2)
    expect(image()).toBe('envoy:2')
    expect(api.get('Gateway', 'infra', 'edge')?.status).toMatchObject({ conditions: [{ type: 'Accepted' }, {}] })
  })

  test('one that cannot read its authority writes nothing, and deletes no fleet', async () => {
    api.put(gateway)
    const old = await start('old', 'envoy:1')
    await old.stop()
    api.fault = ({ path }) => (path.endsWith('/secrets/fairlead-xds') ? { kind: 'answer', status: 500 } : undefined)
    api.requests.length = 0
    await start('new', 'envoy:2')
    await pass(30_000)
    expect(api.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    expect(image()).toBe('envoy:1')
    api.fault = undefined
    await pass(30_000)
    expect(image()).toBe('envoy:2')
    expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('says nothing of parameters, and does nothing, before it has looked them up', async () => {
    const parameters = (name: string, data: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'infra' },
      data,
    })
    const withParameters = (name: string) => {
      const infrastructure = { parametersRef: { group: '', kind: 'ConfigMap', name } }
      return { ...gateway, spec: { ...gateway.spec, infrastructure } }
    }
    const said = () => JSON.stringify(api.requests.map(({ body }) => body))
    await start('one')
    api.put(parameters('two-threads', { concurrency: '2' }))
    api.put(withParameters('two-threads'))
    await pass(2000)
    api.put(parameters('three-threads', { concurrency: '3' }))
    api.put(withParameters('three-threads'))
    await pass(2000)
    expect(JSON.stringify(api.get('Deployment', 'infra', 'edge-fairlead'))).toContain('"--concurrency","3"')
    expect(said()).not.toContain('InvalidParameters')
    expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
    api.put(withParameters('none'))
    await pass(2000)
    expect(said()).toContain('InvalidParameters')
  })

  test('can be stopped while the API server hangs, and gives up what is under way', async () => {
    const closed = Promise.withResolvers<never>()
    closed.promise.catch(() => {})
    let isHanging = false
    const hanging = <T>(answer: () => Promise<T>) => (isHanging ? closed.promise : answer())
    const client = {
      send: (request: KubeRequest) => hanging(() => api.send(request)),
      open: (request: KubeRequest) => hanging(() => api.open(request)),
      close: async () => closed.reject(new KubeError('closed', { status: 0 })),
    }
    const started = await startOn(client, config('one', 'envoy:1'), silentLogger())
    if (!started.ok) throw new Error(started.error)
    await pass(1000)
    isHanging = true
    api.put(gateway)
    await pass(1000)
    let isStopped = false
    void started.value.stop().then(() => {
      isStopped = true
    })
    await pass(1000)
    expect(isStopped).toBe(false)
    await pass(1000)
    expect(isStopped).toBe(true)
  })

  test('can be stopped before the API server ever answered', async () => {
    api.fault = () => ({ kind: 'lost' })
    const plane = await start('early')
    await pass(5000)
    await plane.stop()
    api.fault = undefined
    api.requests.length = 0
    await pass(60_000)
    expect(api.requests).toEqual([])
  })
})
