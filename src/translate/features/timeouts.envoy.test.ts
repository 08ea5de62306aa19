/** Timeouts of rules on a real Envoy. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const rules = `
- { matches: [{ path: { value: /request } }], timeouts: { request: 200ms }, backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /socket } }], timeouts: { request: 200ms, backendRequest: 200ms }, retry: { attempts: 1 }, backendRefs: [{ name: socket, port: 80 }] }
- { matches: [{ path: { value: /try } }], timeouts: { backendRequest: 200ms }, backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /none } }], timeouts: { request: 0s, backendRequest: 0s }, backendRefs: [{ name: a, port: 80 }] }
- matches: [{ path: { value: /tries } }]
  timeouts: { request: 700ms, backendRequest: 100ms }
  retry: { attempts: 1000, backoff: 1ms }
  backendRefs: [{ name: a, port: 80 }]
- matches: [{ path: { value: /again } }]
  timeouts: { request: 60s, backendRequest: 100ms }
  retry: { attempts: 1, backoff: 1ms }
  backendRefs: [{ name: a, port: 80 }]
- matches: [{ path: { value: /longest } }]
  timeouts: { request: 99999h59m59s999ms, backendRequest: 99999h59m59s999ms }
  backendRefs: [{ name: a, port: 80 }]
`

let backend: ScriptedBackend
let sockets: Server
let rig: TrafficRig

/** Takes every upgrade and sends back what it gets. */
async function socketServer(): Promise<Server> {
  const server = createServer().on('upgrade', (_incoming, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

beforeAll(async () => {
  const hung = new Set<string>()
  backend = await ScriptedBackend.start('a', ({ url }, response) => {
    if (url.endsWith('?hang')) return true
    if (url.endsWith('?begin')) return response.write('begun')
    if (url.endsWith('?hang-once') && !hung.has(url)) return hung.add(url).has(url)
    return false
  })
  sockets = await socketServer()
  rig = await TrafficRig.start(rules, [backend, { name: 'socket', port: (sockets.address() as AddressInfo).port }])
})

afterAll(async () => {
  await rig.stop()
  backend.stop()
  sockets.close()
  sockets.closeAllConnections()
})

describe('HTTPRouteTimeouts', () => {
  test.each(['/request', '/try', '/none', '/tries', '/longest'])(
    '%s serves an answer that comes in time',
    async (path) => {
      expect((await rig.ask(path)).status).toBe(200)
    },
  )

  test.each(['/request?hang', '/try?hang'])('%s is answered 504', async (path) => {
    expect((await rig.ask(path)).status).toBe(504)
  })

  test('an answer that has begun and does not end is cut off (HTTPRouteTimeouts.request)', async () => {
    await expect(rig.ask('/request?begin')).rejects.toThrow()
  })

  test('request bounds all tries together', async () => {
    expect((await rig.ask('/tries?hang')).status).toBe(504)
    expect(backend.seen.filter(({ url }) => url === '/tries?hang').length).toBeGreaterThan(1)
  })

  test('a try that reached backendRequest is followed by another (HTTPRouteRetry.backoff)', async () => {
    expect((await rig.ask('/again?hang-once')).status).toBe(200)
    expect(backend.seen.filter(({ url }) => url === '/again?hang-once')).toHaveLength(2)
  })

  test('a WebSocket stays open for longer than any of them', async () => {
    const socket = connect(rig.port, '127.0.0.1')
    const head = ['GET /socket HTTP/1.1', 'Host: a.com', 'Connection: Upgrade', 'Upgrade: websocket', '', '']
    socket.write(head.join('\r\n'))
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 101/)
    expect((await rig.ask('/request?hang')).status).toBe(504) // As long, and begun later.
    socket.write('still there')
    expect(String((await once(socket, 'data'))[0])).toBe('still there')
    socket.destroy()
  })

  test('the backend is told nothing of it', async () => {
    const { headers } = await rig.seen('/tries')
    expect(headers.map(([name]) => name).filter((name) => name.startsWith('x-envoy'))).toEqual([])
  })

  test('without retries there is one try', async () => {
    expect(backend.seen.filter(({ url }) => url === '/try?hang')).toHaveLength(1)
  })
})
