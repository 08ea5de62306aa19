import { status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '../lib/logger.ts'
import { err, ok } from '../lib/result.ts'
import { edsCluster, TestStore } from '../testing/xds-resources.ts'
import { XdsRig } from '../testing/xds-rig.ts'
import type { Authenticate, Login } from './authenticate.ts'
import { FakeEnvoy, type FakeEnvoyOptions } from './fake-envoy.ts'
import type { XdsServerOptions } from './server.ts'

let rig: XdsRig
let lines: string[]
beforeEach(() => {
  rig = new XdsRig()
  lines = []
})
afterEach(() => rig.dispose())

const gateway = 'test/gateway'

/** Whoever holds `TOKEN of GATEWAY` is a proxy of that Gateway. */
const byName: Authenticate = ({ token = '' }) => {
  const [name, of] = token.split('@')
  if (name === 'down') return Promise.resolve(err({ code: 'UNAVAILABLE', message: 'ask again later' } as const))
  if (of === undefined) return Promise.resolve(err({ code: 'UNAUTHENTICATED', message: 'no such token' } as const))
  return Promise.resolve(ok({ name: `account ${name}`, nodeId: name, mayRun: (asked: string) => asked === of }))
}

async function serve(authenticate: Authenticate, options: Partial<XdsServerOptions> = {}) {
  const stock = new TestStore(gateway)
  stock.put([edsCluster('a')])
  stock.store.apply({
    resources: [{ gateway: 'test/other', type: 'cluster', name: 'b', resource: edsCluster('b') }],
    endpoints: [],
  })
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } })
  return { stock, ...(await rig.serve(stock, { authenticate, logger, ...options })) }
}

function connect(options: Partial<FakeEnvoyOptions> & { readonly port: number }): FakeEnvoy {
  const client = new FakeEnvoy({ gateway, nodeId: 'pod', ...options })
  rig.onDispose(() => client.close())
  client.request('cluster')
  return client
}

describe('a server that asks who clients are', () => {
  test('serves a proxy with a token of its Gateway', async () => {
    const { port, server } = await serve(byName)
    const client = connect({ port, token: `pod@${gateway}` })
    expect((await client.next('cluster')).resources.map(({ name }) => name)).toEqual(['a'])
    expect(server.proxies()).toMatchObject([{ node: { id: 'pod', gateway } }])
  })

  test('asks once for a stream, and tells address and token', async () => {
    const logins: Login[] = []
    const { port } = await serve((login) => {
      logins.push(login)
      return byName(login)
    })
    const client = connect({ port, token: `pod@${gateway}` })
    client.answer(await client.next('cluster'))
    client.request('listener')
    await client.next('listener')
    expect(logins).toEqual([{ token: `pod@${gateway}`, peer: '127.0.0.1' }])
  })

  test.each([
    ['without a token', {}, status.UNAUTHENTICATED, 'no such token'],
    ['with a bad token', { token: 'bad' }, status.UNAUTHENTICATED, 'no such token'],
    ['whose token is too long', { token: 'x'.repeat(20_000) }, status.UNAUTHENTICATED, 'must be one "Bearer TOKEN"'],
    ['whose token cannot be checked now', { token: 'down' }, status.UNAVAILABLE, 'ask again later'],
    [
      'with the token of another Gateway',
      { token: 'pod@test/other' },
      status.PERMISSION_DENIED,
      'account pod may not have the configuration of Gateway test/gateway',
    ],
    [
      'with the token of another pod',
      { token: `twin@${gateway}` },
      status.PERMISSION_DENIED,
      'node.id "pod" must be twin: that is whose token it is',
    ],
  ])('turns away a client %s, and says why', async (_title, options, code, details) => {
    const { port, server } = await serve(byName)
    const ended = await connect({ port, ...options }).ended
    expect(ended).toMatchObject({ code, details: expect.stringContaining(details) })
    expect(server.proxies()).toEqual([])
    expect(lines.filter((line) => line.includes('a client was turned away'))).toHaveLength(1)
  })

  test('lets a client whose Gateway comes later wait, and then asks whether it may have it', async () => {
    const { port, stock } = await serve(byName)
    const [good, bad] = ['test/late', 'test/other'].map((of) =>
      connect({ port, gateway: 'test/late', token: `pod@${of}` }),
    )
    const resource = edsCluster('late')
    stock.store.apply({
      resources: [{ gateway: 'test/late', type: 'cluster', name: 'late', resource }],
      endpoints: [],
    })
    expect((await good?.next('cluster'))?.resources).toMatchObject([{ name: 'late' }])
    expect(await bad?.ended).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  test('reads nothing of a client before it knows who that is', async () => {
    const answer = Promise.withResolvers<void>()
    const { port, server } = await serve(async (login) => {
      await answer.promise
      return byName(login)
    })
    const client = connect({ port, token: 'bad' })
    client.writeRaw(Buffer.alloc(1_000_000, 0xff)) // Would end the stream with INVALID_ARGUMENT.
    answer.resolve()
    expect(await client.ended).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(server.proxies()).toEqual([])
  })

  test('forgets a client that goes while it is being asked', async () => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const { port, server } = await serve(async (login) => {
      asked.resolve()
      await answer.promise
      return byName(login)
    })
    const client = connect({ port, token: `pod@${gateway}` })
    await asked.promise
    client.close()
    await client.ended
    const later = connect({ port, token: `pod@${gateway}` })
    answer.resolve()
    await later.next('cluster')
    expect(server.proxies()).toHaveLength(1)
  })

  test('never writes a token into the log, and no more than 20 lines of refusals a minute', async () => {
    const { port } = await serve(byName)
    for (let count = 0; count < 30; count++) await connect({ port, token: `secret-${count}` }).ended
    expect(lines.join('')).not.toContain('secret-')
    expect(lines.filter((line) => line.includes('a client was turned away'))).toHaveLength(20)
  })

  test('outlives an authenticator that throws', async () => {
    const { port } = await serve(({ token }) => {
      if (token === undefined) return Promise.reject(new Error('a bug'))
      return byName({ token, peer: '' })
    })
    expect(await connect({ port }).ended).toMatchObject({ code: status.INTERNAL })
    await connect({ port, token: `pod@${gateway}` }).next('cluster')
  })
})
