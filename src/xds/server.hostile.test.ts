/** Clients that send anything but what a proxy does: they are bounded, and others do not notice. */
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeDeltaRequest } from '../envoy/discovery.ts'
import { xdsTypeUrl } from '../envoy/types.ts'
import { createLogger } from '../lib/logger.ts'
import { ok } from '../lib/result.ts'
import { Dice } from '../testing/dice.ts'
import { assignment, edsCluster, TestStore } from '../testing/xds-resources.ts'
import { XdsRig } from '../testing/xds-rig.ts'
import { FakeEnvoy, type FakeEnvoyOptions } from './fake-envoy.ts'
import type { XdsServerOptions } from './server.ts'

const gateway = 'test/gateway'
const node = { id: 'bad', cluster: gateway }
const typeUrl = xdsTypeUrl('cluster')

let rig: XdsRig
let stock: TestStore
let lines: string[]
let changes = 0
beforeEach(() => {
  rig = new XdsRig()
  lines = []
  stock = new TestStore(gateway)
  stock.put([edsCluster('a')])
})
afterEach(() => rig.dispose())

async function serve(options: Partial<XdsServerOptions> = {}) {
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } })
  return rig.serve(stock, { logger, ...options })
}

function connect(options: Partial<FakeEnvoyOptions> & { readonly port: number }): FakeEnvoy {
  const client = new FakeEnvoy({ gateway, nodeId: 'bad', ...options })
  rig.onDispose(() => client.close())
  return client
}

/** A proxy as they should be, which has everything. */
async function goodProxy(port: number): Promise<FakeEnvoy> {
  const proxy = connect({ port, nodeId: 'good' })
  proxy.request('cluster')
  proxy.answer(await proxy.next('cluster'))
  return proxy
}

/** It is told of a change, and tells that it has it. */
async function expectServed(proxy: FakeEnvoy): Promise<void> {
  const name = `change-${++changes}`
  stock.put([edsCluster(name)])
  const response = await proxy.next('cluster')
  expect(response.resources.map((resource) => resource.name)).toEqual([name])
  proxy.answer(response)
}

/** A stream on plain HTTP/2 that sends these bytes as they are; resolves to the trailer grpc-status, or the error code. */
function sendRaw(port: number, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  rig.onDispose(() => session.destroy())
  const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
  const fixed = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
  const stream: ClientHttp2Stream = session.request({ ...fixed, ...headers })
  stream.resume()
  stream.write(bytes)
  return new Promise((resolve) => {
    stream.on('response', (head) => head['grpc-status'] !== undefined && resolve(String(head['grpc-status'])))
    stream.on('trailers', (trailers) => resolve(String(trailers['grpc-status'])))
    stream.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  })
}

/** Asks for endpoints over plain HTTP/2 and reads nothing, so that its window of 64 KiB fills up. */
function askAndNeverRead(port: number, id: string, names: readonly string[]): void {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  rig.onDispose(() => session.destroy())
  const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
  const stream = session.request(headers)
  stream.on('error', () => {})
  stream.pause()
  const message = encodeDeltaRequest({
    node: { id, cluster: gateway },
    typeUrl: xdsTypeUrl('endpoint'),
    resourceNamesSubscribe: [...names],
  })
  stream.write(frame(message.length, Buffer.from(message)))
}

function frame(length: number, content: Buffer, isCompressed = false): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(isCompressed ? 1 : 0)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, content])
}

describe('messages', () => {
  test('that are cut or garbled end their own stream at most', async () => {
    const { port } = await serve()
    const good = await goodProxy(port)
    const dice = new Dice(7)
    const request = encodeDeltaRequest({
      node: { ...node, metadata: { fields: { a: { listValue: { values: [{ numberValue: 1 }] } } } } },
      typeUrl,
      resourceNamesSubscribe: ['a', 'b'],
      initialResourceVersions: { a: '1' },
      errorDetail: { code: 1, message: 'no', details: [{ typeUrl: 'x', value: Buffer.from('y') }] },
    })
    const cut = Array.from({ length: request.length }, (_, length) => request.subarray(0, length))
    const garbled = Array.from({ length: 200 }, () => {
      const copy = Buffer.from(request)
      for (let count = 0; count < 3; count++) copy[dice.below(copy.length)] = dice.below(256)
      return copy
    })
    for (const bytes of [...cut, ...garbled]) {
      const bad = connect({ port })
      bad.writeRaw(bytes)
      bad.close()
    }
    await expectServed(good)
  })

  test('that announce more than they may have are refused before they come', async () => {
    const { port } = await serve()
    const good = await goodProxy(port)
    expect(await sendRaw(port, frame(0xffff_ffff, Buffer.alloc(10)))).toBe(String(status.RESOURCE_EXHAUSTED))
    await expectServed(good)
  })

  test('that grow when they are unpacked are refused', async () => {
    const { port } = await serve()
    const good = await goodProxy(port)
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    const refused = await sendRaw(port, frame(bomb.length, bomb, true), { 'grpc-encoding': 'gzip' })
    expect(refused).toBe(String(status.RESOURCE_EXHAUSTED))
    await expectServed(good)
  })

  test('of a million empty names are refused before they are read', async () => {
    const { port } = await serve()
    const bad = connect({ port })
    bad.writeRaw(Buffer.alloc(2_000_000, Buffer.from([0x1a, 0x00])))
    expect(await bad.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'a request may hold 200000 names',
    })
  })

  test('that are nested without end are refused', async () => {
    const { port } = await serve()
    let nested = Buffer.alloc(0)
    for (let depth = 0; depth < 3_000; depth++) {
      const head = [0x32, ...varint(nested.length + 1 + varint(nested.length).length), 0x0a, ...varint(nested.length)]
      nested = Buffer.concat([Buffer.from(head), nested]) // A Value with a ListValue with a Value.
    }
    const entry = Buffer.concat([Buffer.from([0x12, ...varint(nested.length)]), nested])
    const struct = Buffer.concat([Buffer.from([0x0a, ...varint(entry.length)]), entry])
    const metadata = Buffer.concat([Buffer.from([0x1a, ...varint(struct.length)]), struct])
    const bad = connect({ port })
    bad.writeRaw(Buffer.concat([Buffer.from([0x0a, ...varint(metadata.length)]), metadata]))
    expect((await bad.ended).code).toBe(status.INVALID_ARGUMENT)
    await goodProxy(port)
  })

  test.each([
    ['an id', { id: 'x'.repeat(1_000), cluster: gateway }, 'node.id may have 512 characters'],
    ['a cluster', { id: 'x', cluster: `a/${'x'.repeat(1_000)}` }, 'node.cluster may have 512 characters'],
    [
      'metadata',
      { ...node, metadata: { fields: { x: { stringValue: 'x'.repeat(600_000) } } } },
      'a node may have 524288 bytes',
    ],
  ])('with %s that is too long are refused in few words', async (_title, long, details) => {
    const { port } = await serve()
    const bad = connect({ port })
    bad.writeRaw(encodeDeltaRequest({ node: long, typeUrl }))
    expect((await bad.ended).details).toBe(details)
    expect(lines.join('').length).toBeLessThan(2_000)
  })
})

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

describe('a client', () => {
  test('that asks for types that nobody serves is not answered, and fills no log', async () => {
    const { port } = await serve()
    const good = await goodProxy(port)
    const bad = connect({ port })
    bad.writeRaw(encodeDeltaRequest({ node, typeUrl: 'x'.repeat(1_000_000) }))
    for (let count = 0; count < 500; count++) bad.writeRaw(encodeDeltaRequest({ typeUrl: `unknown-${count}` }))
    bad.request('cluster')
    await bad.next('cluster')
    await expectServed(good)
    expect(lines.filter((line) => line.includes('unknown type'))).toHaveLength(20)
    expect(lines.join('').length).toBeLessThan(20_000)
  })

  test('that answers what it was not sent changes nothing', async () => {
    const { port, feedback, server } = await serve()
    const bad = connect({ port })
    bad.request('cluster')
    const sent = await bad.next('cluster')
    const error = { errorDetail: { code: 13, message: 'no' } }
    for (const responseNonce of ['', '0', '999', '-1', '__proto__', sent.nonce.repeat(3)]) {
      bad.writeRaw(encodeDeltaRequest({ typeUrl, responseNonce, ...error }))
      bad.writeRaw(encodeDeltaRequest({ typeUrl: xdsTypeUrl('listener'), responseNonce: sent.nonce, ...error }))
    }
    bad.answer(sent)
    bad.answer(sent, 'too late')
    bad.request('endpoint', { subscribe: ['last'] })
    await bad.next('endpoint')
    expect(feedback.refusals()).toEqual([])
    const cluster = server.proxies()[0]?.types.find(({ type }) => type === 'cluster')
    expect(cluster).toMatchObject({ acked: 1, nacked: 0, known: 1 })
  })

  test('that subscribes to more than there can be is told so', async () => {
    const { port } = await serve({ limits: { maxSubscriptions: 1_000 } })
    const bad = connect({ port })
    for (let round = 0; round < 3; round++) {
      bad.request('endpoint', { subscribe: Array.from({ length: 400 }, (_, index) => `${round}-${index}`) })
    }
    expect(await bad.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'subscribed to 1200 names; a stream may have 1000',
    })
  })

  test('that sends without pause is read slowly, and others are served meanwhile', async () => {
    let answers = 0
    const acked = () => void answers++
    const metrics = { sent: () => {}, acked, nacked: () => {}, streams: () => {} }
    const { port } = await serve({ metrics })
    const good = await goodProxy(port)
    const bad = connect({ port })
    bad.request('cluster')
    for (let count = 0; count < 20_000; count++) bad.writeRaw(encodeDeltaRequest({ typeUrl, responseNonce: 'x' }))
    await vi.waitUntil(() => answers > 4_000, { timeout: 20_000, interval: 5 })
    for (let count = 0; count < 20; count++) await expectServed(good)
    expect(answers).toBeLessThan(10_000)
  })

  test('that has sent too much for a while is read to its end', async () => {
    let answers = 0
    const acked = () => void answers++
    const { port } = await serve({ metrics: { sent: () => {}, acked, nacked: () => {}, streams: () => {} } })
    const bad = connect({ port })
    bad.request('cluster')
    for (let count = 0; count < 5_200; count++) bad.writeRaw(encodeDeltaRequest({ typeUrl, responseNonce: 'x' }))
    await vi.waitUntil(() => answers === 5_200, { timeout: 20_000, interval: 5 })
  })

  test('that never reads holds a bounded part of what changes, and others are served meanwhile', async () => {
    let held = 0
    const sent = (type: string, _count: number, bytes: number) => {
      if (type === 'endpoint') held += bytes
    }
    const metrics = { sent, acked: () => {}, nacked: () => {}, streams: () => {} }
    const { port, server } = await serve({ metrics, writeTimeoutMs: 5_000 })
    const good = await goodProxy(port)
    const names = Array.from({ length: 16 }, (_, index) => `e${index}`)
    const ports = Array.from({ length: 5_000 }, (_, index) => index + 1)
    const change = (round: number) => {
      const changed = names.map((name) => assignment(name, ...ports, 60_000 + round))
      stock.put(changed)
      return changed.reduce((sum, { bytes }) => sum + bytes.length, 0)
    }
    const clients = 10
    let offered = clients * change(0)
    for (let index = 0; index < clients; index++) askAndNeverRead(port, `deaf-${index}`, names)
    await vi.waitUntil(() => server.proxies().length === clients + 1 && held >= offered)
    for (let round = 1; round < 8; round++) {
      offered += clients * change(round)
      await expectServed(good)
    }
    expect(held).toBeLessThan(clients * 3_000_000)
    expect(offered).toBeGreaterThan(clients * 8_000_000)
    await vi.waitUntil(() => server.proxies().length === 1, { timeout: 30_000, interval: 20 })
    await expectServed(good)
  })

  test('that refuses what all Gateways share harms its own Gateway only', async () => {
    const { port } = await serve()
    const endpoints = assignment('shared', 1)
    stock.put([endpoints])
    const [bad, good] = ['test/bad', gateway].map((of) => connect({ port, gateway: of, nodeId: 'x' }))
    if (bad === undefined || good === undefined) throw new Error('two clients')
    const cluster = edsCluster('shared')
    stock.store.apply({
      resources: [{ gateway: 'test/bad', type: 'cluster', name: 'shared', resource: cluster }],
      endpoints: [],
    })
    bad.request('endpoint', { subscribe: ['shared'] })
    bad.answer(await bad.next('endpoint'), 'I do not like it')
    await bad.next('endpoint') // What it gets instead.
    good.request('endpoint', { subscribe: ['shared'] })
    expect((await good.next('endpoint')).resources).toMatchObject([{ name: 'shared', version: endpoints.version }])
  })

  test('that complains at length is quoted in short', async () => {
    const { port, feedback } = await serve()
    const bad = connect({ port })
    bad.request('cluster')
    bad.answer(await bad.next('cluster'), 'x'.repeat(3_000_000))
    await vi.waitUntil(() => feedback.refusals().length > 0)
    expect(feedback.refusals()[0]?.message.length).toBeLessThan(2_100)
    expect(lines.join('').length).toBeLessThan(10_000)
  })

  test('that opens stream after stream keeps the last four', async () => {
    const identity = { name: 'account', nodeId: 'bad', mayRun: () => true }
    const { port, server } = await serve({ authenticate: () => Promise.resolve(ok(identity)) })
    const clients: FakeEnvoy[] = []
    for (let count = 0; count < 10; count++) {
      const client = connect({ port })
      clients.push(client)
      client.request('cluster')
      await client.next('cluster')
    }
    expect(await clients[5]?.ended).toMatchObject({ code: status.ABORTED, details: 'bad has opened another stream' })
    expect(server.proxies()).toHaveLength(4)
  })
})

describe('first configurations', () => {
  test('come in turns, by Gateway', async () => {
    const { port } = await serve({ firstSyncs: { concurrent: 2, maxMs: 600_000 } })
    const joined = vi.spyOn(stock.store, 'join')
    stock.store.apply({
      resources: [{ gateway: 'test/other', type: 'cluster', name: 'b', resource: edsCluster('b') }],
      endpoints: [],
    })
    const many = Array.from({ length: 20 }, (_, index) => connect({ port, nodeId: `many-${index}` }))
    const order: string[] = []
    const begun = many.map(async (client) => {
      client.request('cluster')
      client.request('listener')
      const response = await client.next('listener')
      order.push('one of many')
      return () => {
        client.answer(response)
        client.answerAll()
      }
    })
    await vi.waitUntil(() => order.length === 2)
    const other = connect({ port, gateway: 'test/other' })
    other.request('cluster')
    other.request('listener')
    await vi.waitUntil(() => joined.mock.calls.length === 21)
    const others = other.next('listener').then(() => order.push('other'))
    for (const finish of begun) void finish.then((answer) => answer())
    await Promise.all([...begun, others])
    expect(order.indexOf('other')).toBeLessThan(6)
    expect(order).toHaveLength(21)
  })

  test('that are never acknowledged hold up others for a bounded time', async () => {
    const { port } = await serve({ firstSyncs: { concurrent: 1, maxMs: 50 } })
    const bad = connect({ port })
    bad.request('cluster')
    await bad.next('cluster')
    await goodProxy(port)
  })

  test('are given up by clients that go while they wait', async () => {
    const { port, server } = await serve({ firstSyncs: { concurrent: 1, maxMs: 600_000 } })
    const first = connect({ port })
    first.request('cluster')
    first.request('listener')
    const response = await first.next('listener')
    for (let count = 0; count < 5; count++) {
      const waiting = connect({ port })
      waiting.request('cluster')
      waiting.close()
      await waiting.ended
    }
    first.answer(response)
    first.answerAll()
    await goodProxy(port)
    expect(server.proxies().length).toBeLessThanOrEqual(2)
  })
})
