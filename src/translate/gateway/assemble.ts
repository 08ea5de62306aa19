/** The serving listeners of one port -> one bound listener with its filter chains. */
import type { Gateway } from '../../api/gen/types.ts'
import type { Entry } from '../../graph/collection.ts'
import type { GatewayInfra } from '../../ir/infra.ts'
import type { FilterChain, Listener } from '../../ir/listener.ts'
import { type GatewayKey, gatewayKey, type Host, type TableName, tableName } from '../../ir/names.ts'
import { compareBy, compareNumbers, compareStrings } from '../../lib/sorted.ts'
import { askedAddresses } from '../attach/gateways.ts'
import type { GatewayListener } from '../attach/listeners.ts'
import type { ResolvedParameters } from '../parameters/resolve.ts'

/**
 * A plain-HTTP port has one chain for all its listeners, since Envoy cannot tell them apart before the Host header;
 * an HTTPS listener is a chain of its own, by SNI. All members serve and speak one protocol: conflicts are out.
 */
export function assembleListener(
  gateway: GatewayKey,
  members: readonly Entry<GatewayListener>[],
  addresses: readonly string[],
  soleHostOf: (table: TableName) => Host | undefined,
): Listener {
  const listeners = members.map(({ value }) => value)
  const port = listeners[0]?.port ?? 0
  const isPlain = listeners.some(({ protocol }) => protocol === 'HTTP')
  const chains: readonly FilterChain[] = isPlain
    ? [{ name: 'http', table: tableName(port), routes: 'scopes' }]
    : listeners.map(httpsChain).sort(compareBy(({ name }) => name))
  const bindPort = listeners[0]?.bindPort ?? 0
  return {
    gateway,
    port,
    bindPort,
    addresses,
    // Where there are other chains, a request for one of their hosts must be told from one for a host of nobody.
    chains: chains.map((chain) => (chains.length > 1 ? chain : withSoleHost(chain, soleHostOf(chain.table)))),
  }
}

function withSoleHost(chain: FilterChain, soleHost: Host | undefined): FilterChain {
  return soleHost === undefined || chain.routes === 'table' ? chain : { ...chain, soleHost }
}

function httpsChain(listener: GatewayListener): FilterChain {
  return {
    name: listener.name,
    table: listener.table,
    tls: { serverName: listener.host, certificates: listener.certificates },
    routes: usesScopes(listener) ? 'scopes' : 'table',
  }
}

/** Only an HTTPS listener with an exact hostname has a plain route table: one host needs no scopes. */
export function usesScopes(listener: GatewayListener): boolean {
  return listener.protocol !== 'HTTPS' || listener.host.startsWith('*')
}

/**
 * Hosts of the other HTTPS listeners of a port: a request for one of them that came over this listener's connection
 * is misdirected (421, RFC 9110 15.5.20; `GatewaySpec.listeners` "HTTPS").
 */
export function misdirectedHosts(
  listener: GatewayListener,
  samePort: readonly Entry<GatewayListener>[],
): readonly Host[] {
  return samePort
    .map(({ value }) => value.host)
    .filter((host) => host !== listener.host)
    .sort(compareStrings)
}

/** What must run for a Gateway; ports ascending. A listener that lacks a certificate keeps its port open. */
export function gatewayInfra(
  gateway: Gateway,
  listeners: readonly Entry<GatewayListener>[],
  { parameters, problems, isPending }: ResolvedParameters,
): GatewayInfra {
  const { metadata, spec } = gateway
  const accepted = listeners
    .filter(({ value }) => value.accepted)
    .map(({ value: { port, bindPort } }) => ({ port, bindPort }))
  const ports = new Map(accepted.map((port) => [port.port, port]))
  return {
    gateway: gatewayKey(metadata.namespace, metadata.name),
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    className: spec.gatewayClassName,
    generation: metadata.generation,
    addresses: askedAddresses(gateway),
    ports: [...ports.values()]
      .sort((a, b) => compareNumbers(a.port, b.port))
      .map((port) => ({ ...port, protocol: 'TCP' })),
    labels: spec.infrastructure?.labels ?? {},
    annotations: spec.infrastructure?.annotations ?? {},
    parameters,
    held: isPending || problems.length > 0 || metadata.deletionTimestamp !== undefined,
  }
}
