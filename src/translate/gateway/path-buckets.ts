/**
 * Hosts with very many routes are divided by the beginning of the path, so that an edit sends and a request searches a part
 * of them (docs/adr/0014). A bucket holds the routes that its paths can match, in their order, so it answers as all would:
 * those of its own beginnings, and those that match whatever a path begins with.
 */
import type { PathMatch } from '../../ir/match.ts'
import type { Route } from '../../ir/route.ts'

/** Buckets of one host. More would make the edit of a route that is in all of them dearer. */
export const bucketCount = 64

/** Routes of one host above which the search of all of them (0.03 us each) costs a request as much as the step to a bucket. */
export const maxUndividedRoutes = 500

/** Segments at the beginning of a path that may choose the bucket. */
const depths = [1, 2, 3, 4] as const

/** A division is worth its step when a bucket has at most this part of the routes. */
const worthwhilePart = 1 / 4

/**
 * How many segments choose the bucket of these routes: the fewest by which every bucket becomes an eighth of the whole or
 * less, else those that divide best. Undefined: they are few, or alike.
 */
export function bucketDepth(routes: readonly Route[]): number | undefined {
  if (routes.length <= maxUndividedRoutes) return undefined
  let best: { readonly depth: number; readonly largest: number } | undefined
  for (const depth of depths) {
    const largest = largestBucket(routes, depth)
    if (best === undefined || largest < best.largest) best = { depth, largest }
    if (largest <= routes.length / 8) break
  }
  return best !== undefined && best.largest <= routes.length * worthwhilePart ? best.depth : undefined
}

function largestBucket(routes: readonly Route[], depth: number): number {
  const sizes = new Uint32Array(bucketCount)
  let inAll = 0
  let largest = 0
  for (const { match } of routes) {
    const bucket = bucketOf(match.path, depth)
    if (bucket === undefined) {
      inAll++
    } else {
      const size = (sizes[bucket] ?? 0) + 1
      sizes[bucket] = size
      largest = Math.max(largest, size)
    }
  }
  return inAll + largest
}

/** The routes of every bucket, each in the order of the whole. */
export function divide(routes: readonly Route[], depth: number): readonly (readonly Route[])[] {
  const buckets: Route[][] = Array.from({ length: bucketCount }, () => [])
  for (const route of routes) {
    const own = bucketOf(route.match.path, depth)
    for (const bucket of own === undefined ? buckets : [buckets[own]]) bucket?.push(route)
  }
  return buckets
}

/** The bucket of all paths that a match lets through; undefined when they are in several. */
function bucketOf(path: PathMatch, depth: number): number | undefined {
  switch (path.kind) {
    case 'exact':
      return pathBucket(path.path, depth)
    case 'regex':
      return undefined
    case 'prefix':
      return segmentCount(path.prefix) < depth ? undefined : pathBucket(path.prefix, depth)
  }
}

/** A prefix has no trailing slash; that of every path has no segment. */
function segmentCount(prefix: string): number {
  return prefix === '/' ? 0 : prefix.split('/').length - 1
}

const slash = 0x2f
const endsPath: ReadonlySet<number> = new Set([0x3f, 0x23])

/**
 * The bucket of a path, by its first `depth` segments without the query. The script of the data plane computes the same
 * from the path of a request (`emit/lua.ts`): paths in the API are ASCII.
 */
export function pathBucket(path: string, depth: number): number {
  let hash = 0
  let left = depth
  for (let at = 1; at < path.length; at++) {
    const code = path.charCodeAt(at)
    if (endsPath.has(code) || (code === slash && --left === 0)) break
    hash = (hash * 31 + code) % 65_521
  }
  return hash % bucketCount
}
