import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareHosts, covers, intersect, normalHost, widerHosts } from './hostnames.ts'

const label = fc.constantFrom('a', 'b', 'foo', 'example', 'com')
const exact = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const host = fc.oneof(
  exact,
  exact.map((name) => `*.${name}`),
  fc.constant('*'),
)

describe('hostnames', () => {
  test.each([
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', '*.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'anexample.com', false],
    ['*.example.com', '*.example.com', true],
    ['*.b.example.com', '*.example.com', false],
    ['*', 'a', true],
    ['a', '*', false],
  ])('%s covers %s: %s (Listener.hostname)', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected)
  })

  test.each([
    ['*.example.com', 'a.example.com', 'a.example.com'],
    ['a.example.com', '*.example.com', 'a.example.com'],
    ['a.example.com', '*', 'a.example.com'],
    ['*', '*.example.com', '*.example.com'],
    ['*.example.com', '*.com', '*.example.com'],
    ['*.example.com', 'example.com', undefined],
    ['a.com', 'b.com', undefined],
  ])('%s and %s meet in %s (HTTPRoute.hostnames)', (listener, route, expected) => {
    expect(intersect(listener, route)).toBe(expected)
  })

  test('an absent hostname is every host and case does not matter', () => {
    expect([normalHost(undefined), normalHost(''), normalHost('A.Example.COM')]).toEqual(['*', '*', 'a.example.com'])
  })

  test('wider hosts go from the next wildcard to every host', () => {
    expect(widerHosts('x.w.org')).toEqual(['*.w.org', '*.org', '*'])
    expect(widerHosts('*.w.org')).toEqual(['*.org', '*'])
    expect(widerHosts('*')).toEqual([])
  })

  test('hosts are ordered from exact to any, longer wildcards first', () => {
    const hosts = ['*', '*.com', '*.example.com', 'a.com', 'abc.example.com']
    expect([...hosts].sort(compareHosts)).toEqual(['abc.example.com', 'a.com', '*.example.com', '*.com', '*'])
  })

  test('the intersection is symmetric, covered by both, and wider hosts are exactly those that cover', () => {
    fc.assert(
      fc.property(host, host, (a, b) => {
        const both = intersect(a, b)
        expect(both).toBe(intersect(b, a))
        if (both !== undefined) {
          expect(covers(a, both) && covers(b, both)).toBe(true)
        }
        if (b.startsWith('*')) {
          expect(widerHosts(a).includes(b)).toBe(a !== b && covers(b, a))
        }
      }),
    )
  })
})
