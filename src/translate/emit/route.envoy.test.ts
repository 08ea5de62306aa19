/** What routes do with requests, on a real Envoy: rewrites, redirects, header changes, shares of invalid backends. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NamedResource } from '../../envoy/resource.ts'
import type { PathChange } from '../../ir/action.ts'
import type { PathMatch } from '../../ir/match.ts'
import { clusterName, clusterOf, tableName } from '../../ir/names.ts'
import type { Route } from '../../ir/route.ts'
import { ask, EchoBackend, echo, EnvoyUnderTest, freePorts } from '../../testing/emit-rig.ts'
import {
  backend,
  endpointsOf,
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
import { type HeaderChanges, requestHeaderModifier, responseHeaderModifier } from '../features/header-modifier.ts'
import { urlRewrite } from '../features/url-rewrite.ts'
import { emitCluster } from './cluster.ts'
import { emitEndpoints } from './endpoints.ts'
import { emitListener, emitWarmUpListener } from './listener.ts'
import { emitScope } from './scope.ts'

/** `HTTPPathModifier`, the table of ReplacePrefixMatch, and what it leaves to be concluded for the root. */
const prefixTable: readonly (readonly [path: string, from: string, to: string, result: string])[] = [
  ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
  ['/foo', '/foo', '/xyz', '/xyz'],
  ['/foo/', '/foo', '/xyz', '/xyz/'],
  ['/foo/bar', '/foo', '', '/bar'],
  ['/foo/', '/foo', '', '/'],
  ['/foo', '/foo', '', '/'],
  ['/foo/', '/foo', '/', '/'],
  ['/foo', '/foo', '/', '/'],
  ['/foo/bar', '/foo', '/', '/bar'],
  ['/foo/foo/bar', '/foo', '/', '/foo/bar'],
  ['/foo', '/foo', '/xyz/', '/xyz'],
  ['/', '/', '/xyz', '/xyz/'],
  ['/bar', '/', '/xyz', '/xyz/bar'],
  ['/bar', '/', '/', '/bar'],
  ['/a.b/c', '/a.b', '/', '/c'],
  ['/a+(b)/c', '/a+(b)', '', '/c'],
  ['/foo/bar?q=/foo', '/foo', '/', '/bar?q=/foo'],
  ['/foo?q=1', '/foo', '/', '/?q=1'],
  ['/foo?q=1', '/foo', '/xyz', '/xyz?q=1'],
]

const fullTable: readonly (readonly [path: string, to: string, result: string])[] = [
  ['/foo/bar', '/one', '/one'],
  ['/foo/bar', '/one/', '/one/'],
  ['/', '/', '/'],
  ['/foo?q=1', '/one', '/one?q=1'],
  ['/foo', '/a\\1b', '/a\\1b'],
  ['/foo', '/100%25', '/100%25'],
]

const toEcho = forwardTo(backend('echo'))

const rewrites = prefixTable.map(([, from, to], index) => ({
  host: `p${index}.rewrite`,
  route: rewriteRoute(`p${index}`, prefix(from), { kind: 'prefix', to }),
}))
const fullRewrites = fullTable.map(([, path], index) => ({
  host: `f${index}.rewrite`,
  route: rewriteRoute(`f${index}`, prefix('/'), { kind: 'full', path }),
}))
const redirects = prefixTable.map(([, from, to], index) => ({
  host: `p${index}.redirect`,
  route: pathRedirect(`rp${index}`, prefix(from), prefixChange(from, to)),
}))
const fullRedirects = fullTable.map(([, path], index) => ({
  host: `f${index}.redirect`,
  route: pathRedirect(`rf${index}`, prefix('/'), { kind: 'full', path }),
}))

function rewriteRoute(
  name: string,
  match: PathMatch,
  path: { kind: 'prefix'; to: string } | { kind: 'full'; path: string },
) {
  return route(name, match, toEcho, { features: [urlRewrite.value({ path })] })
}

function pathRedirect(name: string, match: PathMatch, path: PathChange): Route {
  return route(name, match, redirectAction({ path }))
}

const changes = (more: Partial<HeaderChanges>): HeaderChanges => ({ set: [], add: [], remove: [], ...more })
const header = (name: string, value: string) => ({ name, value })

const ruleHeaders = changes({
  set: [header('x-set', 'rule'), header('x-both', 'rule')],
  add: [header('x-add', 'rule'), header('x-percent', '100% %REQ(host)% %%')],
  remove: ['x-gone'],
})
const backendHeaders = changes({
  set: [header('x-both', 'backend')],
  add: [header('x-add', 'backend')],
  remove: ['x-set'],
})

const others: readonly { readonly host: string; readonly route: Route }[] = [
  {
    host: 'host.rewrite',
    route: route('h', prefix('/'), toEcho, { features: [urlRewrite.value({ hostname: 'new.example.com' })] }),
  },
  { host: 'exact.match', route: route('e', exact('/exact'), toEcho) },
  { host: 'prefix.match', route: route('p', prefix('/a/b'), toEcho) },
  { host: 'regex.match', route: route('x', { kind: 'regex', regex: '/v[0-9]+' }, toEcho) },
  {
    host: 'other.match',
    route: route('m', prefix('/'), toEcho, {
      match: {
        method: 'POST',
        headers: [
          { name: 'version', kind: 'exact', value: 'two' },
          { name: 'color', kind: 'regex', value: 'blue|green' },
        ],
        queryParams: [{ name: 'animal', kind: 'exact', value: 'whale' }],
      },
    }),
  },
  {
    host: 'rule.headers',
    route: route('rh', prefix('/'), toEcho, {
      features: [
        requestHeaderModifier.value(ruleHeaders),
        responseHeaderModifier.value(
          changes({ set: [header('x-from', 'rule')], add: [header('x-more', '5%')], remove: ['x-twice'] }),
        ),
      ],
    }),
  },
  {
    host: 'backend.headers',
    route: route('bh', prefix('/'), forwardTo(backend('echo', 1, [requestHeaderModifier.value(backendHeaders)])), {
      features: [requestHeaderModifier.value(ruleHeaders)],
    }),
  },
  {
    host: 'half.invalid',
    route: route('hi', prefix('/'), forwardTo(backend('echo', 50), backend('other', 50), invalidBackend(100))),
  },
  { host: 'all.invalid', route: route('ai', prefix('/'), forwardTo(invalidBackend(1), backend('echo', 0))) },
  { host: 'no.weight', route: route('nw', prefix('/'), forwardTo(backend('echo', 0))) },
  { host: 'no.endpoints', route: route('ne', prefix('/'), forwardTo(backend('empty'))) },
  { host: 'zero.dropped', route: route('zd', prefix('/'), forwardTo(backend('echo', 1), backend('other', 0))) },
]

const hosts = [...rewrites, ...fullRewrites, ...redirects, ...fullRedirects, ...others]

function resourcesOf(port: number, backends: readonly EchoBackend[]): readonly NamedResource[] {
  const place = { port }
  const assigned = [
    ...backends.map(({ name, port: at }) => ({
      name: endpointsOf(name),
      endpoints: [{ address: '127.0.0.1', port: at, state: 'ready' as const }],
    })),
    { name: endpointsOf('empty'), endpoints: [] },
  ]
  const listener = {
    gateway: testGateway,
    port,
    bindPort: port,
    addresses: ['127.0.0.1'],
    chains: [{ name: 'http', table: tableName(port), routes: 'scopes' as const }],
  }
  return [
    ...assigned.map(({ name }) => emitCluster(clusterOf(clusterName(name, 'http1')))),
    ...assigned.map(emitEndpoints),
    emitWarmUpListener(testGateway),
    emitListener(listener, { kind: 'standalone', ipv6: false }),
    ...hosts.map(({ host, route: only }) => emitScope(virtualHost(place, host, [only]))),
  ]
}

describe('routes on a real Envoy', () => {
  let port: number
  let backends: readonly EchoBackend[]
  let envoy: EnvoyUnderTest | undefined

  beforeAll(async () => {
    const [free = 0] = await freePorts(1)
    port = free
    backends = [await EchoBackend.start('echo'), await EchoBackend.start('other')]
    envoy = await EnvoyUnderTest.serve(resourcesOf(port, backends), [port])
  })

  afterAll(async () => {
    await envoy?.stop()
    for (const started of backends) started.stop()
  })

  describe('rewrite (HTTPURLRewriteFilter.path)', () => {
    test.each(prefixTable.map((row, index) => [...row, index] as const))(
      '%s, prefix %s replaced by %j: %s',
      async (path, _from, _to, result, index) => {
        expect((await echo(port, { host: `p${index}.rewrite`, path })).url).toBe(result)
      },
    )

    test.each(fullTable.map((row, index) => [...row, index] as const))(
      '%s replaced by %s: %s',
      async (path, _to, result, index) => {
        expect((await echo(port, { host: `f${index}.rewrite`, path })).url).toBe(result)
      },
    )

    test('the host is replaced', async () => {
      const { headers } = await echo(port, { host: 'host.rewrite' })
      expect(headers).toContainEqual(['host', 'new.example.com'])
    })
  })

  test.each(['prefix.match:81', 'PREFIX.match:81'])(
    'a backend sees the host as the client named it: %s',
    async (host) => {
      const { headers } = await echo(port, { host, path: '/a/b' })
      expect(headers).toContainEqual(['host', host])
    },
  )

  describe('redirect (HTTPRequestRedirectFilter)', () => {
    test.each(prefixTable.map((row, index) => [...row, index] as const))(
      '%s, prefix %s replaced by %j: %s',
      async (path, _from, _to, result, index) => {
        const { status, headers } = await ask(port, { host: `p${index}.redirect`, path })
        expect([status, headers.location]).toEqual([302, `http://p${index}.redirect${result}`])
      },
    )

    test('a port that the client came by is replaced by that of the scheme', async () => {
      const { headers } = await ask(port, { host: 'p0.redirect:81', path: '/foo/bar' })
      expect(headers.location).toBe('http://p0.redirect:80/xyz/bar')
    })

    test.each(fullTable.map((row, index) => [...row, index] as const))(
      '%s replaced by %s: %s',
      async (path, _to, result, index) => {
        const { headers } = await ask(port, { host: `f${index}.redirect`, path })
        expect(headers.location).toBe(`http://f${index}.redirect${result}`)
      },
    )
  })

  describe('matches (HTTPRouteMatch)', () => {
    test.each([
      ['exact.match', '/exact', 200],
      ['exact.match', '/exact?q', 200],
      ['exact.match', '/exact/', 404],
      ['prefix.match', '/a/b', 200],
      ['prefix.match', '/a/b/', 200],
      ['prefix.match', '/a/b/c', 200],
      ['prefix.match', '/a/b?c', 200],
      ['prefix.match', '/a/bc', 404],
      ['prefix.match', '/A/b', 404],
      ['regex.match', '/v12', 200],
      ['regex.match', '/v12?q', 200],
      ['regex.match', '/v12/x', 404],
      ['regex.match', '/x/v12', 404],
    ])('%s%s is %i', async (host, path, status) => {
      expect((await ask(port, { host, path })).status).toBe(status)
    })

    const asked = {
      host: 'other.match',
      method: 'POST',
      path: '/?animal=whale',
      headers: { Version: 'two', color: 'blue' },
    }
    test.each([
      ['all conditions hold', asked, 200],
      ['another method', { ...asked, method: 'GET' }, 404],
      ['another header value', { ...asked, headers: { version: 'one', color: 'blue' } }, 404],
      ['a header is absent', { ...asked, headers: { color: 'blue' } }, 404],
      ['a regex holds for a part of the value only', { ...asked, headers: { version: 'two', color: 'blueish' } }, 404],
      ['another query parameter', { ...asked, path: '/?animal=whales' }, 404],
    ])('%s', async (_what, request, status) => {
      expect((await ask(port, request)).status).toBe(status)
    })
  })

  describe('header modifiers (HTTPHeaderFilter)', () => {
    const sent = { 'x-set': 'client', 'x-add': 'client', 'x-gone': 'client', 'x-both': 'client' }
    const valuesOf = (headers: readonly (readonly [string, string])[], name: string) =>
      headers.filter(([candidate]) => candidate === name).flatMap(([, value]) => value.split(','))

    test('set replaces, add appends, remove removes; a percent sign is text', async () => {
      const { headers } = await echo(port, { host: 'rule.headers', headers: sent })
      expect(valuesOf(headers, 'x-set')).toEqual(['rule'])
      expect(valuesOf(headers, 'x-add')).toEqual(['client', 'rule'])
      expect(valuesOf(headers, 'x-gone')).toEqual([])
      expect(valuesOf(headers, 'x-percent')).toEqual(['100% %REQ(host)% %%'])
    })

    test('the filters of a backendRef come after those of its rule', async () => {
      const { headers } = await echo(port, { host: 'backend.headers', headers: sent })
      expect(valuesOf(headers, 'x-set')).toEqual([])
      expect(valuesOf(headers, 'x-both')).toEqual(['backend'])
      expect(valuesOf(headers, 'x-add')).toEqual(['client', 'rule', 'backend'])
      expect(valuesOf(headers, 'x-gone')).toEqual([])
    })

    test('the response is changed alike', async () => {
      const { headers } = await ask(port, { host: 'rule.headers' })
      expect([headers['x-from'], headers['x-more'], headers['x-twice']]).toEqual(['rule', '5%', undefined])
    })
  })

  describe('weights (HTTPRouteRule.backendRefs)', () => {
    async function shares(host: string, count: number): Promise<ReadonlyMap<string, number>> {
      const seen = new Map<string, number>()
      for (let sent = 0; sent < count; sent++) {
        const { status, body } = await ask(port, { host })
        const key = status === 200 ? JSON.parse(body).backend : String(status)
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
      return seen
    }

    test('the share of an invalid backend is answered 500, and the others keep theirs', async () => {
      const seen = await shares('half.invalid', 800)
      // Five standard deviations of 800 draws: 71 for a half, 61 for a quarter.
      expect(Math.abs((seen.get('500') ?? 0) - 400)).toBeLessThan(71)
      expect(Math.abs((seen.get('echo') ?? 0) - 200)).toBeLessThan(61)
      expect(Math.abs((seen.get('other') ?? 0) - 200)).toBeLessThan(61)
    })

    test.each([
      ['all.invalid', '500'],
      ['no.weight', '500'],
      ['no.endpoints', '503'],
      ['zero.dropped', 'echo'],
    ])('%s answers %s', async (host, key) => {
      expect([...(await shares(host, 20)).keys()]).toEqual([key])
    })
  })
})
