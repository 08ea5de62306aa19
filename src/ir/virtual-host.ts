import type { GatewayKey, Host, ScopeName, TableName } from './names.ts'
import type { Route } from './route.ts'

/** All routes of one host in one table, in the order in which the data plane tries them. */
export interface VirtualHost {
  readonly gateway: GatewayKey
  readonly table: TableName
  readonly host: Host
  /** Present where these are a part of the routes of the host, in a scope of their own. */
  readonly bucket?: PathBucket | undefined
  readonly routes: readonly Route[]
  readonly onMiss: OnMiss
}

/** One part of the paths of a host: those whose first `depth` segments fall into it. */
export interface PathBucket {
  readonly depth: number
  readonly index: number
}

/**
 * What follows when no route matches (listener isolation and fall-through of `HTTPRoute.hostnames`):
 * 404; the less specific host of the same listener, named; or the table's stubs, which name it. Only exact hosts
 * use `stubs`, so that a new wildcard touches no exact host. `buckets`: no route is here, the path says which part of the
 * host has them, all of which are there.
 */
export type OnMiss =
  | { readonly kind: 'not-found' }
  | { readonly kind: 'scope'; readonly scope: ScopeName }
  | { readonly kind: 'stubs' }
  | { readonly kind: 'buckets'; readonly depth: number; readonly count: number }

/** An entry of the fallback scope: requests for `domain` go on to `scope`, or are answered at once. */
export interface Stub {
  readonly domain: Host
  readonly target:
    | { readonly kind: 'scope'; readonly scope: ScopeName }
    | { readonly kind: 'respond'; readonly status: number }
}
