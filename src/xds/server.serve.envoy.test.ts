import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort, get, type RunningEnvoy, startEnvoy, until } from '../testing/envoy-rig.ts'
import {
  answerScope,
  assignment,
  badScope,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { Feedback } from './feedback.ts'
import { XdsServer } from './server.ts'

const cleanup: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

async function serve(stock: TestStore) {
  const feedback = new Feedback()
  const server = new XdsServer({ store: stock.store, feedback })
  const { port } = await server.listen('127.0.0.1:0')
  cleanup.push(() => server.close())
  return { server, feedback, port }
}

async function run(xdsPort: number, gateway: string): Promise<RunningEnvoy> {
  const envoy = await startEnvoy({ xdsPort, gateway })
  cleanup.push(() => envoy.stop())
  return envoy
}

async function backend(): Promise<number> {
  const server = createServer((_request, response) => response.end('backend')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  cleanup.push(() => server.close())
  return (server.address() as AddressInfo).port
}

describe('a real Envoy', () => {
  test('serves scopes, clusters and endpoints, and every later change of them', async () => {
    const stock = new TestStore()
    const [port, upstream] = [await freePort(), await backend()]
    stock.put([
      warmUpListener(),
      scopedListener('http', port),
      answerScope('a.test', 'one'),
      edsCluster('c'),
      assignment('c', upstream),
      forwardScope('b.test', 'c'),
    ])
    const { port: xdsPort, server } = await serve(stock)
    await run(xdsPort, stock.gateway)
    await until(
      () => get(port, 'a.test'),
      ({ body }) => body === 'one',
    )
    expect((await get(port, 'b.test')).body).toBe('backend')
    stock.put([answerScope('a.test', 'two'), badScope('bad.test')])
    await until(
      () => get(port, 'a.test'),
      ({ body }) => body === 'two',
    )
    await until(
      () => get(port, 'bad.test'),
      ({ status }) => status === 500,
    )
    stock.remove(answerScope('a.test', ''))
    await until(
      () => get(port, 'a.test'),
      ({ status }) => status === 404,
    )
    expect(server.proxies()[0]?.synced).toBe(true)
  })
})
