/** The order in which the routes of one host are tried (`HTTPRouteRule.matches` and GEP-5120 for equal hosts). */
import type { Host } from '../ir/names.ts'
import type { Route } from '../ir/route.ts'
import type { PathMatch } from '../ir/match.ts'
import { compareStrings } from '../lib/sorted.ts'
import { compareHosts } from './attach/hostnames.ts'

/** A route with what decides its rank and is not part of it. */
export interface RankedRoute {
  readonly route: Route
  /** The hostname as the route object has it, before it met the listener's. */
  readonly originalHost: Host
  /** RFC 3339; absent sorts as the oldest, as in an object that was never in an API server. */
  readonly created: string
  /** `<namespace>/<name>` of the route object. */
  readonly routeKey: string
  /** Position among the matches of the object, in order of rules, then matches. */
  readonly position: number
}

/** Earlier is tried first. Total: two different matches never compare equal. */
export function compareRoutes(a: RankedRoute, b: RankedRoute): number {
  return (
    // 0. The more specific hostname of the route object.
    compareHosts(a.originalHost, b.originalHost) ||
    // 1. "Exact" path match. 2. "Prefix" path match with largest number of characters.
    comparePaths(a.route.match.path, b.route.match.path) ||
    // 3. Method match.
    Number(a.route.match.method === undefined) - Number(b.route.match.method === undefined) ||
    // 4. Largest number of header matches.
    b.route.match.headers.length - a.route.match.headers.length ||
    // 5. Largest number of query param matches.
    b.route.match.queryParams.length - a.route.match.queryParams.length ||
    // Ties: 1. the oldest route by creation timestamp; 2. first in order of "{namespace}/{name}".
    compareStrings(a.created, b.created) ||
    compareStrings(a.routeKey, b.routeKey) ||
    // Ties inside one route: the first matching rule.
    a.position - b.position
  )
}

const pathRank = { exact: 0, regex: 1, prefix: 2 } as const

/** Regular expressions have no rank in the API: after exact paths, before prefixes, longer first. */
function comparePaths(a: PathMatch, b: PathMatch): number {
  return pathRank[a.kind] - pathRank[b.kind] || pathLength(b) - pathLength(a)
}

function pathLength(path: PathMatch): number {
  switch (path.kind) {
    case 'exact':
      return 0
    case 'regex':
      return path.regex.length
    case 'prefix':
      return path.prefix.length
  }
}
