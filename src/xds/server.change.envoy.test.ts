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

/** One Envoy that serves `a.test` from a backend. */
async function started() {
  const stock = new TestStore()
  const [port, upstream] = [await freePort(), await rig.backend()]
  stock.put([warmUpListener(), scopedListener('http', port), edsCluster('a'), assignment('a', upstream)])
  stock.put([forwardScope('a.test', 'a')])
  const { port: xdsPort, server } = await rig.serve(stock)
  await rig.envoy({ xdsPort, gateway: stock.gateway })
  await untilBody(port, 'a.test', 'backend')
  return { stock, port, upstream, server }
}

describe('a change on a real Envoy', () => {
  test('that adds a Service and its route is never seen half: unknown, then served, no 503', async () => {
    const { stock, port, upstream } = await started()
    for (let round = 0; round < 20; round++) {
      const name = `new${round}`
      const poll = rig.poll(port, () => `${name}.test`, 1)
      await until(
        () => poll.seen.size,
        (kinds) => kinds > 0,
      )
      stock.put([forwardScope(`${name}.test`, name), edsCluster(name), assignment(name, upstream)])
      await until(
        () => poll.seen.get('200') ?? 0,
        (served) => served > 2,
      )
      expect(Object.keys(await poll.stop()).sort()).toEqual(['200', '404'])
    }
  })

  test('that moves a host to another Service and deletes the first loses no request', async () => {
    const { stock, port, upstream } = await started()
    const poll = rig.poll(port, () => 'a.test', 1)
    let before = 'a'
    for (let round = 0; round < 20; round++) {
      const next = `next${round}`
      stock.put(
        [edsCluster(next), assignment(next, upstream), forwardScope('a.test', next)],
        [edsCluster(before), assignment(before, upstream)],
      )
      const seen = poll.seen.get('200') ?? 0
      await until(
        () => poll.seen.get('200') ?? 0,
        (served) => served > seen + 5,
      )
      before = next
    }
    expect(Object.keys(await poll.stop())).toEqual(['200'])
  })

  test('of a cluster keeps it serving while the new one warms up', async () => {
    const { stock, port, upstream } = await started()
    stock.put([edsCluster('a-h2', { serviceName: 'a' }), forwardScope('b.test', 'a-h2')])
    await untilBody(port, 'b.test', 'backend')
    let turn = 0
    const poll = rig.poll(port, () => (turn++ % 2 === 0 ? 'a.test' : 'b.test'), 1)
    for (let round = 1; round <= 20; round++) {
      const connectMs = 1000 + round
      stock.put([edsCluster('a', { connectMs }), edsCluster('a-h2', { connectMs, serviceName: 'a' })])
      const seen = poll.seen.get('200') ?? 0
      await until(
        () => poll.seen.get('200') ?? 0,
        (served) => served > seen + 5,
      )
    }
    expect(Object.keys(await poll.stop())).toEqual(['200'])
    const second = await rig.backend('second')
    stock.put([assignment('a', second)])
    await untilBody(port, 'a.test', 'second')
    await untilBody(port, 'b.test', 'second')
    expect(upstream).not.toBe(second)
  })

  test('that deletes a Service and makes it again serves it again', async () => {
    const { stock, port, upstream } = await started()
    for (let round = 0; round < 5; round++) {
      stock.put([answerScope('a.test', 'no backend', 500)], [edsCluster('a'), assignment('a')])
      await untilStatus(port, 'a.test', 500)
      stock.put([edsCluster('a'), assignment('a', upstream), forwardScope('a.test', 'a')])
      await untilBody(port, 'a.test', 'backend')
    }
  })

  test('that adds a listener with its hosts opens the port when they are in', async () => {
    const { stock } = await started()
    const port = await freePort()
    const hosts = Array.from({ length: 3_000 }, (_, index) => `l${index}.test`)
    let asked = 0
    const poll = rig.poll(port, () => hosts[(asked++ * 7919) % hosts.length] ?? '', 2)
    stock.put([scopedListener('second', port), ...hosts.map((host) => answerScope(host, host))])
    await until(
      () => poll.seen.get('200') ?? 0,
      (served) => served > 100,
    )
    const { 200: _served, ECONNREFUSED: _refused, ...others } = await poll.stop()
    expect(others).toEqual({})
  })

  test('of all listeners to none and back keeps the scopes', async () => {
    const { stock, port, upstream } = await started()
    stock.remove(scopedListener('http', port))
    await until(
      () => get(port, 'a.test'),
      ({ body }) => body === 'ECONNREFUSED',
    )
    stock.put([forwardScope('b.test', 'a')])
    stock.put([scopedListener('http', port), assignment('a', upstream)])
    await untilBody(port, 'a.test', 'backend')
    await untilBody(port, 'b.test', 'backend')
  })
})
