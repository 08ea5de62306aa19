import { connect, type ClientHttp2Session } from 'node:http2'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, get, until } from '../testing/envoy-rig.ts'
import { FixedAds } from '../testing/fixed-ads.ts'
import { HttpConnection } from '../testing/http-connection.ts'
import { type RunningProxy, startProxy } from '../testing/proxy-rig.ts'
import type { Bootstrap } from './bootstrap.ts'
import { drainHeader } from './health-listener.ts'

const drainToken = 'known-to-the-kubelet'
let ads: FixedAds
let proxy: RunningProxy
let healthPort = 0
let port = 0

beforeEach(async () => {
  ads = new FixedAds([])
  port = await freePort()
  healthPort = await freePort()
})
afterEach(async () => {
  await proxy.stop()
  ads.close()
})

async function start(drainSeconds: number): Promise<void> {
  const xds = { host: '127.0.0.1', port: await ads.listen() }
  proxy = await startProxy({ xds, health: { port: healthPort, ipv6: false, drainSeconds, drainToken } }, withTraffic)
  await until(ready, (status) => status === 200)
}

/** A listener that answers 200, as one of the Gateway's. */
function withTraffic(bootstrap: Bootstrap): Bootstrap {
  const type = 'type.googleapis.com/envoy.extensions.filters'
  const router = { name: 'router', typed_config: { '@type': `${type}.http.router.v3.Router` } }
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200 } }]
  const manager = {
    '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: String(port),
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [router],
  }
  const listener = {
    name: 'traffic',
    stat_prefix: String(port),
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'manager', typed_config: manager }] }],
  }
  const { listeners, clusters } = bootstrap.static_resources as Readonly<Record<string, readonly unknown[]>>
  return { ...bootstrap, static_resources: { clusters, listeners: [...(listeners ?? []), listener] } }
}

const ready = async () => (await get(healthPort, 'probe', '/ready')).status
const drain = () => get(healthPort, 'kubelet', '/drain', { [drainHeader]: drainToken })

/** Status of one request of an HTTP/2 connection. */
async function ask(session: ClientHttp2Session): Promise<number | undefined> {
  const stream = session.request({ ':path': '/' })
  const [headers] = await once(stream, 'response')
  await once(stream.resume(), 'end')
  return headers[':status']
}

describe('the listener for the kubelet', () => {
  test('serves readiness and metrics and nothing else of the admin interface', async () => {
    await start(1)
    expect((await get(healthPort, 'scraper', '/stats/prometheus')).body).toContain('envoy_server_live')
    for (const path of ['/', '/config_dump', '/stats', '/quitquitquit', '/ready/', '/stats/prometheus/../../certs']) {
      expect(await get(healthPort, 'probe', path)).toMatchObject({ status: 404 })
    }
  })

  test('is not ready before the control plane answered', async () => {
    const xds = { host: '127.0.0.1', port: await freePort() }
    proxy = await startProxy({ xds, health: { port: healthPort, ipv6: false, drainSeconds: 1, drainToken } })
    const admin = await until(
      () => get(proxy.adminPort, 'admin', '/ready'),
      ({ status }) => status !== 0,
    )
    expect(admin.body).toContain('INITIALIZING')
    expect(await ready()).not.toBe(200)
  })

  test('has no /drain for who does not know the token', async () => {
    await start(1)
    expect((await get(healthPort, 'anybody', '/drain')).status).toBe(404)
    expect((await get(healthPort, 'anybody', '/drain', { [drainHeader]: 'guessed' })).status).toBe(404)
    expect((await get(healthPort, 'anybody', '/pause')).status).toBe(404)
    expect(await ready()).toBe(200)
  })

  test('during a drain it is not ready, every request is answered, and every connection told to close', async () => {
    await start(3)
    const kept = new HttpConnection({ port })
    const session = connect(`http://127.0.0.1:${port}`)
    const goaway = once(session, 'goaway')
    expect((await kept.get({ host: 'a.com' })).headers.get('connection')).toBeUndefined()
    expect(await ask(session)).toBe(200)
    const answered = drain()
    await until(ready, (status) => status === 503)
    expect(await ask(session)).toBe(200)
    await goaway
    let isOver = false
    void answered.then(() => {
      isOver = true
    })
    let count = 0
    while (!isOver) {
      const answer = await kept.get({ host: 'a.com' })
      expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
      count += 1
    }
    expect((await answered).status).toBe(200)
    expect(count).toBeGreaterThan(10)
    kept.close()
  })

  test('a drain is over when nobody is connected any more', async () => {
    await start(3_600)
    expect((await drain()).status).toBe(200)
  })
})
