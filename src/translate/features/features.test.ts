import { describe, expect, test } from 'vitest'
import type { HTTPHeaderFilter, HTTPPathModifier, HTTPRouteFilter } from '../../api/gen/types.ts'
import { scopeHeader } from '../emit/route-config.ts'
import type { ClusterName } from '../../ir/names.ts'
import { exact, prefix } from '../../testing/ir.ts'
import { compileFilters } from './filters.ts'
import { composeChanges, requestHeaderModifier, responseHeaderModifier } from './header-modifier.ts'
import { routeFeatures } from './registry.ts'
import { requestMirror } from './request-mirror.ts'
import { requestRedirect, resolveRedirect } from './request-redirect.ts'
import { supportedFeatures } from './supported.ts'
import { urlRewrite } from './url-rewrite.ts'

const resolve = () => undefined
const rule = { field: 'spec.rules[0].filters', level: 'rule', resolve } as const
const backend = { field: 'spec.rules[0].backendRefs[0].filters', level: 'backend', resolve } as const

const request = (requestHeaderModifier: HTTPHeaderFilter): HTTPRouteFilter => ({
  type: 'RequestHeaderModifier',
  requestHeaderModifier,
})
const redirect = (requestRedirect: NonNullable<HTTPRouteFilter['requestRedirect']>): HTTPRouteFilter => ({
  type: 'RequestRedirect',
  requestRedirect,
})
const rewrite = (path: HTTPPathModifier): HTTPRouteFilter => ({ type: 'URLRewrite', urlRewrite: { path } })

/** `<condition> <reason> <field>: <message>` of every problem. */
function problems(
  filters: readonly HTTPRouteFilter[],
  place: Parameters<typeof compileFilters>[1] = rule,
): readonly string[] {
  return compileFilters(filters, place).problems.map(
    ({ condition, reason, field, message }) => `${condition} ${reason} ${field}: ${message}`,
  )
}

describe('compileFilters', () => {
  test('keeps the order and reads values back by the feature alone', () => {
    const { features, problems } = compileFilters([redirect({ statusCode: 301 }), request({ remove: ['X-A'] })], rule)
    expect(problems).toEqual([])
    expect(features.map(({ feature }) => feature)).toEqual(['RequestRedirect', 'RequestHeaderModifier'])
    expect(requestRedirect.of(features)).toEqual({ status: 301 })
    expect(requestHeaderModifier.of(features)).toEqual({ set: [], add: [], remove: ['x-a'] })
    expect(responseHeaderModifier.of(features)).toBeUndefined()
  })

  test('a filter that is not built is UnsupportedValue and named (HTTPRouteFilter.type)', () => {
    expect(problems([{ type: 'ExtensionRef' }, request({ remove: ['a'] })])).toEqual([
      'Accepted UnsupportedValue spec.rules[0].filters[0].type: filter ExtensionRef is not supported on a rule yet; remove it',
    ])
  })

  test('a redirect is not for a backendRef', () => {
    expect(problems([redirect({ statusCode: 302 })], backend)).toEqual([
      `Accepted UnsupportedValue ${backend.field}[0].type: a redirect asks no backend, so a backendRef cannot have one; move the filter to the rule`,
    ])
  })

  test('a filter that may be repeated has one value of all of them', () => {
    const place = { ...rule, resolve: ({ name }: { readonly name: string }) => name as ClusterName }
    const mirror = (name: string): HTTPRouteFilter => ({
      type: 'RequestMirror',
      requestMirror: { backendRef: { group: '', kind: 'Service', name } },
    })
    const { features } = compileFilters([mirror('a'), request({ remove: ['x'] }), mirror('b')], place)
    expect(requestMirror.of(features)).toEqual([{ cluster: 'a' }, { cluster: 'b' }])
  })

  test('a redirect and a rewrite exclude each other (HTTPRequestRedirectFilter)', () => {
    const [line] = problems([redirect({ statusCode: 302 }), rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/' })])
    expect(line).toMatch(
      /^Accepted IncompatibleFilters spec.rules\[0\].filters: RequestRedirect and URLRewrite cannot be on one rule/,
    )
  })

  test('a filter is there once (HTTPRouteRule.filters)', () => {
    const [line] = problems([request({ remove: ['a'] }), request({ remove: ['b'] })])
    expect(line).toMatch(
      /^Accepted IncompatibleFilters spec.rules\[0\].filters\[1\]: RequestHeaderModifier is there twice/,
    )
  })
})

describe('header modifiers', () => {
  test('names are lower case, values verbatim', () => {
    const { features } = compileFilters(
      [request({ set: [{ name: 'X-A', value: 'A b' }], add: [{ name: 'X-B', value: 'c,d' }] })],
      rule,
    )
    expect(requestHeaderModifier.of(features)).toEqual({
      set: [{ name: 'x-a', value: 'A b' }],
      add: [{ name: 'x-b', value: 'c,d' }],
      remove: [],
    })
  })

  test.each<[string, HTTPHeaderFilter, RegExp]>([
    [
      'one name in two lists',
      { set: [{ name: 'X-A', value: '1' }], remove: ['x-a'] },
      /remove\[0\]: "x-a" is changed in .*set\[0\] already/,
    ],
    [
      'one name twice',
      {
        add: [
          { name: 'a', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      /add\[1\]: "A" is changed in .*add\[0\] already/,
    ],
    ['no header name', { remove: ['a b'] }, /remove\[0\]: "a b" is not a header name/],
    ['a pseudo header', { set: [{ name: ':path', value: '/' }] }, /set\[0\]: ":path" is not a header name/],
    ['an empty name', { remove: [''] }, /remove\[0\]: "" is not a header name/],
    ['Host', { set: [{ name: 'Host', value: 'a' }] }, /set\[0\]: "Host" is changed by a URLRewrite filter/],
    ['Content-Length', { add: [{ name: 'Content-Length', value: '1' }] }, /"Content-Length" is written by the proxy/],
    ['Transfer-Encoding', { remove: ['transfer-encoding'] }, /"transfer-encoding" is written by the proxy/],
    ['the scope header', { set: [{ name: scopeHeader, value: 'x' }] }, /"x-fairlead-scope" is the proxy's own/],
    [
      'a line break in a value',
      { set: [{ name: 'a', value: 'b\r\nc: d' }] },
      /the value of "a" holds a control character/,
    ],
    [
      'TE with another value than HTTP/2 has',
      { set: [{ name: 'TE', value: 'gzip' }] },
      /"TE" has the value "trailers"/,
    ],
    ['NUL in a value', { set: [{ name: 'a', value: '\u0000' }] }, /control character/],
  ])('refuses %s', (_what, filter, line) => {
    const found = problems([request(filter)])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(line)
    expect(found[0]).toMatch(/^Accepted UnsupportedValue spec\.rules\[0\]\.filters\[0\]\.requestHeaderModifier\./)
  })

  test('every mistake is named, not only the first', () => {
    expect(problems([request({ set: [{ name: 'host', value: '\n' }], remove: ['', 'host'] })])).toHaveLength(5)
  })

  test.each([
    ['set after set', { set: 'rule' }, { set: 'own' }, { set: ['own'], add: [], remove: [] }],
    ['add after set', { set: 'rule' }, { add: 'own' }, { set: ['rule'], add: ['own'], remove: [] }],
    ['add after add', { add: 'rule' }, { add: 'own' }, { set: [], add: ['rule', 'own'], remove: [] }],
    ['set after add', { add: 'rule' }, { set: 'own' }, { set: ['own'], add: [], remove: [] }],
    ['remove after set', { set: 'rule' }, { remove: true }, { set: [], add: [], remove: ['a'] }],
    ['set after remove', { remove: true }, { set: 'own' }, { set: ['own'], add: [], remove: ['a'] }],
  ])('composes %s', (_what, first, second, expected) => {
    const changes = (of: { set?: string; add?: string; remove?: boolean }) => ({
      set: of.set === undefined ? [] : [{ name: 'a', value: of.set }],
      add: of.add === undefined ? [] : [{ name: 'a', value: of.add }],
      remove: of.remove ? ['a'] : [],
    })
    const { set, add, remove } = composeChanges(changes(first), changes(second))
    const values = (list: readonly { value: string }[]) => list.map(({ value }) => value)
    expect({ set: values(set), add: values(add), remove }).toEqual(expected)
  })
})

describe('path modifiers', () => {
  test.each<[string, HTTPPathModifier, RegExp]>([
    [
      'a relative path',
      { type: 'ReplaceFullPath', replaceFullPath: 'a' },
      /replaceFullPath: "a" does not begin with "\/"; write "\/a"/,
    ],
    ['a query', { type: 'ReplaceFullPath', replaceFullPath: '/a?b' }, /"\/a\?b" holds "\?", which no path can/],
    ['a fragment', { type: 'ReplacePrefixMatch', replacePrefixMatch: '/a#b' }, /replacePrefixMatch: "\/a#b" holds "#"/],
    ['a space', { type: 'ReplacePrefixMatch', replacePrefixMatch: '/a b' }, /holds " "/],
  ])('refuse %s', (_what, modifier, line) => {
    expect(problems([rewrite(modifier)])).toEqual([expect.stringMatching(line)])
  })

  test('an empty full path is the root, an empty prefix replacement stays empty', () => {
    const path = (modifier: HTTPPathModifier) => urlRewrite.of(compileFilters([rewrite(modifier)], rule).features)?.path
    expect(path({ type: 'ReplaceFullPath', replaceFullPath: '' })).toEqual({ kind: 'full', path: '/' })
    expect(path({ type: 'ReplacePrefixMatch', replacePrefixMatch: '' })).toEqual({ kind: 'prefix', to: '' })
  })
})

describe('resolveRedirect (HTTPRequestRedirectFilter.port)', () => {
  const http = { port: 80, protocol: 'HTTP' }
  const https = { port: 443, protocol: 'HTTPS' }
  test.each([
    ['the listener port', {}, { ...http, port: 8080 }, 8080],
    ['the listener port, well-known: none', {}, http, undefined],
    ['the listener port of HTTPS', {}, { ...https, port: 8443 }, 8443],
    ['443 of HTTPS: none', {}, https, undefined],
    ['443 of HTTP stays', {}, { ...http, port: 443 }, 443],
    ['the port of a given scheme: none', { scheme: 'https' as const }, { ...http, port: 8080 }, undefined],
    ['the port of a given scheme, from HTTPS to HTTP: none', { scheme: 'http' as const }, https, undefined],
    ['a given port', { port: 9000 }, http, 9000],
    ['a given port that is well-known: none', { port: 443, scheme: 'https' as const }, http, undefined],
    ['a given port 80 with https stays', { port: 80, scheme: 'https' as const }, http, 80],
    ['a given port 80 on HTTPS stays', { port: 80 }, https, 80],
  ])('%s', (_what, filter, listener, port) => {
    expect(resolveRedirect({ status: 302, ...filter }, prefix('/'), listener).port).toBe(port)
  })

  test('what the filter leaves out stays as the request has it', () => {
    expect(resolveRedirect({ status: 301 }, prefix('/'), http)).toEqual({ status: 301, wellKnownPort: 80 })
  })

  test('a prefix change names the prefix that the rule matched', () => {
    const path = { kind: 'prefix', to: '/new' } as const
    expect(resolveRedirect({ status: 302, path }, prefix('/old'), http).path).toEqual({
      kind: 'prefix',
      from: '/old',
      to: '/new',
    })
    expect(resolveRedirect({ status: 302, path }, exact('/old'), http).path).toEqual({
      kind: 'prefix',
      from: '/old',
      to: '/new',
    })
    expect(resolveRedirect({ status: 302, path }, { kind: 'regex', regex: '/o.*' }, http).path).toBeUndefined()
  })

  test('an unknown status or scheme is UnsupportedValue', () => {
    const unknown = redirect({ statusCode: 305 as 302, scheme: 'ftp' as 'http' })
    expect(problems([unknown])).toEqual([
      expect.stringMatching(/statusCode: 305 is not supported; use 301, 302, 303, 307, 308/),
      expect.stringMatching(/scheme: "ftp" is not supported; use http or https/),
    ])
  })
})

describe('supportedFeatures', () => {
  test('are sorted, without duplicates, and no mesh feature (GEP-2162)', () => {
    const names = supportedFeatures()
    expect(names).toEqual([...new Set(names)].sort())
    expect(names.filter((name) => name.startsWith('Mesh'))).toEqual([])
    for (const { conformance } of routeFeatures) expect(names).toEqual(expect.arrayContaining([...conformance]))
  })
})
