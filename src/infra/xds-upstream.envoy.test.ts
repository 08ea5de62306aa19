import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestCertificate, testCertificate } from '../testing/certificates.ts'
import { type RunningProxy, startProxy } from '../testing/proxy-rig.ts'
import { tokenSecretFile, type XdsTls } from './xds-upstream.ts'

const serverName = 'fairlead.fairlead-system.svc'
let folder = ''
let server: Http2SecureServer
let proxy: RunningProxy
/** The authorization header of every stream that was opened, and who waits for one. */
let logins: (string | undefined)[]
let onLogin: (login: string | undefined) => void

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-xds-'))
  logins = []
  onLogin = () => {}
})
afterEach(async () => {
  await proxy.stop()
  server.close()
  rmSync(folder, { recursive: true, force: true })
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

/** Puts a token where a pod has it, in the way of the kubelet: a new folder, and a link that changes at once. */
function putToken(token: string): void {
  const versioned = join(folder, `..${token}`)
  mkdirSync(versioned)
  writeFileSync(join(versioned, 'token'), token)
  symlinkSync(`..${token}`, join(folder, '..next'))
  renameSync(join(folder, '..next'), join(folder, '..data'))
}

function tls(caPem: string): XdsTls {
  putToken('first')
  symlinkSync('..data/token', join(folder, 'token'))
  const ours = {
    caPem,
    serverName,
    tokenPath: join(folder, 'token'),
    tokenSecretPath: join(folder, 'xds-token.json'),
  }
  writeFileSync(ours.tokenSecretPath, JSON.stringify(tokenSecretFile(ours)))
  return ours
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
    proxy = await startProxy({ xds: { host: '127.0.0.1', port, tls: tls(certificate.chain) } })
    await login('Bearer first')
    putToken('second')
    await login('Bearer second')
    expect(new Set(logins)).toEqual(new Set(['Bearer first', 'Bearer second']))
  })

  test('finds the control plane by name', async () => {
    const certificate = testCertificate({ dnsNames: [serverName] })
    const port = await serve(certificate)
    proxy = await startProxy({ xds: { host: 'localhost', port, tls: tls(certificate.chain) } })
    await login('Bearer first')
  })

  test.each([
    ['another name', testCertificate({ dnsNames: ['fairlead.elsewhere.svc'] }), undefined],
    ['another CA', testCertificate({ dnsNames: [serverName] }), testCertificate({ dnsNames: [serverName] })],
  ])('tells its token to no server with a certificate of %s', async (_title, served, trusted) => {
    const port = await serve(served)
    const refused = once(server, 'tlsClientError')
    proxy = await startProxy({ xds: { host: '127.0.0.1', port, tls: tls((trusted ?? served).chain) } })
    await refused
    expect(logins).toEqual([])
  })
})
