/**
 * What enters and leaves the translation. Sources are filled by `watch` (objects) and `xds` (feedback); outputs are
 * observed by `xds` (resources), the status writer and the deployer. `cli/assembly.ts` puts them together.
 */
import type { ConfigMap, EndpointSlice, Namespace, Secret, Service } from '../api/core.ts'
import type { CrdFacts } from '../api/crd-facts.ts'
import type { Gateway, GatewayClass, HTTPRoute, ReferenceGrant } from '../api/gen/types.ts'
import type { GatewayParameters } from '../api/own.ts'
import type { NamedResource } from '../envoy/resource.ts'
import type { Collection, Single } from '../graph/collection.ts'
import type { GatewayInfra } from '../ir/infra.ts'
import type { GatewayKey } from '../ir/names.ts'

/** Objects by `<namespace>/<name>`, cluster-scoped ones by `<name>`. */
export interface Inputs {
  readonly gatewayClasses: Collection<GatewayClass>
  readonly gateways: Collection<Gateway>
  readonly httpRoutes: Collection<HTTPRoute>
  readonly referenceGrants: Collection<ReferenceGrant>
  readonly namespaces: Collection<Namespace>
  readonly services: Collection<Service>
  readonly endpointSlices: Collection<EndpointSlice>
  readonly secrets: Collection<Secret>
  readonly configMaps: Collection<ConfigMap>
  /** ConfigMaps that were asked for by name and answered, there or not, by `<Kind>/<namespace>/<name>`. */
  readonly lookedUp: Collection<true>
  readonly gatewayParameters: Collection<GatewayParameters>
  /**
   * Why the newest version of a Secret is not used, by `<namespace>/<name>`: `secrets` still holds the last good one,
   * which keeps serving. Filled where objects enter, because "last" is not something a pure transform can know.
   */
  readonly secretProblems: Collection<string>
  /** What the API server said when the fleet of a Gateway was applied, by GatewayKey; absent when it took everything. */
  readonly fleetProblems: Collection<string>
  /** Which CRDs of the Gateway API the cluster has; undefined outside of one and until they were looked up. */
  readonly crds: Single<CrdFacts | undefined>
  /** By refusalKey. */
  readonly refusals: Collection<Refusal>
  /** By GatewayKey. */
  readonly deliveries: Collection<Delivery>
  readonly settings: Single<TranslateSettings>
}

/** A resource that a proxy refused and what it said. Gone when the resource changes and is accepted, or goes away. */
export interface Refusal {
  readonly gateway: GatewayKey
  readonly type: NamedResource['type']
  readonly name: string
  /** Version of the refused bytes. */
  readonly version: string
  readonly message: string
  /** Keys `<Kind>/<namespace>/<name>` of the objects it was made from. */
  readonly origins: readonly string[]
}

/** `<gateway>|<type>|<name>`. */
export function refusalKey(gateway: GatewayKey, type: NamedResource['type'], name: string): string {
  return `${gateway}|${type}|${name}`
}

/** What the proxies of one Gateway have taken. */
export interface Delivery {
  /** Connected proxies. */
  readonly connected: number
  /** True once a connected proxy has acknowledged its first sync; a lost connection does not take it back. */
  readonly synced: boolean
  /**
   * `revisionOf` the newest generation that every connected proxy has acknowledged, or refused in part. Not waited for
   * are proxies in their first synchronisation and those that have not answered for 15 s.
   */
  readonly revision?: string | undefined
}

/** What translation is told once, at the start. */
export interface TranslateSettings {
  readonly controllerName: string
  /** `live`: Programmed follows deliveries; `assumed`: as if every proxy had acknowledged (offline translation). */
  readonly delivery: 'live' | 'assumed'
  /**
   * True where `Outputs.wanted` is looked up object by object: nothing is said of who refers to one that was not looked up
   * yet. Default: false.
   */
  readonly awaitsLookups?: boolean | undefined
  readonly platform: Platform
}

/** Where the proxies run. */
export type Platform = StandalonePlatform | KubernetesPlatform

/** On this machine: proxies bind the ports and addresses of the listeners themselves. */
export interface StandalonePlatform {
  readonly kind: 'standalone'
  /** What a Gateway without spec.addresses binds and shows as its addresses; empty: every address of the host. */
  readonly bindAddresses: readonly string[]
  /** Whether "every address" means `::` with IPv4 mapped; false where the host has no IPv6. */
  readonly ipv6: boolean
}

/** In a cluster: proxies are pods that bind unprivileged ports, and a Service gives the addresses. */
export interface KubernetesPlatform {
  readonly kind: 'kubernetes'
  /** As in standalone, of the pods. */
  readonly ipv6: boolean
}

/** A resource for the proxies of one Gateway. Endpoints are shared by all and kept apart. */
export interface GatewayResource {
  readonly gateway: GatewayKey
  readonly resource: NamedResource
}

/** The status that an object should have. Foreign conditions and parents entries are merged in by the writer. */
export interface DesiredStatus {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name: string
  readonly status: Readonly<Record<string, unknown>>
}

/** A remark about an object that none of its conditions can carry. */
export interface Notice {
  /** `<Kind>/<namespace>/<name>`. */
  readonly object: string
  readonly field: string
  readonly message: string
}

/** An object to be fetched by its name, since its kind is not watched as a whole. */
export interface WantedObject {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly namespace: string
  readonly name: string
}

/** What the rest of the program observes. */
export interface Outputs {
  /** By `<gateway>|<type>|<name>`. */
  readonly resources: Collection<GatewayResource>
  /** By EndpointsName; type `endpoint`. */
  readonly endpoints: Collection<NamedResource>
  /** By `<Kind>/<namespace>/<name>` (`<Kind>//<name>` when cluster-scoped). */
  readonly statuses: Collection<DesiredStatus>
  /** What deserves a look and has no condition to say it in. By the object's key and field. */
  readonly notices: Collection<Notice>
  /** By GatewayKey. */
  readonly infra: Collection<GatewayInfra>
  /** ConfigMaps of parameters and Secrets of certificates that a Gateway may use. By `<Kind>/<namespace>/<name>`. */
  readonly wanted: Collection<WantedObject>
}
