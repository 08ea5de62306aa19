import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../../ir/backend.ts'
import { backend, forwardTo, invalidBackend, prefix, redirectAction, route } from '../../testing/ir.ts'
import { routeFeatures } from '../features/registry.ts'
import { urlRewrite } from '../features/url-rewrite.ts'
import { sharesOf } from './shares.ts'

const parts = 1_000_000
const ownPath = urlRewrite.value({ path: { kind: 'full', path: '/x' } })
const ownHost = urlRewrite.value({ hostname: 'x' })

const shares = (...backends: readonly Backend[]) =>
  sharesOf(route('r', prefix('/'), forwardTo(...backends)), routeFeatures)

/** The part of the requests that each route gets. */
function widths(...backends: readonly Backend[]): readonly number[] {
  const ends = shares(...backends).map(({ fraction }) => fraction?.numerator ?? parts)
  return ends.map((end, index) => end - (ends[index - 1] ?? 0))
}

describe('sharesOf', () => {
  test('a route is one when entries of a weighted cluster can say all', () => {
    const plain = route('r', prefix('/'), forwardTo(backend('a'), backend('b', 1, [ownHost])))
    expect(sharesOf(plain, routeFeatures)).toEqual([{ route: plain }])
    const redirect = route('r', prefix('/'), redirectAction({}))
    expect(sharesOf(redirect, routeFeatures)).toEqual([{ route: redirect }])
  })

  test('the weights divide the requests, those of invalid backends too', () => {
    expect(widths(backend('a', 5, [ownPath]), backend('b', 3), invalidBackend(2))).toEqual([500_000, 300_000, 200_000])
  })

  test('a lone backend takes all, and weight 0 nothing', () => {
    expect(widths(backend('a', 7, [ownPath]), backend('b', 0))).toEqual([parts])
    expect(shares(backend('a', 1), backend('b', 0, [ownPath]))).toHaveLength(1)
  })

  test('every weight above 0 gets requests, and none gets more than a millionth beside its due', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 16 })
    fc.assert(
      fc.property(weights, (list) => {
        const total = list.reduce((sum, weight) => sum + weight, 0)
        const found = widths(...list.map((weight) => backend('a', weight, [ownPath])))
        expect(found.reduce((sum, width) => sum + width, 0)).toBe(parts)
        found.forEach((width, index) => {
          expect(width).toBeGreaterThan(0)
          expect(Math.abs(width - ((list[index] ?? 0) * parts) / total)).toBeLessThan(16)
        })
      }),
    )
  })
})
