/** Graph sources by kind: where every object enters, from files or from an API server. */
import type { ConfigMap, EndpointSlice, Namespace, Secret, Service } from '../api/core.ts'
import type { Gateway, GatewayClass, HTTPRoute, ReferenceGrant } from '../api/gen/types.ts'
import type { KubernetesObject } from '../api/kinds.ts'
import type { GatewayParameters } from '../api/own.ts'
import type { Graph } from '../graph/graph.ts'
import type { Source } from '../graph/source.ts'

/** One source for each kind that is translated. Keys: `<namespace>/<name>`, `<name>` for cluster-scoped kinds. */
export interface ObjectSources {
  readonly gatewayClasses: Source<GatewayClass>
  readonly gateways: Source<Gateway>
  readonly httpRoutes: Source<HTTPRoute>
  readonly referenceGrants: Source<ReferenceGrant>
  readonly namespaces: Source<Namespace>
  readonly services: Source<Service>
  readonly endpointSlices: Source<EndpointSlice>
  readonly secrets: Source<Secret>
  readonly configMaps: Source<ConfigMap>
  readonly gatewayParameters: Source<GatewayParameters>
}

/** An object to be removed. */
export interface ObjectName {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export function createSources(graph: Graph): ObjectSources {
  return {
    gatewayClasses: graph.source('GatewayClass'),
    gateways: graph.source('Gateway'),
    httpRoutes: graph.source('HTTPRoute'),
    referenceGrants: graph.source('ReferenceGrant'),
    namespaces: graph.source('Namespace'),
    services: graph.source('Service'),
    endpointSlices: graph.source('EndpointSlice'),
    secrets: graph.source('Secret'),
    configMaps: graph.source('ConfigMap'),
    gatewayParameters: graph.source('GatewayParameters'),
  }
}

const servedKinds: ReadonlySet<string> = new Set([
  'ConfigMap',
  'EndpointSlice',
  'Gateway',
  'GatewayClass',
  'GatewayParameters',
  'HTTPRoute',
  'Namespace',
  'ReferenceGrant',
  'Secret',
  'Service',
])

/** Whether anything is made of objects of that kind: others need not be watched. */
export function isServedKind({ kind }: { readonly kind: string }): boolean {
  return servedKinds.has(kind)
}

/** Adds or replaces an object. False for kinds that nothing is made of yet. */
export function setObject(sources: ObjectSources, object: KubernetesObject): boolean {
  const { namespace, name } = object.metadata
  const key = `${namespace}/${name}`
  switch (object.kind) {
    case 'GatewayClass':
      sources.gatewayClasses.set(name, object)
      return true
    case 'Gateway':
      sources.gateways.set(key, object)
      return true
    case 'HTTPRoute':
      sources.httpRoutes.set(key, object)
      return true
    case 'ReferenceGrant':
      sources.referenceGrants.set(key, object)
      return true
    case 'Namespace':
      sources.namespaces.set(name, object)
      return true
    case 'Service':
      sources.services.set(key, object)
      return true
    case 'EndpointSlice':
      sources.endpointSlices.set(key, object)
      return true
    case 'Secret':
      sources.secrets.set(key, object)
      return true
    case 'ConfigMap':
      sources.configMaps.set(key, object)
      return true
    case 'GatewayParameters':
      sources.gatewayParameters.set(key, object)
      return true
    default:
      return false
  }
}

/** Removes an object; one that is not there is no error. */
export function deleteObject(sources: ObjectSources, { kind, namespace, name }: ObjectName): void {
  const isClusterScoped = kind === 'GatewayClass' || kind === 'Namespace'
  sourceOf(sources, kind)?.delete(isClusterScoped ? name : `${namespace}/${name}`)
}

function sourceOf(sources: ObjectSources, kind: string): { delete(key: string): void } | undefined {
  switch (kind) {
    case 'GatewayClass':
      return sources.gatewayClasses
    case 'Gateway':
      return sources.gateways
    case 'HTTPRoute':
      return sources.httpRoutes
    case 'ReferenceGrant':
      return sources.referenceGrants
    case 'Namespace':
      return sources.namespaces
    case 'Service':
      return sources.services
    case 'EndpointSlice':
      return sources.endpointSlices
    case 'Secret':
      return sources.secrets
    case 'ConfigMap':
      return sources.configMaps
    case 'GatewayParameters':
      return sources.gatewayParameters
    default:
      return undefined
  }
}
