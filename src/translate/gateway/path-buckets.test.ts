import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PathMatch } from '../../ir/match.ts'
import type { Route } from '../../ir/route.ts'
import { exact, forwardTo, prefix, route } from '../../testing/ir.ts'
import { bucketCount, bucketDepth, divide, maxUndividedRoutes, pathBucket } from './path-buckets.ts'

const many = maxUndividedRoutes + 1
const routesOf = (count: number, pathOf: (index: number) => PathMatch): readonly Route[] =>
  Array.from({ length: count }, (_, index) => route(`r${index}`, pathOf(index), forwardTo()))

describe('bucketDepth', () => {
  test('few routes are not divided', () => {
    expect(bucketDepth(routesOf(maxUndividedRoutes, (index) => prefix(`/${index}`)))).toBeUndefined()
  })

  test.each<[string, (index: number) => PathMatch, number | undefined]>([
    ['the first segment where it divides', (index) => prefix(`/part-${index}/x`), 1],
    ['more segments where the first are alike', (index) => exact(`/api/v1/orders-${index}/items`), 3],
    ['nothing where all are alike', (index) => exact(`/a/b/c/d/${index}`), undefined],
    [
      'nothing where all match whatever a path begins with',
      (index) => ({ kind: 'regex', regex: `/.*${index}` }),
      undefined,
    ],
    ['nothing where prefixes are too short', () => prefix('/'), undefined],
  ])('%s', (_what, pathOf, depth) => {
    expect(bucketDepth(routesOf(many, pathOf))).toBe(depth)
  })
})

describe('pathBucket', () => {
  test.each([
    ['/a', '/a?b=/c', 1],
    ['/a', '/a/b', 1],
    ['/a', '/a/', 1],
    ['/a/b', '/a/b/c?d', 2],
    ['/', '/?a', 1],
    ['/', '//a', 1],
  ])('%s and %s begin alike', (one, other, depth) => {
    expect(pathBucket(one, depth)).toBe(pathBucket(other, depth))
  })

  test('is one of the buckets, also of what is no path', () => {
    for (const path of ['', '*', '/', '/\u00ff']) {
      expect(pathBucket(path, 4)).toBeGreaterThanOrEqual(0)
      expect(pathBucket(path, 4)).toBeLessThan(bucketCount)
    }
  })
})

describe('divide', () => {
  const segment = fc.constantFrom('a', 'b', 'c', 'ab', '%41')
  const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
  const match: fc.Arbitrary<PathMatch> = fc.oneof(
    path.map(exact),
    path.map((one) => exact(`${one}/`.replace('//', '/'))),
    path.map(prefix),
    path.map((one): PathMatch => ({ kind: 'regex', regex: `${one}.*` })),
  )

  function lets(path: PathMatch, asked: string): boolean {
    switch (path.kind) {
      case 'exact':
        return asked === path.path
      case 'prefix':
        return path.prefix === '/' || asked === path.prefix || asked.startsWith(`${path.prefix}/`)
      case 'regex':
        return new RegExp(`^${path.regex}$`).test(asked)
    }
  }

  test('the bucket of a path answers as all routes would', () => {
    const routes = fc
      .array(match, { maxLength: 30 })
      .map((matches) => matches.map((one, index) => route(`r${index}`, one, forwardTo())))
    const asked = fc.tuple(path, fc.constantFrom('', '/'), fc.constantFrom('', '?q', '?q=/a')).map((parts) => parts)
    fc.assert(
      fc.property(routes, asked, fc.integer({ min: 1, max: 4 }), (all, [beginning, end, query], depth) => {
        const plain = `${beginning}${end}`.replace('//', '/')
        const hit = (list: readonly Route[]) => list.find((one) => lets(one.match.path, plain))?.name
        expect(hit(divide(all, depth)[pathBucket(plain + query, depth)] ?? [])).toBe(hit(all))
      }),
      { numRuns: 2_000 },
    )
  })
})
