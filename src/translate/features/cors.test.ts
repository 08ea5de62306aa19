import { describe, expect, test } from 'vitest'
import type { HTTPCORSFilter } from '../../api/gen/types.ts'
import { decodeMessage } from '../../envoy/encode.ts'
import type { RouteMatch } from '../../ir/match.ts'
import { backend, forwardTo, prefix, route } from '../../testing/ir.ts'
import { emitRoutes } from '../emit/route.ts'
import { compileFilters } from './filters.ts'
import { routeFeatures } from './registry.ts'

const filterName = 'envoy.filters.http.cors'

function emitted(cors: Partial<HTTPCORSFilter>, match: Partial<RouteMatch> = {}) {
  const place = { field: 'f', level: 'rule', resolve: () => undefined } as const
  const { features } = compileFilters([{ type: 'CORS', cors: { maxAge: 5, ...cors } }], place)
  return emitRoutes(route('r', prefix('/'), forwardTo(backend('a')), { match, features }), routeFeatures).map(
    (each) => {
      const config = each.typedPerFilterConfig?.[filterName]
      const names = (each.match?.headers ?? []).map(({ name, stringMatch }) => `${name}=${stringMatch?.exact ?? '*'}`)
      const policy = decodeMessage(
        'envoy.extensions.filters.http.cors.v3.CorsPolicy',
        config?.value ?? new Uint8Array(),
      )
      return { names, policy }
    },
  )
}

describe('HTTPCORSFilter', () => {
  test('one route is enough where the rule takes OPTIONS and names its headers', () => {
    expect(emitted({ allowHeaders: ['x-a'] })).toHaveLength(1)
    expect(emitted({}, { method: 'OPTIONS' })).toHaveLength(1)
  })

  test('a rule of another method has a route for the preflight requests that name it', () => {
    expect(emitted({}, { method: 'PUT' }).map(({ names }) => names)).toEqual([
      [':method=OPTIONS', 'access-control-request-method=PUT', 'origin=*'],
      [':method=PUT'],
    ])
  })

  test('"*" is answered only to who asks for headers (HTTPCORSFilter.allowHeaders)', () => {
    const routes = emitted({ allowHeaders: ['*'] }, { method: 'PUT' })
    expect(routes.map(({ policy }) => policy.allowHeaders)).toEqual(['*', '', ''])
    expect(routes[0]?.names).toContain('access-control-request-headers=*')
  })

  test('"*" is not exposed together with credentials (HTTPCORSFilter.exposeHeaders)', () => {
    const exposed = (allowCredentials: boolean) =>
      emitted({ allowCredentials, exposeHeaders: ['*'] })[0]?.policy.exposeHeaders
    expect([exposed(false), exposed(true)]).toEqual(['*', ''])
  })

  test('the order of origins changes nothing', () => {
    const [a, b] = ['https://a.com', 'https://*.b.com']
    expect(emitted({ allowOrigins: [a, b] })).toEqual(emitted({ allowOrigins: [b, a] }))
  })
})
