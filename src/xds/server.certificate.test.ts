import { once } from 'node:events'
import { connect as connectTls, type SecureVersion } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAuthority, signServing, trustBundle } from '../ca/xds-authority.ts'
import { edsCluster, TestStore } from '../testing/xds-resources.ts'
import { XdsRig } from '../testing/xds-rig.ts'
import { FakeEnvoy } from './fake-envoy.ts'
import { RotatingCredentials } from './rotating-credentials.ts'

const serverName = 'fairlead.fairlead-system.svc'
const authority = createAuthority(Date.now())
const caPem = trustBundle(authority)
const certificate = () => signServing(authority, [serverName], Date.now())

let rig: XdsRig
let credentials: RotatingCredentials
let stock: TestStore
let port = 0
beforeEach(async () => {
  rig = new XdsRig()
  credentials = new RotatingCredentials()
  stock = new TestStore()
  stock.put([edsCluster('a')])
  port = (await rig.serve(stock, { credentials })).port
})
afterEach(() => rig.dispose())

function connect(tls = { caPem, serverName }): FakeEnvoy {
  const client = new FakeEnvoy({ port, gateway: stock.gateway, tls })
  rig.onDispose(() => client.close())
  client.request('cluster')
  return client
}

/** The certificate that a new connection is shown, or the error's code. */
async function shake(maxVersion: SecureVersion = 'TLSv1.3'): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: caPem, servername: serverName, maxVersion })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().serialNumber
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}

describe('the certificate of the server', () => {
  test('is one that proxies verify by CA and name', async () => {
    credentials.use(certificate())
    expect((await connect().next('cluster')).resources).toHaveLength(1)
    const foreign = trustBundle(createAuthority(Date.now()))
    expect((await connect({ caPem: foreign, serverName }).ended).details).toContain('No connection established')
    expect((await connect({ caPem, serverName: 'elsewhere.svc' }).ended).details).toContain('elsewhere.svc')
  })

  test('is needed before anybody is served', async () => {
    expect(await shake()).toBe('ECONNRESET')
    credentials.use(certificate())
    expect(await shake()).toMatch(/^[0-9A-F]+$/)
  })

  test('changes for new connections, and streams that stand go on', async () => {
    credentials.use(certificate())
    const before = connect()
    before.answer(await before.next('cluster'))
    const first = await shake()
    credentials.use(certificate())
    expect(await shake()).not.toBe(first)
    const after = connect()
    after.answer(await after.next('cluster'))
    stock.put([edsCluster('b')])
    for (const client of [before, after]) expect((await client.next('cluster')).resources).toHaveLength(1)
  })

  test('is shown by TLS 1.3 only, after a change too', async () => {
    for (let round = 0; round < 2; round++) {
      credentials.use(certificate())
      expect(await shake('TLSv1.2')).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
      expect(await shake()).toMatch(/^[0-9A-F]+$/)
    }
  })
})
