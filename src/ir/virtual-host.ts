import type { GatewayKey, Host, ScopeName, TableName } from './names.ts'
import type { Route } from './route.ts'

/** All routes of one host in one table, in the order in which the data plane tries them. */
export interface VirtualHost {
  readonly gateway: GatewayKey
  readonly table: TableName
  readonly host: Host
  readonly routes: readonly Route[]
  readonly onMiss: OnMiss
}

/**
 * What follows when no route matches (listener isolation and fall-through of `HTTPRoute.hostnames`):
 * 404; the less specific host of the same listener, named; or the table's stubs, which name it. Only exact hosts
 * use `stubs`, so that a new wildcard touches no exact host.
 */
export type OnMiss =
  | { readonly kind: 'not-found' }
  | { readonly kind: 'scope'; readonly scope: ScopeName }
  | { readonly kind: 'stubs' }

/** An entry of the fallback scope: requests for `domain` go on to `scope`, or are answered at once. */
export interface Stub {
  readonly domain: Host
  readonly target:
    | { readonly kind: 'scope'; readonly scope: ScopeName }
    | { readonly kind: 'respond'; readonly status: number }
}
