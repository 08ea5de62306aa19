import { once } from 'node:events'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestCertificate, testCertificate } from '../testing/certificates.ts'
import { type RunningProxy, startProxy } from '../testing/proxy-rig.ts'
import { TokenFolder } from '../testing/token-folder.ts'

const serverName = 'fairlead.fairlead-system.svc'
let folder: TokenFolder
let server: Http2SecureServer
let proxy: RunningProxy
/** The authorization header of every stream that was opened, and who waits for one. */
let logins: (string | undefined)[]
let onLogin: (login: string | undefined) => void

beforeEach(() => {
  folder = new TokenFolder('first')
  logins = []
  onLogin = () => {}
})
afterEach(async () => {
  await proxy.stop()
  server.close()
  folder.remove()
})

/** A control plane that lets nobody in, so that proxies come again and again. */
async function serve({ chain, key }: TestCertificate): Promise<number> {
  server = createSecureServer({ key, cert: chain })
  server.on('stream', (stream, headers) => {
    logins.push(headers.authorization)
    onLogin(headers.authorization)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' }, { endStream: true })
    stream.on('error', () => {}) // The proxy went on sending: it had not heard yet.
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function login(expected: string): Promise<void> {
  if (logins.includes(expected)) return Promise.resolve()
  return new Promise((resolve) => {
    onLogin = (seen) => {
      if (seen === expected) resolve()
    }
  })
}

describe('a proxy that is told of TLS', () => {
  test('logs in with the token that the file has now', async () => {
    const certificate = testCertificate({ dnsNames: [serverName] })
    const port = await serve(certificate)
    proxy = await startProxy({
      xds: { host: '127.0.0.1', port, tls: folder.tls({ caPem: certificate.chain, serverName }) },
    })
    await login('Bearer first')
    folder.put('second')
    await login('Bearer second')
    expect(new Set(logins)).toEqual(new Set(['Bearer first', 'Bearer second']))
  })

  test('finds the control plane by name', async () => {
    const certificate = testCertificate({ dnsNames: [serverName] })
    const port = await serve(certificate)
    proxy = await startProxy({
      xds: { host: 'localhost', port, tls: folder.tls({ caPem: certificate.chain, serverName }) },
    })
    await login('Bearer first')
  })

  test.each([
    ['another name', testCertificate({ dnsNames: ['fairlead.elsewhere.svc'] }), undefined],
    ['another CA', testCertificate({ dnsNames: [serverName] }), testCertificate({ dnsNames: [serverName] })],
  ])('tells its token to no server with a certificate of %s', async (_title, served, trusted) => {
    const port = await serve(served)
    const refused = once(server, 'tlsClientError')
    proxy = await startProxy({
      xds: { host: '127.0.0.1', port, tls: folder.tls({ caPem: (trusted ?? served).chain, serverName }) },
    })
    await refused
    expect(logins).toEqual([])
  })
})
