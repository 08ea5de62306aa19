/** HTTPS chains and the sole host of a port, on a real Envoy. */
import { request as httpsRequest } from 'node:https'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NamedResource } from '../../envoy/resource.ts'
import type { FilterChain } from '../../ir/listener.ts'
import { type Host, scopeName, secretName, tableName } from '../../ir/names.ts'
import { testCertificate } from '../../testing/certificates.ts'
import { ask, EnvoyUnderTest, freePorts } from '../../testing/emit-rig.ts'
import { prefix, route, testGateway, virtualHost } from '../../testing/ir.ts'
import { emitListener, emitWarmUpListener } from './listener.ts'
import { emitRouteConfig, emitScope, emitStubs } from './scope.ts'
import { emitSecret } from './secret.ts'

const certificate = secretName('infra', 'tls')
const settings = { kind: 'standalone', ipv6: false } as const

function chain(port: number, name: string, serverName: Host): FilterChain {
  const routes = serverName.startsWith('*') ? 'scopes' : 'table'
  return { name, table: tableName(port, name), tls: { serverName, certificates: [certificate] }, routes }
}

/** Answers 200 below `/<name>`. */
function answer(name: string) {
  return route(name, prefix(`/${name}`), { kind: 'respond', status: 200 })
}

function httpsResources(port: number): readonly NamedResource[] {
  const wild = { port, chain: 'wild' }
  const wildTable = tableName(port, 'wild')
  const { chain: pem, key } = testCertificate()
  const misdirected = ['second.example.com', 'first.example.com'].map((domain) => ({
    domain,
    target: { kind: 'respond' as const, status: 421 },
  }))
  return [
    emitSecret(certificate, pem, key),
    emitListener(
      {
        gateway: testGateway,
        port,
        bindPort: port,
        addresses: ['127.0.0.1'],
        chains: [
          chain(port, 'first', 'first.example.com'),
          chain(port, 'second', 'second.example.com'),
          chain(port, 'wild', '*.example.com'),
        ],
      },
      settings,
    ),
    emitRouteConfig(virtualHost({ port, chain: 'first' }, 'first.example.com', [answer('first')]), [
      'second.example.com',
      '*.example.com',
    ]),
    emitRouteConfig(virtualHost({ port, chain: 'second' }, 'second.example.com', [answer('second')]), [
      'first.example.com',
      '*.example.com',
    ]),
    emitScope(virtualHost(wild, '*.example.com', [answer('wild')])),
    emitScope(virtualHost(wild, 'own.example.com', [answer('own')], { kind: 'stubs' })),
    emitStubs(testGateway, wildTable, [
      { domain: '*.example.com', target: { kind: 'scope', scope: scopeName(wildTable, '*.example.com') } },
      ...misdirected,
    ]),
  ]
}

function plainResources(port: number): readonly NamedResource[] {
  const table = tableName(port)
  const chains: readonly FilterChain[] = [{ name: 'http', table, routes: 'scopes', soleHost: '*' }]
  return [
    emitWarmUpListener(testGateway),
    emitListener({ gateway: testGateway, port, bindPort: port, addresses: ['127.0.0.1'], chains }, settings),
    emitScope(virtualHost({ port }, '*', [answer('any')])),
    emitStubs(testGateway, table, [{ domain: '*', target: { kind: 'scope', scope: scopeName(table, '*') } }]),
  ]
}

describe('HTTPS on a real Envoy', () => {
  let port: number
  let plainPort: number
  let envoy: EnvoyUnderTest | undefined

  beforeAll(async () => {
    const [https = 0, http = 0] = await freePorts(2)
    port = https
    plainPort = http
    envoy = await EnvoyUnderTest.serve([...httpsResources(port), ...plainResources(plainPort)], [port, plainPort])
  })

  afterAll(() => envoy?.stop())

  /** The status of a request for `host` over a connection for `servername`; what failed when there is none. */
  function status(servername: string, host: string, path: string): Promise<number | string> {
    return new Promise((resolve) => {
      const options = {
        host: '127.0.0.1',
        port,
        servername,
        path,
        agent: false,
        rejectUnauthorized: false,
        headers: { host },
      }
      httpsRequest(options, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
        .end()
    })
  }

  test.each([
    ['first.example.com', 'first.example.com', '/first', 200],
    ['FIRST.example.com', 'First.Example.com:8443', '/first', 200],
    ['first.example.com', 'first.example.com', '/second', 404],
    ['second.example.com', 'second.example.com', '/second', 200],
    ['x.example.com', 'x.example.com', '/wild', 200],
    ['own.example.com', 'own.example.com', '/own', 200],
    ['own.example.com', 'OWN.example.com', '/wild', 200],
    // Over one connection for several names of the same listener (connection coalescing).
    ['x.example.com', 'own.example.com', '/own', 200],
    ['first.example.com', 'second.example.com', '/second', 421],
    ['first.example.com', 'SECOND.example.com.:443', '/second', 421],
    ['first.example.com', 'x.example.com', '/wild', 421],
    ['x.example.com', 'first.example.com', '/first', 421],
    ['x.example.com', 'FIRST.example.com', '/wild', 421],
    ['first.example.com', 'other.org', '/first', 404],
    ['x.example.com', 'other.org', '/wild', 404],
    ['other.org', 'first.example.com', '/first', 'ECONNRESET'],
  ])('connection for %s, request for %s%s: %s (RFC 9110 15.5.20)', async (servername, host, path, expected) => {
    expect(await status(servername, host, path)).toBe(expected)
  })

  test('HTTP/2 is offered first, and TLS 1.1 refused', async () => {
    const session = (options: object) =>
      new Promise<string>((resolve) => {
        const socket = connectTls({
          host: '127.0.0.1',
          port,
          servername: 'first.example.com',
          rejectUnauthorized: false,
          ...options,
        })
        socket.on('secureConnect', () => {
          resolve(String(socket.alpnProtocol))
          socket.destroy()
        })
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      })
    expect(await session({ ALPNProtocols: ['http/1.1', 'h2'] })).toBe('h2')
    expect(await session({ ALPNProtocols: ['http/1.1'] })).toBe('http/1.1')
    expect(await session({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' })).not.toBe(
      'false',
    )
  })

  test('one HTTP/2 connection may have 100 streams', async () => {
    const client = connectHttp2(`https://127.0.0.1:${port}`, {
      servername: 'first.example.com',
      rejectUnauthorized: false,
    })
    const settled = new Promise<number | undefined>((resolve, reject) => {
      client.on('remoteSettings', ({ maxConcurrentStreams }) => resolve(maxConcurrentStreams))
      client.on('error', reject)
    })
    expect(await settled).toBe(100)
    client.destroy()
  })

  test('the sole host of a port is asked by every request', async () => {
    for (const host of ['a.org', 'A.ORG:80', 'localhost', '127.0.0.1']) {
      const statuses = [
        (await ask(plainPort, { host, path: '/any' })).status,
        (await ask(plainPort, { host, path: '/none' })).status,
      ]
      expect(statuses).toEqual([200, 404])
    }
  })
})
