import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { controllerName, gatewayStatus, parentOf, routeStatus } from '../testing/status-rig.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'
import type { KubeClient, KubeRequest } from './kube-client.ts'
import { LiveObjects } from './live-objects.ts'
import { readLiveObject } from './live-version.ts'
import { Reflector } from './reflector.ts'
import { StatusWriter } from './status-writer.ts'

const root = '/apis/gateway.networking.k8s.io/v1/namespaces/shop'
const apiVersion = 'gateway.networking.k8s.io/v1'

let server: ApiServer
let client: ConnectedCluster
beforeAll(async () => {
  server = await startApiServer()
  await server.installGatewayApi('standard')
  const connected = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  client = connected.value
}, 120_000)
afterAll(async () => {
  await client?.close()
  await server?.stop()
})

/** A writer with watches of its own. */
class Writing {
  readonly live = new LiveObjects()
  readonly requests: KubeRequest[] = []
  readonly writer: StatusWriter
  readonly #reflectors: readonly Reflector[]

  constructor() {
    const recording: KubeClient = {
      send: (request) => {
        this.requests.push(request)
        return client.send(request)
      },
      open: (request) => client.open(request),
      close: () => Promise.resolve(),
    }
    const now = () => `${new Date().toISOString().slice(0, 19)}Z`
    const options = { logger: silentLogger(), metrics: createMetrics(), now, controllerName }
    this.writer = new StatusWriter({ client: recording, live: this.live, ...options })
    this.#reflectors = [
      ['Gateway', 'gateways'],
      ['HTTPRoute', 'httproutes'],
    ].map(([kind, plural]) => this.#reflect(`${kind}`, `${plural}`))
    for (const reflector of this.#reflectors) reflector.start()
  }

  /** Resolves when the watch tells an object like that. */
  seen(
    key: string,
    isIt: (status: Readonly<Record<string, unknown>> | undefined) => boolean = () => true,
  ): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        const live = this.live.get(key)
        if (live !== undefined && isIt(live.status)) resolve()
      }
      this.live.onChange(look)
      look()
    })
  }

  async stop(): Promise<void> {
    await this.writer.stop()
    await Promise.all(this.#reflectors.map((reflector) => reflector.close()))
  }

  #reflect(kind: string, plural: string): Reflector {
    return new Reflector({
      client,
      path: `${root}/${plural}`,
      logger: silentLogger(),
      sink: {
        upsert: (object) => {
          const live = readLiveObject(object)
          if (live !== undefined) this.live.set(`${kind}/shop/${object.metadata.name}`, live)
        },
        remove: (key) => this.live.delete(`${kind}/${key}`),
        state: () => {},
      },
    })
  }
}

const create = (plural: string, object: object) =>
  client.send({ method: 'POST', path: `${root}/${plural}`, body: object })
const route = (name: string) => ({
  apiVersion,
  kind: 'HTTPRoute',
  metadata: { name },
  spec: { parentRefs: [{ name: 'edge' }] },
})
/** As the API server shows it: with the defaults of a reference. */
const parent = (controller: string, name: string, status = 'True') => {
  const entry = parentOf(controller, name, status)
  return { ...entry, parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...entry.parentRef } }
}
const statusOf = async (plural: string, name: string) => {
  return readLiveObject(await client.send({ method: 'GET', path: `${root}/${plural}/${name}` }))?.status
}

describe('StatusWriter on a real API server', () => {
  let writing: Writing
  beforeEach(async () => {
    await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: shop}}')
    await server.kubectl(['delete', 'httproutes,gateways', '--all', '-n', 'shop'])
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }]
    await create('gateways', {
      apiVersion,
      kind: 'Gateway',
      metadata: { name: 'edge' },
      spec: { gatewayClassName: 'c', listeners },
    })
    writing = new Writing()
    writing.writer.start()
    return () => writing.stop()
  })

  test('a Gateway gets its status and loses nothing of what is not ours', async () => {
    writing.writer.set('Gateway/shop/edge', gatewayStatus(7))
    await writing.seen('Gateway/shop/edge', (status) => Array.isArray(status?.listeners))
    await writing.writer.idle()
    expect(await statusOf('gateways', 'edge')).toMatchObject({
      conditions: [
        { type: 'Accepted', status: 'True' },
        { type: 'Programmed', status: 'True' },
      ],
      listeners: [{ name: 'http', attachedRoutes: 7 }],
    })
    expect(writing.requests).toHaveLength(1)
  })

  test('two controllers that write one route at the same time lose nothing of each other', async () => {
    await create('httproutes', route('r'))
    await writing.seen('HTTPRoute/shop/r')
    const write = async (round: number) => {
      const theirs = `{"parentRef": {"name": "theirs"}, "controllerName": "example.com/theirs", "conditions": [{"type": "Accepted", "status": "True", "reason": "R${round}", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}`
      const live = readLiveObject(await client.send({ method: 'GET', path: `${root}/httproutes/r` }))
      const entries = (live?.status?.parents ?? []) as readonly { readonly controllerName: string }[]
      const ours = entries.filter((entry) => entry.controllerName === controllerName)
      await client.send({
        method: 'PATCH',
        path: `${root}/httproutes/r/status`,
        contentType: 'application/merge-patch+json',
        body: {
          metadata: { resourceVersion: live?.resourceVersion },
          status: { parents: [JSON.parse(theirs) as unknown, ...ours] },
        },
      })
    }
    let wins = 0
    for (let round = 0; round < 40; round++) {
      const status = round % 2 === 0 ? 'False' : 'True'
      writing.writer.set('HTTPRoute/shop/r', routeStatus('r', [parent(controllerName, 'edge', status)]))
      wins += await write(round).then(
        () => 1,
        () => 0,
      )
    }
    await writing.writer.idle()
    expect(wins).toBeGreaterThan(0)
    const { parents } = (await statusOf('httproutes', 'r')) as { readonly parents: readonly object[] }
    expect(parents).toHaveLength(2)
    expect(parents).toContainEqual(
      expect.objectContaining({ controllerName, conditions: [expect.objectContaining({ status: 'True' })] }),
    )
  })

  test('a route that has no parent of ours any more has an empty list, which the API demands', async () => {
    await create('httproutes', route('r'))
    writing.writer.set('HTTPRoute/shop/r', routeStatus('r', [parent(controllerName, 'edge')]))
    await writing.seen('HTTPRoute/shop/r', (status) => JSON.stringify(status ?? {}).includes(controllerName))
    writing.writer.set('HTTPRoute/shop/r', undefined)
    await writing.writer.idle()
    expect(await statusOf('httproutes', 'r')).toEqual({ parents: [] })
  })

  test('a status that the API server refuses is tried once', async () => {
    await create('httproutes', route('r'))
    await writing.seen('HTTPRoute/shop/r')
    const wrong = routeStatus('r', [{ ...parent(controllerName, 'edge'), conditions: [{ type: 'no spaces allowed' }] }])
    writing.writer.set('HTTPRoute/shop/r', wrong)
    await writing.writer.idle()
    expect(writing.requests).toHaveLength(1)
    expect(await statusOf('httproutes', 'r')).toBeUndefined()
  })

  test('a thousand routes that come one by one are written once each, and the Gateway five times at most', async () => {
    writing.writer.set('Gateway/shop/edge', gatewayStatus(0))
    await writing.seen('Gateway/shop/edge', (status) => Array.isArray(status?.listeners))
    await writing.writer.idle()
    writing.requests.length = 0
    let attached = 0
    writing.live.onChange((key) => {
      if (!key.startsWith('HTTPRoute/') || writing.live.get(key)?.status !== undefined) return
      const name = key.slice(key.lastIndexOf('/') + 1)
      attached += 1
      writing.writer.set(key, routeStatus(name, [parent(controllerName, 'edge')]))
      writing.writer.set('Gateway/shop/edge', gatewayStatus(attached))
    })
    const names = Array.from({ length: 1000 }, (_, index) => `r${index}`)
    const creators = Array.from({ length: 8 }, async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) await create('httproutes', route(name))
    })
    await Promise.all(creators)
    await writing.seen('Gateway/shop/edge', (status) => JSON.stringify(status).includes('"attachedRoutes":1000'))
    await writing.writer.idle()
    const writesOf = (plural: string) => writing.requests.filter(({ path }) => path.includes(plural))
    expect(writesOf('gateways').length).toBeLessThanOrEqual(5)
    expect(writesOf('httproutes')).toHaveLength(1000)
  })
})
