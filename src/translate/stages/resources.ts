/** Stage 5: what is not routing: bound listeners, clusters, certificates. */
import type { Collection, Index, Reader } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import type { NamedResource } from '../../envoy/resource.ts'
import type { Cluster } from '../../ir/cluster.ts'
import type { UpstreamParameters } from '../../ir/fleet.ts'
import {
  type ClusterName,
  clusterOf,
  type GatewayKey,
  type Host,
  type SecretName,
  type TableName,
} from '../../ir/names.ts'
import type { ServicePorts } from '../backends/service.ts'
import type { GatewayResource, Inputs } from '../contract.ts'
import { emitCluster } from '../emit/cluster.ts'
import { emitListener, emitWarmUpListener } from '../emit/listener.ts'
import { emitSecret } from '../emit/secret.ts'
import { featureClusters } from '../features/clusters.ts'
import { assembleListener, usesScopes } from '../gateway/assemble.ts'
import { parseHostKey, type RouteUnit } from '../gateway/hosts.ts'
import type { Gateways } from './gateways.ts'
import type { References } from './references.ts'
import type { Parameters } from './parameters.ts'
import type { Routes } from './routes.ts'

/** Keyed so that a resource of a Gateway is found by its type and name. */
export function entry(gateway: GatewayKey, resource: NamedResource): readonly [string, GatewayResource] {
  return [`${gateway}|${resource.type}|${resource.name}`, { gateway, resource }]
}

/** Bound ports, and for each Gateway with scopes the listener that fills them before a port opens. */
export function buildListenerResources(
  graph: Graph,
  inputs: Inputs,
  gateways: Gateways,
  soleHosts: Collection<Host>,
): Collection<GatewayResource> {
  const { bindAddresses, listenersByPort } = gateways
  const bound = graph.derive('boundListeners', listenersByPort.groups, (read, members, key) => {
    const { gateway } = parseHostKey(key)
    const soleHostOf = (table: TableName) => read.get(soleHosts, `${gateway}|${table}`)
    const listener = assembleListener(gateway, members, read.get(bindAddresses, gateway) ?? [], soleHostOf)
    return [entry(gateway, emitListener(listener, read.single(inputs.settings).platform))]
  })
  const scoped = graph.index('gatewaysWithScopes', gateways.listeners, (listener) =>
    listener.serves && usesScopes(listener) ? [listener.gateway] : [],
  )
  const warmUps = graph.derive('warmUpListeners', scoped.presence, (_read, _present, key) => {
    const { gateway } = parseHostKey(key)
    return [entry(gateway, emitWarmUpListener(gateway))]
  })
  return graph.join('listenerResources', [bound, warmUps])
}

/**
 * Clusters for every Gateway whose routes name them: encoded once each and shared, but for Gateways whose parameters say
 * how upstreams are treated.
 */
export function buildClusterResources(
  graph: Graph,
  routes: Routes,
  { servicePorts }: References,
  { upstream }: Parameters,
): { readonly resources: Collection<GatewayResource>; readonly unitsByCluster: Index<RouteUnit> } {
  const byCluster = graph.index('unitsByCluster', routes.units, clustersOf)
  const clusters = graph.derive('clusters', byCluster.presence, (_read, _present, name) => [
    [name, emitCluster(clusterOf(name as ClusterName))],
  ])
  const byGateway = graph.index('unitsByGatewayCluster', routes.units, (unit) =>
    clustersOf(unit).map((cluster) => `${unit.gateway}|${cluster}`),
  )
  const resources = graph.derive('gatewayClusters', byGateway.presence, (read, _present, key) => {
    const separator = key.indexOf('|')
    const gateway = key.slice(0, separator) as GatewayKey
    const name = key.slice(separator + 1) as ClusterName
    const own = read.get(upstream, gateway)
    if (own !== undefined) {
      return [entry(gateway, emitCluster(tunedCluster(clusterOf(name), own, read, servicePorts)))]
    }
    const resource = read.get(clusters, name)
    return resource === undefined ? [] : [entry(gateway, resource)]
  })
  return { resources, unitsByCluster: byCluster }
}

/** `h2UpgradePolicy` is for ports that say nothing of their protocol: one that does is taken at its word. */
function tunedCluster(
  cluster: Cluster,
  upstream: UpstreamParameters,
  read: Reader,
  servicePorts: Collection<ServicePorts>,
): Cluster {
  if (upstream.h2UpgradePolicy !== 'upgrade') return { ...cluster, upstream }
  const [namespace, service, port] = cluster.endpoints.split('/')
  const ports = read.get(servicePorts, `${namespace}/${service}`)?.ports ?? []
  const isSilent = ports.some((known) => String(known.port) === port && known.appProtocol === undefined)
  return { ...cluster, upstream, protocol: isSilent ? 'h2c' : cluster.protocol }
}

function clustersOf(unit: RouteUnit): readonly ClusterName[] {
  const names = new Set<ClusterName>()
  for (const { action, features } of unit.routes) {
    const backends = action.kind === 'forward' ? action.backends : []
    for (const backend of backends) {
      if (backend.kind === 'cluster') {
        names.add(backend.cluster)
      }
    }
    for (const cluster of featureClusters(features, backends)) {
      names.add(cluster)
    }
  }
  return [...names]
}

/** Certificates of serving listeners, by Gateway. */
export function buildSecretResources(
  graph: Graph,
  gateways: Gateways,
  references: References,
): Collection<GatewayResource> {
  const byCertificate = graph.index('listenersByCertificate', gateways.listeners, (listener) =>
    listener.serves ? listener.certificates.map((name) => `${listener.gateway}|${name}`) : [],
  )
  return graph.derive('secretResources', byCertificate.presence, (read, _present, key) => {
    const separator = key.indexOf('|')
    const name = key.slice(separator + 1)
    const check = read.get(references.certificates, name)
    return check?.ok === true
      ? [
          entry(
            key.slice(0, separator) as GatewayKey,
            emitSecret(name as SecretName, check.value.chain, check.value.key),
          ),
        ]
      : []
  })
}
