import { connect as connectHttp2 } from 'node:http2'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeDeltaRequest } from '../envoy/discovery.ts'
import { xdsTypeUrl } from '../envoy/types.ts'
import { createLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { until } from '../testing/envoy-rig.ts'
import { assignment, edsCluster, TestStore } from '../testing/xds-resources.ts'
import { XdsRig } from '../testing/xds-rig.ts'
import { FakeEnvoy, type FakeEnvoyOptions } from './fake-envoy.ts'
import { createXdsMetrics } from './metrics.ts'
import { ResourceStore } from './store.ts'

let rig: XdsRig
beforeEach(() => {
  rig = new XdsRig()
})
afterEach(() => rig.dispose())

function connect(options: Partial<FakeEnvoyOptions> & { readonly port: number }, method?: string): FakeEnvoy {
  const client = new FakeEnvoy({ gateway: 'test/gateway', ...options }, method)
  rig.onDispose(() => client.close())
  return client
}

/** A client on plain HTTP/2 whose window of 64 KiB fills up, because nobody reads. */
function askAndNeverRead(port: number, subscribe: readonly string[]): void {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  rig.onDispose(() => session.destroy())
  const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.on('error', () => {})
  stream.pause()
  const node = { id: 'deaf', cluster: 'test/gateway' }
  const message = encodeDeltaRequest({ node, typeUrl: xdsTypeUrl('endpoint'), resourceNamesSubscribe: subscribe })
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.write(Buffer.concat([head, message]))
}

describe('the xDS server', () => {
  test('keeps nothing of a client that has gone', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const join = vi.spyOn(stock.store, 'join')
    const { port } = await rig.serve(stock)
    const client = connect({ port })
    client.request('cluster')
    await client.next('cluster')
    const [joined] = join.mock.results
    if (joined?.type !== 'return') throw new Error('no stream has joined the store')
    const leave = vi.spyOn(joined.value, 'leave')
    client.close()
    await expect.poll(() => leave.mock.calls.length, { timeout: 20_000 }).toBe(1)
  })

  test('carries names, versions, bytes and removals as they are', async () => {
    const stock = new TestStore()
    const cluster = edsCluster('a')
    stock.put([cluster])
    const { port } = await rig.serve(stock)
    const client = connect({ port })
    client.request('cluster')
    const first = await client.next('cluster')
    expect(first.typeUrl).toBe(xdsTypeUrl('cluster'))
    expect(first.resources).toMatchObject([{ name: 'a', version: cluster.version }])
    expect(Buffer.from(first.resources[0]?.resource?.value ?? [])).toEqual(Buffer.from(cluster.bytes))
    client.answer(first)
    stock.remove(cluster)
    expect(await client.next('cluster')).toMatchObject({ resources: [], removedResources: ['a'] })
  })

  test('sends a change to every proxy of that Gateway and to no other', async () => {
    const [one, two] = [new TestStore('test/one'), new TestStore('test/two')]
    one.put([edsCluster('a')])
    const shared = new TestStore('test/one')
    shared.put([edsCluster('a')])
    shared.store.apply({
      resources: [{ gateway: 'test/two', type: 'cluster', name: 'b', resource: edsCluster('b') }],
      endpoints: [],
    })
    const { port } = await rig.serve(shared)
    const clients = ['test/one', 'test/one', 'test/two'].map((gateway) => connect({ port, gateway }))
    for (const client of clients) client.request('cluster')
    const first = await Promise.all(clients.map((client) => client.next('cluster')))
    expect(first.map(({ resources }) => resources.map(({ name }) => name))).toEqual([['a'], ['a'], ['b']])
    for (const [index, client] of clients.entries()) {
      const response = first[index]
      if (response !== undefined) client.answer(response)
    }
    shared.put([edsCluster('c')])
    const next = await Promise.all(clients.slice(0, 2).map((client) => client.next('cluster')))
    expect(next.map(({ resources }) => resources.map(({ name }) => name))).toEqual([['c'], ['c']])
    expect(two.store.has('test/two')).toBe(false)
  })

  test('a Gateway that has nothing to serve is answered at once: its proxies are ready, and done', async () => {
    const stock = new TestStore()
    stock.put([], [], 'first')
    const { port, feedback } = await rig.serve(stock)
    const client = connect({ port })
    client.answerAll()
    client.request('cluster')
    client.request('listener')
    await vi.waitUntil(() => feedback.delivery(stock.gateway).revision === 'first')
    expect(feedback.delivery(stock.gateway)).toEqual({ connected: 1, synced: true, revision: 'first' })
  })

  test('a stream waits until the first configuration is complete: it is told nothing of a part', async () => {
    const stock = new TestStore()
    const store = new ResourceStore()
    const { port } = await rig.serve(stock, { store })
    const joined = vi.spyOn(store, 'join')
    const put = (name: string) => {
      const resource = edsCluster(name)
      store.apply({ resources: [{ gateway: stock.gateway, type: 'cluster', name, resource }], endpoints: [] })
    }
    const [early, late] = [connect({ port }), connect({ port })]
    early.request('cluster')
    await vi.waitUntil(() => joined.mock.calls.length === 1)
    put('a')
    late.request('cluster')
    // Whoever were told of the part would have been told by now.
    await vi.waitUntil(() => joined.mock.calls.length === 2)
    put('b')
    store.markSynced()
    for (const client of [early, late]) {
      expect((await client.next('cluster')).resources.map(({ name }) => name)).toEqual(['a', 'b'])
    }
  })

  test('a stream is sent away when the first configuration takes too long', async () => {
    const stock = new TestStore()
    const store = new ResourceStore()
    const { port } = await rig.serve(stock, { store, unknownGatewayWaitMs: 20 })
    const client = connect({ port })
    client.request('cluster')
    expect(await client.ended).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'the first configuration is still being read',
    })
  })

  test('serves a proxy of a Gateway that appears while it waits', async () => {
    const stock = new TestStore()
    const waits = Promise.withResolvers<string>()
    const logger = createLogger({ level: 'warn', format: 'json', sink: { write: (line) => waits.resolve(line) } })
    const { port } = await rig.serve(stock, { logger })
    const client = connect({ port })
    client.request('cluster')
    client.request('listener')
    expect(await waits.promise).toContain('a proxy asks for a Gateway that has no configuration')
    stock.put([edsCluster('a')])
    expect((await client.next('cluster')).resources.map(({ name }) => name)).toEqual(['a'])
    expect((await client.next('listener')).resources).toEqual([])
  })

  test('turns a proxy of an unknown Gateway away after a while', async () => {
    const { port, feedback } = await rig.serve(new TestStore(), { unknownGatewayWaitMs: 20 })
    const client = connect({ port, gateway: 'shop/typo' })
    client.request('cluster')
    expect(await client.ended).toMatchObject({
      code: status.NOT_FOUND,
      details: 'no Gateway shop/typo is configured (node.cluster names it)',
    })
    expect(feedback.delivery('shop/typo').connected).toBe(0)
  })

  test.each([
    ['bytes that are no request', Buffer.from([0xff, 0xff]), /^request is not a DeltaDiscoveryRequest: /],
    ['a request without node', encodeDeltaRequest({ typeUrl: xdsTypeUrl('cluster') }), /must carry a node$/],
    [
      'a node without Gateway',
      encodeDeltaRequest({ node: { id: 'n', cluster: 'edge' } }),
      /^node.cluster "edge" must name a Gateway as <namespace>\/<name>$/,
    ],
    ['a node without id', encodeDeltaRequest({ node: { cluster: 'a/b' } }), /^node.id is empty/],
  ])('ends a stream that sends %s, and no other', async (_title, bytes, details) => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const { port } = await rig.serve(stock)
    const [good, bad] = [connect({ port }), connect({ port })]
    good.request('cluster')
    good.answer(await good.next('cluster'))
    bad.writeRaw(bytes)
    const ended = await bad.ended
    expect(ended.code).toBe(status.INVALID_ARGUMENT)
    expect(ended.details).toMatch(details)
    stock.put([edsCluster('b')])
    expect((await good.next('cluster')).resources.map(({ name }) => name)).toEqual(['b'])
  })

  test('ends a stream whose node changes', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const { port } = await rig.serve(stock)
    const client = connect({ port })
    client.request('cluster')
    await client.next('cluster')
    client.writeRaw(
      encodeDeltaRequest({ node: { id: 'other', cluster: 'test/gateway' }, typeUrl: xdsTypeUrl('listener') }),
    )
    expect(await client.ended).toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  test('tells every proxy that it is stopping, and does not wait for one that does not listen', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const { server, port } = await rig.serve(stock)
    const proxies = [connect({ port, nodeId: 'one' }), connect({ port, nodeId: 'two' })]
    for (const proxy of proxies) {
      proxy.request('cluster')
      await proxy.next('cluster')
    }
    askAndNeverRead(port, [])
    await until(
      () => server.proxies().length,
      (count) => count === 3,
    )
    await server.close()
    const stopping = { code: status.UNAVAILABLE, details: 'the control plane is stopping' }
    for (const proxy of proxies) expect(await proxy.ended).toMatchObject(stopping)
    await expect(server.listen('127.0.0.1:0')).rejects.toThrow()
  })

  test('says that it does not speak state-of-the-world', async () => {
    const { port } = await rig.serve(new TestStore())
    const client = connect({ port }, 'StreamAggregatedResources')
    expect(await client.ended).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: 'state-of-the-world ADS is not served; set api_type: DELTA_GRPC in ads_config',
    })
  })

  test('ignores a type that it does not serve', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const { port } = await rig.serve(stock)
    const client = connect({ port })
    const node = { id: 'fake', cluster: 'test/gateway' }
    client.writeRaw(encodeDeltaRequest({ node, typeUrl: 'type.googleapis.com/envoy.service.runtime.v3.Runtime' }))
    client.request('cluster')
    expect((await client.next('cluster')).resources).toHaveLength(1)
  })

  test('cuts off a client that does not read, after it was sent a bounded number of bytes', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    let bytes = 0
    const metrics = {
      sent: (_type: string, _count: number, size: number) => {
        bytes += size
      },
      acked: () => {},
      nacked: () => {},
      streams: () => {},
    }
    const { port, server } = await rig.serve(stock, { metrics, writeTimeoutMs: 500 })
    const subscribe = Array.from({ length: 64 }, (_, index) => `e${index}`)
    const ports = Array.from({ length: 10_000 }, (_, index) => index + 1)
    stock.put(subscribe.map((name) => assignment(name, ...ports)))
    askAndNeverRead(port, subscribe)
    await until(
      () => server.proxies().length,
      (proxies) => proxies === 1,
    )
    for (let round = 0; round < 20; round++) stock.put(subscribe.map((name) => assignment(name, 20_000 + round)))
    await until(
      () => server.proxies().length,
      (proxies) => proxies === 0,
      { what: 'the client to be cut off' },
    )
    expect(bytes).toBeLessThan(2_000_000)
  })

  test('shows what every proxy was sent and said, and counts it', async () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const registry = createMetrics()
    const { port, server, feedback } = await rig.serve(stock, { metrics: createXdsMetrics(registry) })
    const client = connect({ port, nodeId: 'edge-1' })
    client.request('cluster')
    client.answer(await client.next('cluster'), 'Error adding/updating cluster(s) a: no')
    await until(
      () => feedback.refusals().length,
      (count) => count === 1,
    )
    expect(server.proxies()).toMatchObject([
      {
        node: { id: 'edge-1', gateway: 'test/gateway', version: 'envoy 1.40.0' },
        types: [{ type: 'cluster', sent: 1, acked: 0, nacked: 1, known: 0, pending: 0 }],
      },
    ])
    expect(feedback.refusals()).toMatchObject([{ gateway: 'test/gateway', type: 'cluster', name: 'a', message: 'no' }])
    const text = await registry.render()
    expect(text).toContain('fairlead_xds_replies_total{type="cluster",result="nack"} 1')
    expect(text).toContain('fairlead_xds_streams 1')
    stock.remove(edsCluster('a'))
    expect(feedback.refusals()).toEqual([])
  })
})
