import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startOn } from './cluster-plane.ts'
import { bindErrno } from './infra/port-owner.ts'
import { silentLogger } from './lib/logger.ts'
import { freePort } from './testing/envoy-rig.ts'
import { FakeApi } from './watch/fake-api.ts'

const taker = createServer()
afterEach(() => taker.close())

test('a control plane that cannot have one of its ports says which and who has it, and keeps none', async () => {
  taker.listen(0, '127.0.0.1')
  await once(taker, 'listening')
  const address = taker.address()
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0
  const [probes, admin] = [await freePort(), await freePort()]
  const at = (port: number) => ({ host: '127.0.0.1', port })
  const started = await startOn(
    new FakeApi(),
    {
      namespace: 'fairlead-system',
      identity: 'one',
      xds: at(taken),
      xdsHost: at(taken),
      xdsNames: ['fairlead.fairlead-system.svc'],
      probes: at(probes),
      admin: at(admin),
      envoyImage: 'envoy',
      stats: 'listed',
      logLevel: 'silent',
      controllerName: 'fairlead.dev/gateway-controller',
    },
    silentLogger(),
  )
  expect(started).toMatchObject({ ok: false, error: expect.stringMatching(/^xDS cannot listen on .*: EADDRINUSE/) })
  expect([await bindErrno('127.0.0.1', probes), await bindErrno('127.0.0.1', admin)]).toEqual([undefined, undefined])
})
