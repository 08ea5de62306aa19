/** Graph sources by kind: where every object enters, from files or from an API server. */
import type { ConfigMap, EndpointSlice, Namespace, Secret, Service } from '../api/core.ts'
import type { Gateway, GatewayClass, HTTPRoute, ReferenceGrant } from '../api/gen/types.ts'
import { findKind, type KindName, type KubernetesObject } from '../api/kinds.ts'
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

/** Where objects of a kind go: the kinds that anything is made of. */
const sourceOfKind = {
  ConfigMap: 'configMaps',
  EndpointSlice: 'endpointSlices',
  Gateway: 'gateways',
  GatewayClass: 'gatewayClasses',
  GatewayParameters: 'gatewayParameters',
  HTTPRoute: 'httpRoutes',
  Namespace: 'namespaces',
  ReferenceGrant: 'referenceGrants',
  Secret: 'secrets',
  Service: 'services',
} as const satisfies Partial<Record<KindName, keyof ObjectSources>>

/** Adds an empty source for each kind to a graph. */
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

/** Whether anything is made of objects of that kind: others need not be watched. */
export function isServedKind({ kind }: { readonly kind: string }): boolean {
  return Object.hasOwn(sourceOfKind, kind)
}

/** Adds or replaces an object. False for kinds that nothing is made of yet. */
export function setObject(sources: ObjectSources, object: KubernetesObject): boolean {
  const source = sourceOf(sources, object.kind)
  source?.set(keyOf(object.kind, object.metadata), object)
  return source !== undefined
}

/** Removes an object; one that is not there is no error. */
export function deleteObject(sources: ObjectSources, object: ObjectName): void {
  sourceOf(sources, object.kind)?.delete(keyOf(object.kind, object))
}

function sourceOf(sources: ObjectSources, kind: string): Source<KubernetesObject> | undefined {
  if (!isServedKind({ kind })) return undefined
  // The table pairs each kind with the source of its type, which a compiler cannot follow through a lookup by name.
  return sources[sourceOfKind[kind as keyof typeof sourceOfKind]] as unknown as Source<KubernetesObject>
}

function keyOf(kind: string, { namespace, name }: Omit<ObjectName, 'kind'>): string {
  return findKind(kind)?.namespaced === false ? name : `${namespace}/${name}`
}
