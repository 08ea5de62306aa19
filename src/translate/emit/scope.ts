/** Virtual hosts -> scoped routes, the fallback scope, and the plain route tables of HTTPS chains (architecture 15). */
import { decodeMessage } from '../../envoy/encode.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { makeResource, type NamedResource } from '../../envoy/resource.ts'
import {
  bucketScopeName,
  fallbackScopeName,
  type GatewayKey,
  type Host,
  routeConfigName,
  type ScopeName,
  scopeName,
  scopeResourceName,
  type TableName,
} from '../../ir/names.ts'
import type { OnMiss, Stub, VirtualHost } from '../../ir/virtual-host.ts'
import { must } from '../../lib/assert.ts'
import { compareBy, compareStrings } from '../../lib/sorted.ts'
import type { AnyFeature } from '../features/feature.ts'
import { routeFeatures } from '../features/registry.ts'
import { luaOff, missRoute } from './lua.ts'
import { clustersOf } from './route.ts'
import { answerAll, builtInRouteNames, routeConfiguration } from './route-config.ts'
import { emitVirtualHost, hostOf } from './virtual-host.ts'

type EnvoyVirtualHost = envoy.config.route.v3.IVirtualHost

/** One host of a table of scopes, or a part of its paths, selected by its key in the scope header. */
export function emitScope(vhost: VirtualHost, features: readonly AnyFeature[] = routeFeatures): NamedResource {
  const facts = { ...factsOf(vhost, features), tables: [vhost.table] }
  return scope(scopeKey(vhost), [emitVirtualHost(vhost, features)], facts)
}

function scopeKey({ table, host, bucket }: VirtualHost): ScopeName {
  const own = scopeName(table, host)
  return bucket === undefined ? own : bucketScopeName(own, bucket.depth, bucket.index)
}

/**
 * The fallback scope of a table: for each domain the scope that serves it, or an answer. Of two stubs for one domain the
 * answer stays: it keeps listeners apart.
 */
export function emitStubs(_gateway: GatewayKey, table: TableName, stubs: readonly Stub[]): NamedResource {
  const byDomain = new Map<Host, Stub>()
  for (const stub of stubs) {
    if (byDomain.get(stub.domain)?.target.kind !== 'respond') byDomain.set(stub.domain, stub)
  }
  const sorted = [...byDomain.values()].sort(compareBy(({ domain }) => domain))
  return scope(fallbackScopeName(table), sorted.map(emitStub), { tables: [table] })
}

/**
 * The routes of an HTTPS chain for one exact host. A request for a host of another listener of the port came over the
 * wrong connection: 421 (RFC 9110 15.5.20). Any other host: no virtual host, 404.
 */
export function emitRouteConfig(
  vhost: VirtualHost,
  misdirected: readonly Host[],
  features: readonly AnyFeature[] = routeFeatures,
): NamedResource {
  const name = routeConfigName(vhost.gateway, vhost.table)
  const others = [...new Set(misdirected)].filter((host) => host !== vhost.host).sort(compareStrings)
  const virtualHosts = [emitVirtualHost(vhost, features), ...(others.length === 0 ? [] : [misdirectedHost(others)])]
  return makeResource('route', name, routeConfiguration(name, virtualHosts), {
    ...factsOf(vhost, features),
    standIn: routeStandIn,
  })
}

function misdirectedHost(domains: readonly Host[]): EnvoyVirtualHost {
  return { name: builtInRouteNames.misdirected, domains, routes: [answerAll(builtInRouteNames.misdirected, 421)] }
}

function emitStub({ domain, target }: Stub): EnvoyVirtualHost {
  return target.kind === 'scope'
    ? hostOf(domain, [missRoute(target.scope)])
    : hostOf(domain, [
        answerAll(target.status === 421 ? builtInRouteNames.misdirected : builtInRouteNames.notFound, target.status),
      ])
}

type Facts = Pick<NamedResource, 'clusters' | 'origins' | 'scopes' | 'tables'>

function factsOf({ table, host, routes, onMiss }: VirtualHost, features: readonly AnyFeature[]): Facts {
  return {
    clusters: [...new Set(routes.flatMap((route) => clustersOf(route, features)))].sort(compareStrings),
    origins: [...new Set(routes.map(({ origin }) => origin.object))].sort(compareStrings),
    ...(onMiss.kind === 'buckets' ? { scopes: bucketScopes(scopeName(table, host), onMiss) } : {}),
  }
}

function bucketScopes(own: ScopeName, { depth, count }: Extract<OnMiss, { kind: 'buckets' }>): readonly string[] {
  return Array.from({ length: count }, (_, index) => scopeResourceName(bucketScopeName(own, depth, index)))
}

function scope(key: ScopeName, virtualHosts: readonly EnvoyVirtualHost[], facts: Facts): NamedResource {
  const name = scopeResourceName(key)
  return makeResource(
    'scoped-route',
    name,
    {
      name,
      key: { fragments: [{ stringKey: key }] },
      routeConfiguration: { ...routeConfiguration(name, virtualHosts), typedPerFilterConfig: luaOff },
    },
    { ...facts, standIn: scopeStandIn },
  )
}

/** Answers 500 on every path of the same hosts, and nothing of what was refused. */
function scopeStandIn(this: NamedResource): NamedResource {
  const refused = decodeMessage('envoy.config.route.v3.ScopedRouteConfiguration', this.bytes)
  const key = must(refused.key?.fragments?.[0]?.stringKey ?? undefined, `scope ${this.name} has no key`)
  return scope(key as ScopeName, refuseAll(refused.routeConfiguration), {})
}

function routeStandIn(this: NamedResource): NamedResource {
  const refused = decodeMessage('envoy.config.route.v3.RouteConfiguration', this.bytes)
  return makeResource('route', this.name, routeConfiguration(this.name, refuseAll(refused)))
}

function refuseAll(config: envoy.config.route.v3.IRouteConfiguration | undefined): readonly EnvoyVirtualHost[] {
  return (config?.virtualHosts ?? []).map(({ domains }) => ({
    name: domains?.[0] ?? '',
    domains: domains ?? [],
    routes: [answerAll(builtInRouteNames.refused, 500)],
  }))
}
