import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, get, type RunningEnvoy, until } from '../testing/envoy-rig.ts'
import { FixedAds } from '../testing/fixed-ads.ts'
import {
  assignment,
  badCluster,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { untilBody, XdsRig } from '../testing/xds-rig.ts'

let rig: XdsRig
let port: number
let upstream: number
beforeEach(async () => {
  rig = new XdsRig()
  port = await freePort()
  upstream = await rig.backend()
})
afterEach(() => rig.dispose())

/** Serves `a.test` by a cluster that `connectMs` tells apart. */
function resources(connectMs: number) {
  return [
    warmUpListener(),
    scopedListener('http', port),
    edsCluster('a', { connectMs }),
    assignment('a', upstream),
    forwardScope('a.test', 'a'),
  ]
}

/** No cluster waits for anything: a Service that is new is served, and never seen half. */
async function expectNewServiceServed(stock: TestStore, envoy: RunningEnvoy): Promise<void> {
  const poll = rig.poll(port, () => 'new.test', 1)
  await until(
    () => poll.seen.size,
    (kinds) => kinds > 0,
  )
  stock.put([edsCluster('new'), assignment('new', upstream), forwardScope('new.test', 'new')])
  await untilBody(port, 'new.test', 'backend')
  expect(Object.keys(await poll.stop()).sort()).toEqual(['200', '404'])
  expect((await get(port, 'a.test')).body).toBe('backend')
  expect(await countWarming(envoy)).toBe(0)
}

async function countWarming(envoy: RunningEnvoy): Promise<number> {
  const dump = JSON.parse(await envoy.admin('/config_dump?resource=dynamic_warming_clusters')) as {
    configs?: unknown[]
  }
  return dump.configs?.length ?? 0
}

/** Connect timeouts of the clusters that serve, by name. */
async function timeoutsOf(envoy: RunningEnvoy): Promise<Readonly<Record<string, string>>> {
  const dump = JSON.parse(await envoy.admin('/config_dump?resource=dynamic_active_clusters')) as ClusterDump
  return Object.fromEntries((dump.configs ?? []).map(({ cluster }) => [cluster.name, cluster.connect_timeout]))
}

interface ClusterDump {
  readonly configs?: readonly { readonly cluster: { readonly name: string; readonly connect_timeout: string } }[]
}

describe('a real Envoy that comes back', () => {
  test('takes a cluster that changed meanwhile, though its endpoints did not', async () => {
    const stock = new TestStore()
    stock.put(resources(1_000))
    const first = await rig.serve(stock)
    const envoy = await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'backend')
    await first.server.close()
    stock.put([edsCluster('a', { connectMs: 2_000 })])
    await rig.serve(stock, {}, first.port)
    await expectNewServiceServed(stock, envoy)
  })

  test('to a control plane that knows nothing of it loses and gets what it took beside something that it refused', async () => {
    const stock = new TestStore()
    stock.put(resources(1_000))
    const first = await rig.serve(stock)
    const envoy = await rig.envoy({ xdsPort: first.port, gateway: stock.gateway })
    await untilBody(port, 'a.test', 'backend')
    stock.put([badCluster('bad'), edsCluster('a', { connectMs: 2_000 }), edsCluster('gone')])
    await until(
      () => [
        first.feedback.refusals().length,
        ...(first.server.proxies()[0]?.types ?? []).map(({ pending }) => pending),
      ],
      ([refusals, ...pending]) => refusals === 1 && pending.every((count) => count === 0),
    )
    expect(await timeoutsOf(envoy)).toEqual({ a: '2s', gone: '1s' })
    await first.server.close()
    const anew = new TestStore()
    anew.put(resources(1_000))
    await rig.serve(anew, {}, first.port)
    await until(
      () => timeoutsOf(envoy),
      (timeouts) => isDeepStrictEqual(timeouts, { a: '1s' }),
    )
    expect((await get(port, 'a.test')).body).toBe('backend')
  })

  test('gets the endpoints for which a cluster still waits that it took before', async () => {
    const ads = new FixedAds(resources(1_000))
    const xdsPort = await ads.listen()
    const stock = new TestStore()
    const envoy = await rig.envoy({ xdsPort, gateway: stock.gateway })
    await ads.settled()
    ads.push(edsCluster('a', { connectMs: 2_000 }))
    await until(
      () => countWarming(envoy),
      (count) => count === 1,
    )
    ads.close()
    stock.put(resources(2_000))
    await rig.serve(stock, {}, xdsPort)
    await expectNewServiceServed(stock, envoy)
  })
})
