/**
 * Names of Envoy resources, the keys of scopes, and names of the objects of a fleet. The only constructors: every name is
 * injective in its parts, because Kubernetes names hold neither `/` nor `|`.
 *
 * No name holds the index of a rule: inserting a rule renames nothing (architecture, decision 8).
 */

import { hashContent, hashLabel } from '../lib/hash.ts'

/** What fits into a string object of Envoy's C++ library. Keys are ASCII. */
const maxInlineBytes = 22

declare const nameTag: unique symbol
type Name<T extends string> = string & { readonly [nameTag]: T }

/** `<namespace>/<name>` of a Gateway: names one Envoy fleet, its audience in xDS. */
export type GatewayKey = Name<'GatewayKey'>
/** One Envoy listener: `<namespace>/<gateway>/<port>`. */
export type ListenerName = Name<'ListenerName'>
/** A table of hosts: one plain-HTTP port (`<port>`) or one HTTPS filter chain (`<port>/<listener>[~<hash>]`). */
export type TableName = Name<'TableName'>
/** Key of one scoped route configuration: `<table>|<host>`. */
export type ScopeName = Name<'ScopeName'>
/** Name of the resource of a scope, at most 22 bytes: its key, or a hash of a key that is longer. */
export type ScopeResourceName = Name<'ScopeResourceName'>
/** A plain route configuration, that of an HTTPS chain with an exact hostname: `<namespace>/<gateway>/<port>/<listener>`. */
export type RouteConfigName = Name<'RouteConfigName'>
/** An upstream: `<namespace>/<service>/<port>[/<protocol>]`. */
export type ClusterName = Name<'ClusterName'>
/** Endpoints of one Service port, shared by every cluster of that port: `<namespace>/<service>/<port>`. */
export type EndpointsName = Name<'EndpointsName'>
/** A TLS certificate by SDS: `<namespace>/<secret>`. */
export type SecretName = Name<'SecretName'>

/** How an upstream is spoken to. `http1` is the default and has no suffix in names. */
export type UpstreamProtocol = 'http1' | 'h2c'

/** `*`, `*.example.com` or an exact host; always lower case, never with a port or a trailing dot. */
export type Host = string

/** `<namespace>/<name>`. */
export function gatewayKey(namespace: string, name: string): GatewayKey {
  return `${namespace}/${name}` as GatewayKey
}

/** `<gateway>/<port>`: one listener of Envoy for each bound port. */
export function listenerName(gateway: GatewayKey, port: number): ListenerName {
  return `${gateway}/${port}` as ListenerName
}

/**
 * The table of a plain-HTTP port, or with `listener` that of one HTTPS filter chain. `lost` are hosts of the chain that
 * other listeners answer for: another set is another table, so that connections from before it are still served by theirs.
 */
export function tableName(port: number, listener?: string, lost: readonly Host[] = []): TableName {
  const set = lost.length === 0 ? '' : `~${hashLabel(lost.join(' '))}`
  return (listener === undefined ? String(port) : `${port}/${listener}${set}`) as TableName
}

/**
 * Key of the scope of one host. The part of a wildcard begins with `/`, a byte that no authority may hold, so a
 * client cannot choose such a scope with its Host header.
 */
export function scopeName(table: TableName, host: Host): ScopeName {
  return `${table}|${host.startsWith('*') ? '/' : ''}${host}` as ScopeName
}

/**
 * Key of the scope of a part of the paths of a host. The depth is in it, so that a host which is divided anew has new
 * scopes beside the old ones.
 */
export function bucketScopeName(scope: ScopeName, depth: number, index: number): ScopeName {
  return `${scope}/${depth}.${index}` as ScopeName
}

/** Key of the scope that holds the stubs of a table: asked on a miss only. */
export function fallbackScopeName(table: TableName): ScopeName {
  return `${table}|/` as ScopeName
}

/**
 * Envoy copies the names of all scopes whenever one changes, and without an allocation up to 22 bytes: at 20,000 hosts
 * an edit costs it 0.6 ms instead of 3. A key holds `|` and a hash does not, so the two never meet.
 */
export function scopeResourceName(scope: ScopeName): ScopeResourceName {
  return (scope.length <= maxInlineBytes ? scope : hashContent(scope)) as string as ScopeResourceName
}

/** `<gateway>/<table>`. */
export function routeConfigName(gateway: GatewayKey, table: TableName): RouteConfigName {
  return `${gateway}/${table}` as RouteConfigName
}

/** `<namespace>/<service>/<port>`, the port being that of the Service. */
export function endpointsName(namespace: string, service: string, port: number): EndpointsName {
  return `${namespace}/${service}/${port}` as EndpointsName
}

/** One cluster per (Service, port, upstream protocol), never per rule. */
export function clusterName(endpoints: EndpointsName, protocol: UpstreamProtocol): ClusterName {
  return (protocol === 'http1' ? endpoints : `${endpoints}/${protocol}`) as string as ClusterName
}

/** `<namespace>/<name>` of the Secret. */
export function secretName(namespace: string, name: string): SecretName {
  return `${namespace}/${name}` as SecretName
}

/** The cluster of a name: inverse of `clusterName`. */
export function clusterOf(name: ClusterName): {
  readonly name: ClusterName
  readonly endpoints: EndpointsName
  readonly protocol: UpstreamProtocol
} {
  const [namespace = '', service = '', port = '', protocol] = name.split('/')
  return {
    name,
    endpoints: endpointsName(namespace, service, Number(port)),
    protocol: protocol === 'h2c' ? 'h2c' : 'http1',
  }
}

const maxLabel = 63
const serviceName = /^[a-z]([a-z0-9-]*[a-z0-9])?$/

/**
 * Name of every object of a Gateway's fleet, in the Gateway's namespace: `<gateway>-<class>` (GEP-1762 "Resource Naming").
 * Where that is no DNS label (RFC 1035) or could be another pair's, since the class holds a dash too: what fits of it,
 * two dashes and a hash of both; no name of the first form has two dashes before its last part.
 */
export function fleetName(gateway: string, className: string): string {
  const plain = `${gateway}-${className}`
  if (plain.length <= maxLabel && serviceName.test(plain) && !className.includes('-')) return plain
  const hash = hashLabel(`${gateway}/${className}`)
  const letters = plain.replaceAll('.', '-')
  const start = serviceName.test(letters) ? letters : `gw-${letters}`
  return `${start.slice(0, maxLabel - hash.length - 2).replace(/-+$/, '')}--${hash}`
}

/**
 * A name as the value of a label: itself up to 63 characters; of a longer one what fits, `_` and a hash. `_` is in no
 * name, so the two never meet.
 */
export function labelValue(name: string): string {
  if (name.length <= maxLabel) return name
  const hash = hashLabel(name)
  return `${name.slice(0, maxLabel - hash.length - 1).replace(/[.-]+$/, '')}_${hash}`
}
