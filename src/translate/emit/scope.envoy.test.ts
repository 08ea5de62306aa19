/** Which route serves a request, and what it may not escape, on a real Envoy (architecture 15.3 to 15.6). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packAny, typedExtension } from '../../envoy/any.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import type { Listener } from '../../ir/listener.ts'
import { clusterOf, clusterName, scopeName, tableName } from '../../ir/names.ts'
import type { VirtualHost } from '../../ir/virtual-host.ts'
import { ok } from '../../lib/result.ts'
import { ask, EchoBackend, echo, EnvoyUnderTest, freePorts, raw } from '../../testing/emit-rig.ts'
import { backend, endpointsOf, exact, forwardTo, prefix, route, testGateway, virtualHost } from '../../testing/ir.ts'
import { anyFeature, defineFeature } from '../features/feature.ts'
import { routeFeatures } from '../features/registry.ts'
import { emitCluster } from './cluster.ts'
import { emitEndpoints } from './endpoints.ts'
import { emitListener, emitWarmUpListener } from './listener.ts'
import { maxWildcardDepth } from './lua.ts'
import { emitScope, emitStubs } from './scope.ts'

/** A security filter as every later one must be: always in the chain, inert, overridden per route. */
const deny = defineFeature<true>({
  name: 'TestDeny',
  conformance: [],
  levels: ['rule'],
  parse: () => ok(true),
  filter: () => typedExtension('test.rbac', 'envoy.extensions.filters.http.rbac.v3.RBAC', {}),
  route: () => ({
    route: {
      typedPerFilterConfig: {
        'test.rbac': packAny('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac: { rules: {} } }),
      },
    },
  }),
})
const features = [...routeFeatures, anyFeature(deny)]
const denied = { features: [deny.value(true)] }
const toEcho = forwardTo(backend('echo'))

/** Other ways to write the host `name`; upper-case ones miss the scope's key. */
function spellings(name: string): readonly string[] {
  const mixed = name.replace(/^./, (letter) => letter.toUpperCase())
  const upper = name.toUpperCase()
  return [name, mixed, upper, `${name}:8080`, `${upper}:80`, `${name}.`, `${upper}.`, `${name}.:443`, `${upper}.:443`]
}

/** As many wildcards as a miss may fall through, from `*.l5.l4.l3.l2.l1.deep` to `*.deep`; only the last has routes. */
const deepLabels = Array.from({ length: maxWildcardDepth - 1 }, (_none, index) => `l${index + 1}`)
const deepHost = `x.${deepLabels.toReversed().join('.')}.deep`
const deepWildcards = Array.from(
  { length: maxWildcardDepth },
  (_none, index) =>
    `*.${deepHost
      .split('.')
      .slice(1 + index)
      .join('.')}`,
)

function deepHosts(port: number): readonly VirtualHost[] {
  const table = tableName(port)
  const routes = [
    route('deepest', prefix('/deepest'), toEcho),
    route('deepest-deny', prefix('/deepest-deny'), toEcho, denied),
  ]
  return deepWildcards.map((host, index) => {
    const next = deepWildcards[index + 1]
    return next === undefined
      ? virtualHost({ port }, host, routes)
      : virtualHost({ port }, host, [], { kind: 'scope', scope: scopeName(table, next) })
  })
}

function resourcesOf(port: number, backendPort: number): readonly NamedResource[] {
  const table = tableName(port)
  const at = { port }
  const hosts = [
    virtualHost(
      at,
      'a.example.com',
      [route('deny', prefix('/deny'), toEcho, denied), route('open', prefix('/open'), toEcho)],
      { kind: 'stubs' },
    ),
    virtualHost(
      at,
      '*.example.com',
      [route('wild-deny', prefix('/wild-deny'), toEcho, denied), route('wild', prefix('/wild'), toEcho)],
      { kind: 'scope', scope: scopeName(table, '*') },
    ),
    virtualHost(at, '*', [
      route('any', prefix('/any'), toEcho),
      route('any-deny', prefix('/any-deny'), toEcho, denied),
    ]),
    // Of another listener: `*.example.com` and `*` must not answer for it.
    virtualHost(at, 'alone.example.com', [route('own', prefix('/own'), toEcho)]),
    // A listener's own hostname without any route.
    virtualHost(at, '*.empty.example.com', []),
    ...deepHosts(port),
  ]
  const stubs = ['*.example.com', '*', '*.empty.example.com', ...deepWildcards].map((domain) => ({
    domain,
    target: { kind: 'scope' as const, scope: scopeName(table, domain) },
  }))
  const listener: Listener = {
    gateway: testGateway,
    port,
    bindPort: port,
    addresses: ['127.0.0.1'],
    chains: [{ name: 'http', table, routes: 'scopes' }],
  }
  return [
    emitCluster(clusterOf(clusterName(endpointsOf('echo'), 'http1'))),
    emitEndpoints({
      name: endpointsOf('echo'),
      endpoints: [{ address: '127.0.0.1', port: backendPort, state: 'ready' }],
    }),
    emitWarmUpListener(testGateway),
    emitListener(listener, { kind: 'standalone', ipv6: false }, features),
    ...hosts.map((host) => emitScope(host, features)),
    emitStubs(testGateway, table, stubs),
  ]
}

describe('scopes on a real Envoy', () => {
  let port: number
  let upstream: EchoBackend
  let envoy: EnvoyUnderTest | undefined

  beforeAll(async () => {
    const [free = 0] = await freePorts(1)
    port = free
    upstream = await EchoBackend.start('echo')
    envoy = await EnvoyUnderTest.serve(resourcesOf(port, upstream.port), [port])
  })

  afterAll(async () => {
    await envoy?.stop()
    upstream.stop()
  })

  const status = async (host: string, path: string, headers = {}) => (await ask(port, { host, path, headers })).status

  describe('a deny on a route holds for every spelling of its host', () => {
    test.each(spellings('a.example.com'))('exact host: %s', async (host) => {
      expect([await status(host, '/deny'), await status(host, '/open')]).toEqual([403, 200])
    })

    test.each(spellings('x.example.com'))('wildcard host: %s', async (host) => {
      expect([await status(host, '/wild-deny'), await status(host, '/wild')]).toEqual([403, 200])
    })

    test.each(spellings('deep.x.example.com'))('wildcard host, several labels: %s', async (host) => {
      expect([await status(host, '/wild-deny'), await status(host, '/wild')]).toEqual([403, 200])
    })

    test.each(spellings('a.example.com'))('fallen through to the wildcard: %s', async (host) => {
      expect([await status(host, '/wild-deny'), await status(host, '/wild')]).toEqual([403, 200])
    })

    test.each(spellings('a.example.com'))('fallen through to the catch-all: %s', async (host) => {
      expect([await status(host, '/any-deny'), await status(host, '/any')]).toEqual([403, 200])
    })

    test.each([...spellings('other.org'), '127.0.0.1', '[::1]:8080', 'a_b', 'localhost'])(
      'catch-all: %s',
      async (host) => {
        expect([await status(host, '/any-deny'), await status(host, '/any')]).toEqual([403, 200])
      },
    )

    test.each(['//deny', '/./deny', '/x/../deny', '/deny/', '/deny?a=b', '/%64eny'])('path %s', async (path) => {
      expect(await status('a.example.com', path)).toBe(403)
    })

    test('an escaped slash is sent back decoded, not passed on', async () => {
      const answer = await ask(port, { host: 'a.example.com', path: '/deny%2Fx' })
      expect([answer.status, answer.headers.location]).toEqual([307, '/deny/x'])
    })
  })

  describe('fall-through and isolation', () => {
    test('a miss on an exact host goes on to the wildcard and then to the catch-all of the same listener', async () => {
      expect(await status('a.example.com', '/wild')).toBe(200)
      expect(await status('a.example.com', '/any')).toBe(200)
      expect(await status('a.example.com', '/none')).toBe(404)
    })

    test('a miss goes through as many nested wildcards as is promised, whatever the case of the host', async () => {
      for (const host of [deepHost, deepHost.toUpperCase()]) {
        expect(await status(host, '/none')).toBe(404)
        expect(await status(host, '/deepest')).toBe(200)
        expect(await status(host, '/deepest-deny')).toBe(403)
      }
    })

    test('a wildcard does not match its own domain', async () => {
      expect([await status('example.com', '/wild'), await status('example.com', '/any')]).toEqual([404, 200])
    })

    test.each(spellings('alone.example.com'))(
      'a host of another listener is not served by a wildcard: %s',
      async (host) => {
        expect([await status(host, '/own'), await status(host, '/wild'), await status(host, '/any')]).toEqual([
          200, 404, 404,
        ])
      },
    )

    test.each(spellings('x.empty.example.com'))('a listener without routes answers 404: %s', async (host) => {
      expect([await status(host, '/wild'), await status(host, '/any')]).toEqual([404, 404])
    })
  })

  describe('the scope header', () => {
    test('never reaches the backend, by the direct way or by the fallback', async () => {
      for (const [host, path] of [
        ['a.example.com', '/open'],
        ['A.EXAMPLE.COM', '/open'],
        ['x.example.com', '/wild'],
        ['z.org', '/any'],
      ] as const) {
        const { headers } = await echo(port, { host, path, headers: { 'x-fairlead-scope': 'mine' } })
        expect(headers.filter(([name]) => name === 'x-fairlead-scope')).toEqual([])
      }
    })

    test.each([
      ['once', (scope: string) => ({ 'x-fairlead-scope': scope })],
      ['twice', (scope: string) => ({ 'x-fairlead-scope': [scope, scope] })],
      ['in another case', (scope: string) => ({ 'X-FAIRLEAD-SCOPE': scope })],
    ])('sent by a client %s chooses nothing', async (_how, headers) => {
      const scope = `${port}|alone.example.com`
      expect(await status('z.org', '/own', headers(scope))).toBe(404)
      expect(await status('a.example.com', '/deny', headers(`${port}|/*`))).toBe(403)
    })

    test.each(['/', '/*', '/*.example.com', 'a|b', 'a/b'])('cannot be steered by the authority %j', async (host) => {
      const answer = await raw(port, `GET /wild HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1.1 400 /)
    })
  })

  describe('connections', () => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'eA==',
      'sec-websocket-version': '13',
    }

    test.each(['a.example.com', 'A.EXAMPLE.COM', 'a.example.com:8080'])('WebSocket to exact host %s', async (host) => {
      expect(await status(host, '/open', upgrade)).toBe(101)
    })

    test.each([
      ['x.example.com', '/wild'],
      ['a.example.com', '/any'],
      ['z.org', '/any'],
    ])('WebSocket by the fallback: %s%s', async (host, path) => {
      expect(await status(host, path, upgrade)).toBe(101)
    })

    test('a WebSocket is denied as any request', async () => {
      expect(await status('X.example.com', '/wild-deny', upgrade)).toBe(403)
    })

    test('HTTP/1.0 is asked to upgrade', async () => {
      expect(await raw(port, 'GET /open HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.[01] 426 /)
    })

    test('the host of an absolute request target counts (RFC 9112 3.2.2)', async () => {
      const request = 'GET http://a.example.com/deny HTTP/1.1\r\nHost: z.org\r\nConnection: close\r\n\r\n'
      expect(await raw(port, request)).toMatch(/^HTTP\/1.1 403 /)
    })

    test('two Host headers reach the routes of neither', async () => {
      const request = 'GET /open HTTP/1.1\r\nHost: a.example.com\r\nHost: z.org\r\nConnection: close\r\n\r\n'
      expect(await raw(port, request)).toMatch(/^HTTP\/1.1 404 /)
    })

    test('an empty Host is a host that nobody named', async () => {
      const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n`
      expect(await raw(port, request('/any-deny'))).toMatch(/^HTTP\/1.1 403 /)
      expect(await raw(port, request('/open'))).toMatch(/^HTTP\/1.1 404 /)
    })
  })

  describe('edge defaults', () => {
    test('an answer shows the backend’s Server and nothing of Envoy', async () => {
      const { headers } = await ask(port, { host: 'a.example.com', path: '/open' })
      expect(headers.server).toBe('echo')
      expect(Object.keys(headers).filter((name) => name.startsWith('x-envoy') || name === 'via')).toEqual([])
    })

    test('an answer of our own has no Server header', async () => {
      const { headers } = await ask(port, { host: 'a.example.com', path: '/none' })
      expect(headers.server).toBeUndefined()
    })

    test('a client cannot choose its address, request id, scheme or Envoy’s behaviour', async () => {
      const forged = {
        'x-forwarded-for': '10.9.9.9',
        'x-forwarded-proto': 'https',
        'x-request-id': 'mine',
        'x-envoy-retry-on': '5xx',
        'x-envoy-upstream-rq-timeout-ms': '1',
        'x-envoy-internal': 'true',
        'x-envoy-external-address': '10.9.9.9',
      }
      const { headers } = await echo(port, { host: 'a.example.com', path: '/open', headers: forged })
      const seen = new Map(headers)
      expect(seen.get('x-forwarded-for')).toMatch(/^10\.9\.9\.9,[0-9.]+$/)
      expect(seen.get('x-forwarded-proto')).toBe('http')
      expect(seen.get('x-request-id')).not.toBe('mine')
      expect([...seen.keys()].filter((name) => name.startsWith('x-envoy'))).toEqual([])
    })

    test('a header with an underscore is refused', async () => {
      expect(await status('a.example.com', '/open', { x_forwarded_for: '1' })).toBe(400)
    })
  })

  test('a path is matched exactly when asked', async () => {
    expect(exact('/open').kind).toBe('exact')
    expect(await status('a.example.com', '/openness')).toBe(404)
  })
})
