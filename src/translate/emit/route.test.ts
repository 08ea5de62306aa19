import { describe, expect, test } from 'vitest'
import { decodeMessage } from '../../envoy/encode.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import { fallbackScopeName, scopeName, tableName } from '../../ir/names.ts'
import { ok } from '../../lib/result.ts'
import {
  backend,
  exact,
  forwardTo,
  invalidBackend,
  prefix,
  prefixChange,
  redirectAction,
  route,
  testGateway,
  virtualHost,
} from '../../testing/ir.ts'
import { anyFeature, defineFeature } from '../features/feature.ts'
import { requestHeaderModifier, responseHeaderModifier } from '../features/header-modifier.ts'
import { routeFeatures } from '../features/registry.ts'
import { emitMatch } from './match.ts'
import { emitRedirectPath, emitRewrite } from './path-change.ts'
import { emitRoute } from './route.ts'
import { emitRouteConfig, emitScope, emitStubs } from './scope.ts'

const emit = (...of: Parameters<typeof route>) => emitRoute(route(...of), routeFeatures)
const noTimeout = { timeout: { seconds: 0, nanos: 0 } }

describe('emitMatch', () => {
  const match = (path: Parameters<typeof emitMatch>[0]['path']) => emitMatch({ path, headers: [], queryParams: [] })

  test('a prefix is compared by segment, the root matches everything', () => {
    expect(match(prefix('/a/b'))).toEqual({ pathSeparatedPrefix: '/a/b' })
    expect(match(prefix('/'))).toEqual({ prefix: '/' })
  })

  test('exact paths and regular expressions', () => {
    expect(match(exact('/a/'))).toEqual({ path: '/a/' })
    expect(match({ kind: 'regex', regex: '/v[0-9]+' })).toEqual({ safeRegex: { regex: '/v[0-9]+' } })
  })

  test('the method is a header', () => {
    const headers = [{ name: 'version', kind: 'regex', value: 'v.' }] as const
    const queryParams = [{ name: 'q', kind: 'exact', value: '1' }] as const
    expect(emitMatch({ path: prefix('/'), method: 'GET', headers, queryParams })).toEqual({
      prefix: '/',
      headers: [
        { name: ':method', stringMatch: { exact: 'GET' } },
        { name: 'version', stringMatch: { safeRegex: { regex: 'v.' } } },
      ],
      queryParameters: [{ name: 'q', stringMatch: { exact: '1' } }],
    })
  })
})

describe('path changes', () => {
  test.each([
    ['/foo', '/xyz', { prefixRewrite: '/xyz' }],
    ['/foo', '/xyz/', { prefixRewrite: '/xyz' }],
    ['/foo', '/foo/', {}],
    ['/', '/xyz', { prefixRewrite: '/xyz/' }],
    ['/', '', {}],
    ['/foo', '/', { regexRewrite: { pattern: { regex: '^/foo/*' }, substitution: '/' } }],
    ['/a.(b)', '', { regexRewrite: { pattern: { regex: '^/a\\.\\(b\\)/*' }, substitution: '/' } }],
  ])('prefix %j replaced by %j', (from, to, fields) => {
    expect(emitRewrite(prefixChange(from, to))).toEqual(fields)
  })

  test('a whole path is kept verbatim, in a rewrite with its backslashes quoted', () => {
    const change = { kind: 'full', path: '/a\\1/' } as const
    expect(emitRewrite(change)).toEqual({ regexRewrite: { pattern: { regex: '^/.*$' }, substitution: '/a\\\\1/' } })
    expect(emitRedirectPath(change)).toEqual({ pathRedirect: '/a\\1/' })
  })
})

describe('emitRoute', () => {
  test('one valid backend is a cluster, without a timeout and without retries', () => {
    expect(emit('r', prefix('/'), forwardTo(backend('a')))).toEqual({
      name: 'shop/r',
      match: { prefix: '/' },
      route: { cluster: 'shop/a/80', ...noTimeout },
    })
  })

  test('several are weighted, whatever the sum; those of weight 0 are left out', () => {
    const { route: action } = emit('r', prefix('/'), forwardTo(backend('a', 3), backend('b', 0), backend('c', 7)))
    expect(action?.weightedClusters?.clusters).toEqual([
      { name: 'shop/a/80', weight: { value: 3 } },
      { name: 'shop/c/80', weight: { value: 7 } },
    ])
    expect(action?.clusterNotFoundResponseCode).toBeUndefined()
  })

  test('invalid backends share the list, as a cluster that cannot exist and is answered 500', () => {
    const backends = [backend('a', 3), invalidBackend(2), invalidBackend(5)]
    expect(emit('r', prefix('/'), forwardTo(...backends)).route).toEqual({
      weightedClusters: {
        clusters: [
          { name: 'shop/a/80', weight: { value: 3 } },
          { name: 'invalid-backend', weight: { value: 7 } },
        ],
      },
      clusterNotFoundResponseCode: 2,
      ...noTimeout,
    })
  })

  test.each([
    ['no backend', []],
    ['invalid ones only', [invalidBackend(), invalidBackend()]],
    ['weights that sum to 0', [backend('a', 0), invalidBackend(0)]],
  ])('%s: 500', (_what, backends) => {
    expect(emit('r', prefix('/'), forwardTo(...backends))).toMatchObject({ directResponse: { status: 500 } })
  })

  test('a redirect names only what it changes', () => {
    expect(emit('r', prefix('/'), redirectAction({ status: 301 })).redirect).toEqual({ responseCode: 0 })
    const whole = redirectAction({
      scheme: 'https',
      hostname: 'b.com',
      port: 8443,
      path: { kind: 'full', path: '/x' },
      status: 308,
    })
    expect(emit('r', prefix('/'), whole).redirect).toEqual({
      schemeRedirect: 'https',
      hostRedirect: 'b.com',
      portRedirect: 8443,
      pathRedirect: '/x',
      responseCode: 4,
    })
  })

  test('a value of a feature on one backend moves that of the rule into every entry', () => {
    const changes = (name: string) => ({ set: [{ name, value: '1' }], add: [], remove: [] })
    const own = requestHeaderModifier.value(changes('own'))
    const emitted = emit('r', prefix('/'), forwardTo(backend('a', 1, [own]), backend('b')), {
      features: [requestHeaderModifier.value(changes('rule')), responseHeaderModifier.value(changes('response'))],
    })
    const added = (name: string) => ({ header: { key: name, value: '1' }, appendAction: 2 })
    expect(emitted.requestHeadersToAdd).toBeUndefined()
    expect(emitted.responseHeadersToAdd).toEqual([added('response')])
    expect(emitted.route?.weightedClusters?.clusters?.map(({ requestHeadersToAdd }) => requestHeadersToAdd)).toEqual([
      [added('rule'), added('own')],
      [added('rule')],
    ])
  })

  test('two features that write the same field are a bug', () => {
    const clashing = (name: string) =>
      defineFeature<true>({
        name,
        conformance: [],
        levels: ['rule'],
        parse: () => ok(true),
        route: () => ({ route: { statPrefix: name } }),
      })
    const [a, b] = [clashing('a'), clashing('b')]
    const both = route('r', prefix('/'), forwardTo(backend('a')), { features: [a.value(true), b.value(true)] })
    expect(() => emitRoute(both, [anyFeature(a), anyFeature(b)])).toThrow('two features write statPrefix')
  })

  test('a route without a name is a bug', () => {
    const nameless = { ...route('r', prefix('/'), forwardTo()), name: '' }
    expect(() => emitRoute(nameless, routeFeatures)).toThrow('without a name')
  })
})

describe('scopes', () => {
  const at = { port: 80 }
  const table = tableName(80)
  const decode = ({ bytes }: NamedResource) => decodeMessage('envoy.config.route.v3.ScopedRouteConfiguration', bytes)
  const hostsOf = (resource: NamedResource) => decode(resource).routeConfiguration?.virtualHosts ?? []
  const lastOf = (resource: NamedResource) => hostsOf(resource)[0]?.routes.at(-1)

  test('name, key and domain are those of the host', () => {
    const resource = emitScope(virtualHost(at, '*.a.com', [route('r', prefix('/'), forwardTo(backend('a')))]))
    const { name, key } = decode(resource)
    expect([resource.type, resource.name, name]).toEqual(['scoped-route', '80|/*.a.com', '80|/*.a.com'])
    expect(key?.fragments.map(({ stringKey }) => stringKey)).toEqual(['80|/*.a.com'])
    expect(hostsOf(resource).map(({ domains }) => domains)).toEqual([['*.a.com']])
  })

  test('the constant block is in every route configuration', () => {
    const vhost = virtualHost(at, 'a.com', [])
    const table421 = decodeMessage('envoy.config.route.v3.RouteConfiguration', emitRouteConfig(vhost, []).bytes)
    for (const config of [
      decode(emitScope(vhost)).routeConfiguration,
      decode(emitStubs(testGateway, table, [])).routeConfiguration,
      table421,
    ]) {
      expect(config?.validateClusters?.value).toBe(false)
      expect(config?.requestHeadersToRemove).toContain('x-fairlead-scope')
    }
  })

  test('says which clusters and objects it is made of, sorted, once each', () => {
    const routes = [
      route('z', prefix('/z'), forwardTo(backend('b'), backend('a'), backend('unused', 0))),
      route('a', prefix('/a'), forwardTo(backend('a'), invalidBackend())),
      route('a', prefix('/b'), redirectAction({})),
    ]
    const { clusters, origins } = emitScope(virtualHost(at, 'a.com', routes))
    expect(clusters).toEqual(['shop/a/80', 'shop/b/80'])
    expect(origins).toEqual(['HTTPRoute/shop/a', 'HTTPRoute/shop/z'])
  })

  test('a miss is a 404, goes on to a scope, or has no route at all', () => {
    const notFound = lastOf(emitScope(virtualHost(at, 'a.com', [])))
    expect([notFound?.name, notFound?.directResponse?.status]).toEqual(['not-found', 404])
    const onward = lastOf(emitScope(virtualHost(at, '*.a.com', [], { kind: 'scope', scope: scopeName(table, '*') })))
    expect(onward?.name).toBe('>80|/*')
    expect(hostsOf(emitScope(virtualHost(at, 'a.com', [], { kind: 'stubs' })))[0]?.routes).toEqual([])
  })

  test('stubs are sorted; of two for one domain the answer stays', () => {
    const toScope = (domain: string) => ({
      domain,
      target: { kind: 'scope' as const, scope: scopeName(table, domain) },
    })
    const answer = { domain: 'b.com', target: { kind: 'respond' as const, status: 421 } }
    const resource = emitStubs(testGateway, table, [toScope('*'), answer, toScope('b.com'), toScope('*.a.com')])
    expect(resource.name).toBe(fallbackScopeName(table))
    expect(hostsOf(resource).map(({ domains, routes }) => [domains[0], routes[0]?.name])).toEqual([
      ['*', '>80|/*'],
      ['*.a.com', '>80|/*.a.com'],
      ['b.com', 'misdirected'],
    ])
  })

  test('a stand-in has the same name and key and answers 500 on every path', () => {
    const resource = emitScope(virtualHost(at, 'a.com', [route('r', prefix('/'), forwardTo(backend('a')))]))
    const standIn = resource.standIn?.() ?? resource
    expect([standIn.name, standIn.version === resource.version, standIn.clusters]).toEqual([
      '80|a.com',
      false,
      undefined,
    ])
    expect(decode(standIn).key).toEqual(decode(resource).key)
    expect(
      hostsOf(standIn).map(({ domains, routes }) => [
        domains,
        routes.map(({ match, directResponse }) => [match?.prefix, directResponse?.status]),
      ]),
    ).toEqual([[['a.com'], [['/', 500]]]])
  })

  test('equal hosts give equal bytes and the same functions', () => {
    const make = () => emitScope(virtualHost(at, 'a.com', [route('r', prefix('/'), forwardTo(backend('a')))]))
    expect(make()).toEqual(make())
    expect(make().standIn).toBe(make().standIn)
  })

  test('an edit of one route costs at most 600 bytes', () => {
    const { bytes } = emitScope(
      virtualHost(at, 'r-12345.example.com', [route('route-12345', prefix('/'), forwardTo(backend('service-12345')))], {
        kind: 'stubs',
      }),
    )
    expect(bytes.length).toBeLessThan(400)
  })
})

describe('emitRouteConfig', () => {
  test('hosts of other listeners of the port are misdirected, its own never', () => {
    const vhost = virtualHost({ port: 443, chain: 'a' }, 'a.com', [route('r', prefix('/'), forwardTo(backend('a')))])
    const resource = emitRouteConfig(vhost, ['b.com', '*', 'a.com', 'b.com'])
    const { virtualHosts } = decodeMessage('envoy.config.route.v3.RouteConfiguration', resource.bytes)
    expect([resource.type, resource.name]).toEqual(['route', 'infra/edge/443/a'])
    expect(virtualHosts.map(({ domains }) => domains)).toEqual([['a.com'], ['*', 'b.com']])
    expect(virtualHosts[1]?.routes.map(({ directResponse }) => directResponse?.status)).toEqual([421])
  })
})
