/** Stage 4: routes by host -> virtual hosts -> scopes, stubs and plain route tables. */
import type { Collection } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { type Host, scopeName, type TableName } from '../../ir/names.ts'
import type { Stub, VirtualHost } from '../../ir/virtual-host.ts'
import type { GatewayListener } from '../attach/listeners.ts'
import type { GatewayResource } from '../contract.ts'
import { emitRouteConfig, emitScope, emitStubs } from '../emit/scope.ts'
import { misdirectedHosts, usesScopes } from '../gateway/assemble.ts'
import { compileVirtualHosts, hostKey, parseHostKey, portKey } from '../gateway/hosts.ts'
import type { Gateways } from './gateways.ts'
import { entry } from './resources.ts'
import type { Routes } from './routes.ts'

/** Virtual hosts by host key; parts of a divided host by keys below it. */
export function buildHosts(graph: Graph, gateways: Gateways, routes: Routes): Collection<VirtualHost> {
  const { listenersByPort } = gateways
  const unitsByHost = graph.index('unitsByHost', routes.units, ({ gateway, table, hosts }) =>
    hosts.map(({ host }) => hostKey(gateway, table, host)),
  )
  const listenersByHost = graph.index('listenersByHost', gateways.listeners, ({ serves, gateway, table, host }) =>
    serves ? [hostKey(gateway, table, host)] : [],
  )
  const hosts = graph.join('hosts', [unitsByHost.presence, listenersByHost.presence])
  return graph.derive('virtualHosts', hosts, (read, _present, key) =>
    compileVirtualHosts(read, { unitsByHost, hosts, listenersByPort }, key),
  )
}

/**
 * Tables, by `<gateway>|<table>`, that have one host, a wildcard: their requests need no search. Only the count is read
 * of a table that has more.
 */
export function buildSoleHosts(graph: Graph, virtualHosts: Collection<VirtualHost>): Collection<Host> {
  const byTable = graph.index('virtualHostsByTable', virtualHosts, ({ gateway, table, bucket }) =>
    bucket === undefined ? [`${gateway}|${table}`] : [],
  )
  return graph.derive('soleHosts', byTable.counts, (read, count, key) => {
    const host = count === 1 ? read.group(byTable, key)[0]?.value.host : undefined
    return host?.startsWith('*') === true ? [[key, host]] : []
  })
}

/** Scopes, stubs and plain route tables. */
export function buildHostResources(
  graph: Graph,
  gateways: Gateways,
  virtualHosts: Collection<VirtualHost>,
): Collection<GatewayResource> {
  const { listenersByPort } = gateways
  const byHost = graph.derive('hostResources', virtualHosts, (read, vhost, key) => {
    const { gateway, table } = parseHostKey(key)
    const samePort = read.group(listenersByPort, portKey(gateway, table))
    const plain = samePort.find(({ value }) => value.table === table && !usesScopes(value))?.value
    return plain === undefined
      ? [entry(gateway, emitScope(vhost))]
      : [entry(gateway, emitRouteConfig(vhost, misdirectedHosts(plain, samePort)))]
  })
  const wildcards = graph.derive('wildcardHosts', virtualHosts, (_read, { gateway, table, host, bucket }, key) =>
    host.startsWith('*') && bucket === undefined ? [[key, { gateway, table, host }]] : [],
  )
  const wildcardsByTable = graph.index('wildcardsByTable', wildcards, ({ gateway, table }) => [`${gateway}|${table}`])
  const tables = graph.index('tables', gateways.listeners, (listener) =>
    listener.serves && usesScopes(listener) ? [`${listener.gateway}|${listener.table}`] : [],
  )
  const stubs = graph.derive('stubs', tables.presence, (read, _present, key) => {
    const { gateway, table } = parseHostKey(key)
    const scopes = read
      .group(wildcardsByTable, key)
      .map(({ value: { host } }): Stub => ({ domain: host, target: { kind: 'scope', scope: scopeName(table, host) } }))
    const samePort = read.group(listenersByPort, portKey(gateway, table))
    return [entry(gateway, emitStubs(gateway, table, [...scopes, ...misdirectedStubs(table, samePort)]))]
  })
  return graph.join('routingResources', [byHost, stubs])
}

/** In an HTTPS chain with scopes, hosts of the other listeners of the port answer 421. */
function misdirectedStubs(
  table: TableName,
  samePort: readonly { readonly key: string; readonly value: GatewayListener }[],
): readonly Stub[] {
  const own = samePort.find(({ value }) => value.table === table)?.value
  if (own === undefined || own.protocol !== 'HTTPS') {
    return []
  }
  return misdirectedHosts(own, samePort).map((domain) => ({ domain, target: { kind: 'respond', status: 421 } }))
}
