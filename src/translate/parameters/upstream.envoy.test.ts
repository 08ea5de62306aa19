/** What the parameters of upstreams do to connections and endpoints of a real Envoy. */
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type RigEndpoint, type RigParameters, ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const rules = ['a', 'b', 'chat']
  .map((name) => `- { matches: [{ path: { value: /${name} } }], backendRefs: [{ name: ${name}, port: 80 }] }`)
  .join('\n')

let toStop: { stop(): unknown }[] = []
afterEach(async () => {
  for (const one of toStop) await one.stop()
  toStop = []
})

async function serve(parameters: RigParameters, endpoints: readonly RigEndpoint[]): Promise<TrafficRig> {
  const rig = await TrafficRig.start(rules, endpoints, parameters)
  toStop.unshift(rig)
  return rig
}

async function backend(...args: Parameters<typeof ScriptedBackend.start>): Promise<ScriptedBackend> {
  const started = await ScriptedBackend.start(...args)
  toStop.push(started)
  return started
}

/** A backend that notes on which connection each request came, and answers it by `answer`. */
async function countingBackend(name: string, answer: () => Promise<void> = async () => {}) {
  const sockets: Socket[] = []
  const started = await backend(name, (_seen, response, incoming) => {
    sockets.push(incoming.socket)
    void answer().then(() => response.end())
    return true
  })
  return { started, sockets }
}

async function http2Backend(name: string): Promise<RigEndpoint> {
  const server: Http2Server = createServer((incoming, response) => {
    response.end(JSON.stringify({ backend: name, url: incoming.url, headers: [], method: incoming.method }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  toStop.push({ stop: () => server.close() })
  return { name, port: (server.address() as AddressInfo).port } // It listens on a port of TCP.
}

/** Asks one after the other; each status. */
async function statuses(rig: TrafficRig, path: string, count: number): Promise<readonly number[]> {
  const answers: number[] = []
  for (let sent = 0; sent < count; sent++) answers.push((await rig.ask(path)).status)
  return answers
}

describe('connectionPool', () => {
  test('maxConnections: further requests wait for the connections that there are, and none fails', async () => {
    const gate = Promise.withResolvers<void>()
    const { started, sockets } = await countingBackend('a', () => gate.promise)
    const rig = await serve({ 'connectionPool.maxConnections': '2' }, [started, await backend('b')])
    const answers = Promise.all(Array.from({ length: 8 }, () => rig.ask('/a')))
    await expect.poll(() => sockets.length, { timeout: 20_000 }).toBe(2)
    // The one worker of Envoy has seen all eight when it has served these.
    await statuses(rig, '/b', 20)
    expect(sockets).toHaveLength(2)
    gate.resolve()
    expect((await answers).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(new Set(sockets).size).toBe(2)
  })

  test('without it, each request that comes meanwhile gets a connection', async () => {
    const gate = Promise.withResolvers<void>()
    const { started, sockets } = await countingBackend('a', () => gate.promise)
    const rig = await serve({}, [started])
    const answers = Promise.all(Array.from({ length: 8 }, () => rig.ask('/a')))
    await expect.poll(() => new Set(sockets).size, { timeout: 20_000 }).toBe(8)
    gate.resolve()
    await answers
  })

  test('maxRequestsPerConnection: a connection ends after so many requests, and none fails', async () => {
    const { started, sockets } = await countingBackend('a')
    const rig = await serve({ 'connectionPool.maxRequestsPerConnection': '3' }, [started])
    expect(new Set(await statuses(rig, '/a', 9))).toEqual(new Set([200]))
    const counts = new Map<Socket, number>()
    for (const socket of sockets) counts.set(socket, (counts.get(socket) ?? 0) + 1)
    expect([...counts.values()]).toEqual([3, 3, 3])
  })

  test('h2UpgradePolicy: upgrade speaks HTTP/2 to a port that names no protocol, and to no other', async () => {
    const chat = { name: 'chat', port: (await backend('chat')).port, appProtocol: 'kubernetes.io/ws' }
    const rig = await serve({ 'connectionPool.h2UpgradePolicy': 'upgrade' }, [await http2Backend('a'), chat])
    expect((await rig.seen('/a')).backend).toBe('a')
    expect((await rig.seen('/chat')).backend).toBe('chat')
  })

  test('h2UpgradePolicy: do-not-upgrade speaks HTTP/1.1, but HTTP/2 to a port that says so', async () => {
    const h2c = { ...(await http2Backend('b')), appProtocol: 'kubernetes.io/h2c' }
    const rig = await serve({ 'connectionPool.h2UpgradePolicy': 'do-not-upgrade' }, [await backend('a'), h2c])
    expect((await rig.seen('/a')).backend).toBe('a')
    expect((await rig.seen('/b')).backend).toBe('b')
  })
})

describe('outlierDetection', () => {
  const failing = (name: string, isFailing = () => true) =>
    backend(name, (_seen, response) => {
      if (!isFailing()) return false
      response.writeHead(500).end()
      return true
    })

  test('consecutive5xxErrors: one of two endpoints that fails is asked no more', async () => {
    const parameters = { 'outlierDetection.consecutive5xxErrors': '3', 'outlierDetection.baseEjectionTime': '1h' }
    const bad = await failing('a')
    const rig = await serve(parameters, [await backend('a'), bad])
    await expect.poll(() => statuses(rig, '/a', 20), { timeout: 20_000 }).not.toContain(500)
    const asked = bad.seen.length
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(await statuses(rig, '/a', 50)).not.toContain(500)
    expect(bad.seen).toHaveLength(asked)
  })

  test('half of the endpoints stay, however they fail: they may be all there is', async () => {
    const parameters = { 'outlierDetection.consecutive5xxErrors': '1', 'outlierDetection.baseEjectionTime': '1h' }
    const rig = await serve(parameters, [await failing('a'), await failing('a'), await failing('b')])
    expect(new Set(await statuses(rig, '/a', 50))).toEqual(new Set([500]))
    expect(new Set(await statuses(rig, '/b', 50))).toEqual(new Set([500]))
  })

  test('interval and baseEjectionTime: an endpoint that is well again is asked again', async () => {
    let isFailing = true
    const mended = await failing('a', () => isFailing)
    const parameters = {
      'outlierDetection.consecutive5xxErrors': '3',
      'outlierDetection.interval': '50ms',
      'outlierDetection.baseEjectionTime': '1s',
    }
    const rig = await serve(parameters, [await backend('a'), mended])
    await expect.poll(() => statuses(rig, '/a', 20), { timeout: 20_000 }).not.toContain(500)
    isFailing = false
    const asked = mended.seen.length
    await expect
      .poll(async () => (await statuses(rig, '/a', 10)).length > 0 && mended.seen.length, { timeout: 20_000 })
      .toBeGreaterThan(asked)
  })
})
