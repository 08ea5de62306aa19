import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, get, until } from '../testing/envoy-rig.ts'
import {
  answerScope,
  assignment,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { untilBody, untilStatus, XdsRig } from '../testing/xds-rig.ts'

let rig: XdsRig
beforeEach(() => {
  rig = new XdsRig()
})
afterEach(() => rig.dispose())

describe('a real Envoy', () => {
  test('serves scopes, clusters and endpoints, and every later change of them', async () => {
    const stock = new TestStore()
    const [port, upstream] = [await freePort(), await rig.backend()]
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'one')])
    stock.put([edsCluster('c'), assignment('c', upstream), forwardScope('b.test', 'c')])
    const { port: xdsPort, server, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'one')
    expect((await get(port, 'b.test')).body).toBe('backend')
    stock.put([answerScope('a.test', 'two')])
    await untilBody(port, 'a.test', 'two')
    stock.remove(answerScope('a.test', ''))
    await untilStatus(port, 'a.test', 404)
    expect(server.proxies()[0]?.synced).toBe(true)
    expect(feedback.delivery(stock.gateway)).toEqual({ connected: 1, synced: true })
  })

  test('opens no port before all of 20,000 scopes are in: no served host is ever unknown', async () => {
    const stock = new TestStore()
    const port = await freePort()
    const hosts = Array.from({ length: 20_000 }, (_, index) => `h${index}.test`)
    stock.put([warmUpListener(), scopedListener('http', port)])
    stock.put(hosts.map((host) => answerScope(host, host)))
    const { port: xdsPort } = await rig.serve(stock)
    let asked = 0
    const hostOf = () => hosts[(asked++ * 7919) % hosts.length] ?? ''
    const poll = rig.poll(port, hostOf, 4)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await until(
      () => poll.seen.get('200') ?? 0,
      (served) => served >= 200,
      { timeoutMs: 60_000, what: '200 answers' },
    )
    const { 200: served = 0, ECONNREFUSED: refused = 0, ...others } = await poll.stop()
    expect(others).toEqual({})
    expect(served).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
    for (const host of [hosts[0], hosts[9_999], hosts[19_999]]) expect((await get(port, host ?? '')).body).toBe(host)
  })

  test('is sent nothing but empty answers by a control plane that was killed and started again', async () => {
    const stock = new TestStore()
    const [port, upstream] = [await freePort(), await rig.backend()]
    stock.put([warmUpListener(), scopedListener('http', port), edsCluster('c'), assignment('c', upstream)])
    stock.put([forwardScope('a.test', 'c'), answerScope('b.test', 'b')])
    const first = await rig.serve(stock)
    await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'backend')
    const poll = rig.poll(port, () => 'a.test', 2)
    await first.server.close()
    let sent = 0
    let responses = 0
    const counting = {
      sent: (_type: string, resources: number) => {
        sent += resources
        responses++
      },
      acked: () => {},
      nacked: () => {},
      streams: () => {},
    }
    const second = await rig.serve(stock, { metrics: counting }, first.port)
    await until(
      () => second.server.proxies()[0]?.types ?? [],
      (types) => types.length >= 4 && types.every(({ acked, sent: count }) => acked === count),
      { what: 'all types asked for' },
    )
    expect(sent).toBe(0)
    expect(responses).toBe(4)
    stock.put([answerScope('b.test', 'after')])
    await untilBody(port, 'b.test', 'after')
    expect(sent).toBe(1)
    expect(Object.keys(await poll.stop())).toEqual(['200'])
  })

  test('takes what changed and what went while the control plane was away', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([
      warmUpListener(),
      scopedListener('http', port),
      answerScope('a.test', 'one'),
      answerScope('b.test', 'b'),
    ])
    const first = await rig.serve(stock)
    await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'one')
    await first.server.close()
    stock.put([answerScope('a.test', 'two')])
    stock.remove(answerScope('b.test', 'b'))
    await rig.serve(stock, {}, first.port)
    await untilBody(port, 'a.test', 'two')
    await untilStatus(port, 'b.test', 404)
  })
})
