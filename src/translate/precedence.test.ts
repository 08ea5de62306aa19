import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RouteMatch } from '../ir/match.ts'
import { compareRoutes, type RankedRoute } from './precedence.ts'

const header = { name: 'x-a', kind: 'exact', value: '1' } as const

function ranked(match: Partial<RouteMatch>, rest: Partial<RankedRoute> = {}): RankedRoute {
  return {
    originalHost: 'a.com',
    created: '',
    routeKey: 'default/r',
    position: 0,
    ...rest,
    route: {
      name: 'r',
      match: { path: { kind: 'prefix', prefix: '/' }, headers: [], queryParams: [], ...match },
      action: { kind: 'respond', status: 500 },
      features: [],
      origin: { object: 'HTTPRoute/default/r', field: 'spec.rules[0].matches[0]' },
    },
  }
}

const path = {
  exact: { kind: 'exact', path: '/a' },
  long: { kind: 'prefix', prefix: '/a/b' },
  short: { kind: 'prefix', prefix: '/a' },
  regex: { kind: 'regex', regex: '/a.*' },
} as const

describe('compareRoutes', () => {
  test.each<[string, RankedRoute, RankedRoute]>([
    [
      'a more specific hostname wins over an exact path (GEP-5120)',
      ranked({ path: path.short }, { originalHost: 'a.b.com' }),
      ranked({ path: path.exact }, { originalHost: '*.b.com' }),
    ],
    ['an exact path wins over a longer prefix', ranked({ path: path.exact }), ranked({ path: path.long })],
    [
      'a longer prefix wins over more headers',
      ranked({ path: path.long }),
      ranked({ path: path.short, headers: [header] }),
    ],
    ['a regular expression wins over a prefix', ranked({ path: path.regex }), ranked({ path: path.long })],
    [
      'a method wins over headers',
      ranked({ method: 'GET' }),
      ranked({ headers: [header, { ...header, name: 'x-b' }] }),
    ],
    [
      'more headers win over query parameters',
      ranked({ headers: [header] }),
      ranked({ queryParams: [header, header] }),
    ],
    ['more query parameters win', ranked({ queryParams: [header] }), ranked({})],
    [
      'the older route wins',
      ranked({}, { created: '2024-01-01T00:00:00Z', routeKey: 'default/z' }),
      ranked({}, { created: '2025-01-01T00:00:00Z', routeKey: 'default/a' }),
    ],
    ['of equal age the first name wins', ranked({}, { routeKey: 'default/a' }), ranked({}, { routeKey: 'default/b' })],
    ['inside a route the first rule wins', ranked({}, { position: 0 }), ranked({}, { position: 1 })],
  ])('%s (HTTPRouteRule.matches)', (_title, first, second) => {
    expect(compareRoutes(first, second)).toBeLessThan(0)
    expect(compareRoutes(second, first)).toBeGreaterThan(0)
  })

  test('is a total order: sorting does not depend on the order of arrival', () => {
    const some = fc.record({
      path: fc.constantFrom(...Object.values(path)),
      method: fc.constantFrom('GET', undefined),
      headers: fc.constantFrom([], [header]),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (matches, random) => {
        const routes = matches.map((match, position) => ranked(match, { position }))
        const shuffled = routes
          .map((route) => ({ route, rank: random.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ route }) => route)
        expect([...shuffled].sort(compareRoutes)).toEqual([...routes].sort(compareRoutes))
      }),
    )
  })
})
