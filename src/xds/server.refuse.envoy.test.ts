import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, get, until } from '../testing/envoy-rig.ts'
import {
  answerScope,
  assignment,
  badAssignment,
  badCluster,
  badScope,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { untilBody, untilStatus, XdsRig } from '../testing/xds-rig.ts'
import { noMetrics } from './metrics.ts'

let rig: XdsRig
beforeEach(() => {
  rig = new XdsRig()
})
afterEach(() => rig.dispose())

describe('a refusal by a real Envoy', () => {
  test('of one scope among 5,000 at cold start harms that host only', async () => {
    const stock = new TestStore()
    const port = await freePort()
    const hosts = Array.from({ length: 5_000 }, (_, index) => `h${index}.test`)
    const scopes = hosts.map((host) => answerScope(host, host))
    stock.put([warmUpListener(), scopedListener('http', port)])
    stock.put([...scopes.slice(0, 2_550), badScope('bad.test'), ...scopes.slice(2_550)])
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilStatus(port, 'bad.test', 500, 60_000)
    const wrong: string[] = []
    for (const host of hosts) if ((await get(port, host)).body !== host) wrong.push(host)
    expect(wrong).toEqual([])
    expect(feedback.refusals()).toMatchObject([{ type: 'scoped-route', name: 'bad.test', message: 'missing ): ((' }])
  })

  test('of a scope leaves its last good version serving, and good edits beside it are served', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([
      warmUpListener(),
      scopedListener('http', port),
      answerScope('a.test', 'a1'),
      answerScope('b.test', 'b1'),
    ])
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'a1')
    stock.put([badScope('a.test'), answerScope('b.test', 'b2'), answerScope('c.test', 'c1')])
    await untilBody(port, 'b.test', 'b2')
    await untilBody(port, 'c.test', 'c1')
    await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 1,
    )
    expect((await get(port, 'a.test')).body).toBe('a1')
    stock.put([answerScope('a.test', 'a2')])
    await untilBody(port, 'a.test', 'a2')
    await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 0,
    )
  })

  test('is remembered: a proxy that comes later gets the last good version and never the refused bytes', async () => {
    const stock = new TestStore()
    const [port, laterPort] = [await freePort(), await freePort()]
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'good')])
    const { port: xdsPort, feedback, server } = await rig.serve(stock)
    const first = await rig.envoy({ xdsPort, gateway: stock.gateway, nodeId: 'first' })
    await untilBody(port, 'a.test', 'good')
    stock.put([badScope('a.test')])
    await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 1,
    )
    await first.stop()
    stock.put([scopedListener('http', laterPort)])
    await rig.envoy({ xdsPort, gateway: stock.gateway, nodeId: 'later' })
    await untilBody(laterPort, 'a.test', 'good')
    expect(server.proxies().map(({ types }) => types.reduce((sum, { nacked }) => sum + nacked, 0))).toEqual([0])
    expect(feedback.refusals()).toHaveLength(1)
  })

  test('of a cluster is no reason to keep the one beside it that went while the proxy was not connected', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'a')])
    stock.put([badCluster('bad'), edsCluster('good'), assignment('good', port)])
    const first = await rig.serve(stock)
    const envoy = await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    const servesGood = async () => (await envoy.admin('/clusters')).includes('good::')
    await untilBody(port, 'a.test', 'a')
    await until(servesGood, (serves) => serves)
    await until(
      () => first.feedback.refusals(),
      ([refusal]) => refusal?.name === 'bad',
    )
    await first.server.close()
    stock.remove(edsCluster('good'))
    await rig.serve(stock, {}, first.port)
    await until(servesGood, (serves) => !serves)
  })

  test('of endpoints is no reason to keep others of its response when they are changed back meanwhile', async () => {
    const stock = new TestStore()
    const [port, before, after] = [await freePort(), await rig.backend('before'), await rig.backend('after')]
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const endpoints = (upstream: number) => names.map((name) => assignment(name, upstream))
    stock.put([warmUpListener(), scopedListener('http', port), edsCluster('bad'), ...endpoints(before)])
    stock.put(names.flatMap((name) => [edsCluster(name), forwardScope(`${name}.test`, name)]))
    const { port: xdsPort, feedback, server } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    for (const name of names) await untilBody(port, `${name}.test`, 'before')
    // Envoy gives each its endpoints until one objects, in an order of its own.
    stock.put([badAssignment('bad'), ...endpoints(after)])
    stock.put(endpoints(before))
    await until(
      () => [feedback.refusals().length, ...(server.proxies()[0]?.types ?? []).map(({ pending }) => pending)],
      ([refusals, ...pending]) => refusals === 1 && pending.every((count) => count === 0),
    )
    const bodies = await Promise.all(names.map(async (name) => (await get(port, `${name}.test`)).body))
    expect(bodies).toEqual(names.map(() => 'before'))
  })

  test('of many scopes in one change harms those only, and their hosts fail closed', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'a')])
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'a')
    const names = Array.from({ length: 300 }, (_, index) => `n${index}.test`)
    const isBad = (index: number) => index % 67 === 5
    stock.put(names.map((name, index) => (isBad(index) ? badScope(name) : answerScope(name, name))))
    const badCount = names.filter((_, index) => isBad(index)).length
    await until(
      () => feedback.refusals().length,
      (count) => count === badCount,
    )
    for (const [index, name] of names.entries()) await untilStatus(port, name, isBad(index) ? 500 : 200)
    expect(
      feedback
        .refusals()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.filter((_, index) => isBad(index)).sort())
  })

  test('that a control plane did not live to hear of loses no scope: the next one reaches what Envoy remembers', async () => {
    const stock = new TestStore()
    const port = await freePort()
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'a')])
    const dies = Promise.withResolvers<void>()
    const metrics = { ...noMetrics, nacked: () => void first.server.close().then(dies.resolve) }
    const first = await rig.serve(stock, { metrics })
    await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'a')
    const names = Array.from({ length: 80 }, (_, index) => `n${index}.test`)
    stock.put([...names.map((name) => answerScope(name, name)), badScope('bad.test')])
    await dies.promise
    expect((await get(port, 'n0.test')).status).toBe(404)
    stock.remove(badScope('bad.test'))
    await rig.serve(stock, {}, first.port)
    for (const name of names) await untilBody(port, name, name)
  })

  test('of a cluster or of endpoints leaves the others of the same response serving', async () => {
    const stock = new TestStore()
    const [port, upstream] = [await freePort(), await rig.backend()]
    stock.put([warmUpListener(), scopedListener('http', port), answerScope('a.test', 'a')])
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'a')
    const good = Array.from({ length: 20 }, (_, index) => `c${index}`)
    stock.put([
      ...good.slice(0, 10).flatMap((name) => [edsCluster(name), assignment(name, upstream)]),
      badCluster('bad'),
      ...[edsCluster('empty'), badAssignment('empty')],
      ...good.slice(10).flatMap((name) => [edsCluster(name), assignment(name, upstream)]),
      ...good.map((name) => forwardScope(`${name}.test`, name)),
      ...[forwardScope('bad.test', 'bad'), forwardScope('empty.test', 'empty')],
    ])
    for (const name of good) await untilBody(port, `${name}.test`, 'backend')
    await untilStatus(port, 'bad.test', 503)
    await untilStatus(port, 'empty.test', 503)
    const refused = await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 2,
    )
    expect(refused.map(({ type, name }) => `${type} ${name}`).sort()).toEqual(['cluster bad', 'endpoint empty'])
    stock.put([edsCluster('bad'), assignment('bad', upstream), assignment('empty', upstream)])
    await untilBody(port, 'bad.test', 'backend')
    await untilBody(port, 'empty.test', 'backend')
    await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 0,
    )
  })

  test('of a listener whose port is taken is tried again until the port is free', async () => {
    const stock = new TestStore()
    const [port, busy] = [await freePort(), await freePort()]
    const blocker = createServer().listen(busy, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    stock.put([
      warmUpListener(),
      scopedListener('http', port),
      scopedListener('busy', busy),
      answerScope('a.test', 'a'),
    ])
    const { port: xdsPort, feedback } = await rig.serve(stock)
    await rig.envoy({ xdsPort, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'a')
    const [refusal] = await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 1,
    )
    expect(refusal).toMatchObject({ type: 'listener', name: 'busy' })
    expect(refusal?.message).toBe(`cannot bind '127.0.0.1:${busy}': Address already in use`)
    await until(
      () => feedback.delivery(stock.gateway),
      ({ synced }) => synced,
    )
    await new Promise((resolve) => blocker.close(resolve))
    await untilBody(busy, 'a.test', 'a')
    await until(
      () => feedback.refusals(),
      (refusals) => refusals.length === 0,
    )
  })
})
