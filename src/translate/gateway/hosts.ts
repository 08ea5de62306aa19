/**
 * Routes grouped by the host they serve -> virtual hosts. One value per (Gateway, table, host), so that an edit costs
 * what that host's routes cost, whatever the number of hosts (architecture, decision 7).
 */
import type { Collection, Entry, Reader } from '../../graph/collection.ts'
import { type GatewayKey, type Host, scopeName, type TableName } from '../../ir/names.ts'
import type { Route } from '../../ir/route.ts'
import type { VirtualHost } from '../../ir/virtual-host.ts'
import { covers, compareHosts, widerHosts } from '../attach/hostnames.ts'
import type { GatewayListener } from '../attach/listeners.ts'
import type { ServedHost } from '../attach/routes.ts'
import { maxDividedWildcards, maxWildcardDepth } from '../emit/lua.ts'
import { compareRoutes, type RankedRoute } from '../precedence.ts'
import { usesScopes } from './assemble.ts'
import { bucketDepth, divide } from './path-buckets.ts'

/** One route object on one serving listener. Key: `<route>|<gateway>|<listener>`. */
export interface RouteUnit {
  readonly routeKey: string
  readonly created: string
  readonly gateway: GatewayKey
  readonly listener: string
  readonly table: TableName
  readonly hosts: readonly ServedHost[]
  readonly routes: readonly Route[]
}

/** `<gateway>|<scope name>`: one host of one table. */
export function hostKey(gateway: GatewayKey, table: TableName, host: Host): string {
  return `${gateway}|${scopeName(table, host)}`
}

/** The parts of a host key. */
export function parseHostKey(key: string): {
  readonly gateway: GatewayKey
  readonly table: TableName
  readonly host: Host
} {
  const [gateway = '', table = '', scopeHost = ''] = key.split('|')
  // The key was made by hostKey, which is injective: these are the very names that went in.
  return { gateway: gateway as GatewayKey, table: table as TableName, host: scopeHost.replace(/^\//, '') }
}

/** `<gateway>|<port>`: the hosts of the listeners of one port decide who owns a host. */
export function portKey(gateway: GatewayKey, table: TableName): string {
  return `${gateway}|${table.split('/')[0]}`
}

/** The collections that a virtual host is made from. */
export interface HostContext {
  /** Units by host key. */
  readonly unitsByHost: { readonly groups: Collection<readonly Entry<RouteUnit>[]> }
  /** Every host key that has routes or is a listener's own host. */
  readonly hosts: Collection<unknown>
  /** Serving listeners by port key. */
  readonly listenersByPort: { readonly groups: Collection<readonly Entry<GatewayListener>[]> }
}

/** The virtual host of a key, by that key, and the parts of its paths if it is divided, by keys below it. */
export function compileVirtualHosts(
  read: Reader,
  context: HostContext,
  key: string,
): readonly (readonly [string, VirtualHost])[] {
  const compiled = compileWhole(read, context, key)
  if (compiled === undefined) return []
  const { whole, mayDivide } = compiled
  const depth = mayDivide ? bucketDepth(whole.routes) : undefined
  if (depth === undefined) return [[key, whole]]
  const buckets = divide(whole.routes, depth)
  return [
    [key, { ...whole, routes: [], onMiss: { kind: 'buckets', depth, count: buckets.length } }],
    ...buckets.map(
      (routes, index) => [`${key}/${depth}.${index}`, { ...whole, routes, bucket: { depth, index } }] as const,
    ),
  ]
}

interface CompiledHost {
  readonly whole: VirtualHost
  /** Whether the data plane has a step left for a bucket. */
  readonly mayDivide: boolean
}

/**
 * The virtual host of a key; undefined when the host belongs to a listener of another table, which alone may answer
 * for it (GEP-3567 "Listener Isolation").
 */
function compileWhole(read: Reader, context: HostContext, key: string): CompiledHost | undefined {
  const { gateway, table, host } = parseHostKey(key)
  const listeners = read.get(context.listenersByPort.groups, portKey(gateway, table)) ?? []
  const owner = ownerOf(host, listeners)
  if (owner === undefined || owner.table !== table) {
    return undefined
  }
  const owned: OwnedHost = { gateway, table, host, owner, listeners }
  const routes = routesOf(read, context, owned)
  const isScoped = usesScopes(owner)
  if (owner.host !== host && !host.startsWith('*')) {
    // Without routes it is an exact host of routes that another listener shadows: the stubs answer for it.
    const whole: VirtualHost = { gateway, table, host, routes, onMiss: { kind: 'stubs' } }
    return routes.length === 0 ? undefined : { whole, mayDivide: isScoped }
  }
  const wider = widerOwnedHosts(read, context, owned)
  const [next] = wider
  if (next !== undefined && wider.length < maxWildcardDepth) {
    const onMiss = { kind: 'scope', scope: scopeName(table, next) } as const
    return {
      whole: { gateway, table, host, routes, onMiss },
      mayDivide: isScoped && wider.length < maxDividedWildcards,
    }
  }
  // Deeper than a request can fall through: the routes of all wider hosts follow here.
  const all = wider.flatMap((other) => routesOf(read, context, { ...owned, host: other }))
  const whole: VirtualHost = { gateway, table, host, routes: [...routes, ...all], onMiss: { kind: 'not-found' } }
  return { whole, mayDivide: isScoped }
}

/** The routes of one host of its owner, in the order in which they are tried. */
function routesOf(read: Reader, context: HostContext, { gateway, table, host, owner }: OwnedHost): readonly Route[] {
  const units = read.get(context.unitsByHost.groups, hostKey(gateway, table, host)) ?? []
  return units
    .filter(({ value }) => value.listener === owner.name)
    .flatMap(({ value }) => rank(value, host))
    .sort(compareRoutes)
    .map(({ route }) => route)
}

/** The listener whose hostname is the most specific that covers `host`: the only one that may answer for it. */
export function ownerOf(host: Host, listeners: readonly Entry<GatewayListener>[]): GatewayListener | undefined {
  let owner: GatewayListener | undefined
  for (const { value } of listeners) {
    if (covers(value.host, host) && (owner === undefined || compareHosts(value.host, owner.host) < 0)) {
      owner = value
    }
  }
  return owner
}

function rank(unit: RouteUnit, host: Host): readonly RankedRoute[] {
  const originalHost = unit.hosts.find((served) => served.host === host)?.original ?? host
  const { created, routeKey } = unit
  return unit.routes.map((route, position) => ({ route, originalHost, created, routeKey, position }))
}

interface OwnedHost {
  readonly gateway: GatewayKey
  readonly table: TableName
  readonly host: Host
  readonly owner: GatewayListener
  readonly listeners: readonly Entry<GatewayListener>[]
}

/**
 * The less specific hosts of the same listener, nearest first: where a miss goes on to, and to no other listener. None
 * for the listener's own host.
 */
function widerOwnedHosts(read: Reader, context: HostContext, owned: OwnedHost): readonly Host[] {
  const { gateway, table, host, owner, listeners } = owned
  return widerHosts(host).filter(
    (wider) =>
      covers(owner.host, wider) &&
      read.has(context.hosts, hostKey(gateway, table, wider)) &&
      ownerOf(wider, listeners)?.name === owner.name,
  )
}
