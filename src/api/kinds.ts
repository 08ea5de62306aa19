import { compareBy } from '../lib/sorted.ts'
import type { ConfigMap, EndpointSlice, Namespace, Secret, Service } from './core.ts'
import { coreSchemas } from './core-schemas.ts'
import { gatewayApiGroup, gatewayApiKinds } from './gen/schemas.ts'
import type {
  BackendTLSPolicy,
  Gateway,
  GatewayClass,
  GRPCRoute,
  HTTPRoute,
  ListenerSet,
  ReferenceGrant,
  TCPRoute,
  TLSRoute,
  UDPRoute,
} from './gen/types.ts'
import { type GatewayParameters, ownGroup } from './own.ts'
import { gatewayParametersSchema } from './own-schemas.ts'
import type { Channel, ObjectSchema, VersionSchemas } from './schema.ts'

/** The type of every kind we read. */
export interface ObjectsByKind {
  readonly BackendTLSPolicy: BackendTLSPolicy
  readonly ConfigMap: ConfigMap
  readonly EndpointSlice: EndpointSlice
  readonly GRPCRoute: GRPCRoute
  readonly Gateway: Gateway
  readonly GatewayClass: GatewayClass
  readonly GatewayParameters: GatewayParameters
  readonly HTTPRoute: HTTPRoute
  readonly ListenerSet: ListenerSet
  readonly Namespace: Namespace
  readonly ReferenceGrant: ReferenceGrant
  readonly Secret: Secret
  readonly Service: Service
  readonly TCPRoute: TCPRoute
  readonly TLSRoute: TLSRoute
  readonly UDPRoute: UDPRoute
}

/** Name of a kind we read. */
export type KindName = keyof ObjectsByKind

/** An object of any kind we read; `kind` tells which. */
export type KubernetesObject = ObjectsByKind[KindName]

/** What we do with a kind; the ClusterRole follows from it. */
export type Verb = 'get' | 'list' | 'watch'

/** How the API server restricts the name of an object. */
export type NameRule = 'subdomain' | 'label'

/** One kind we read. */
export interface Kind {
  /** '' for core kinds. */
  readonly group: string
  /** Version in which we hold objects; others that are served are read as this one. */
  readonly version: string
  readonly kind: KindName
  readonly plural: string
  readonly namespaced: boolean
  /** False when a cluster may lack the kind: then there are no such objects. */
  readonly required: boolean
  readonly verbs: readonly Verb[]
  /** True when we write `status`: patch on the status subresource. */
  readonly writesStatus: boolean
  readonly nameRule: NameRule
  /** Schemas by accepted version, the one of `version` always among them. */
  readonly schemas: Readonly<Record<Channel, VersionSchemas>>
}

const readVerbs: readonly Verb[] = ['get', 'list', 'watch']
const requiredCrds: ReadonlySet<string> = new Set(['GatewayClass', 'Gateway', 'HTTPRoute', 'ReferenceGrant'])

const gatewayKinds = gatewayApiKinds.map((crd): Kind => {
  const { kind, plural, namespaced, channels } = crd
  return {
    group: gatewayApiGroup,
    version: 'v1',
    kind,
    plural,
    namespaced,
    required: requiredCrds.has(kind),
    verbs: readVerbs,
    writesStatus: kind !== 'ReferenceGrant',
    nameRule: 'subdomain',
    schemas: channels,
  }
})

function coreKind(
  kind: keyof typeof coreSchemas,
  plural: string,
  rest: Partial<Pick<Kind, 'group' | 'namespaced' | 'nameRule'>> = {},
): Kind {
  const schemas: VersionSchemas = { v1: coreSchemas[kind] }
  return {
    group: '',
    version: 'v1',
    kind,
    plural,
    namespaced: true,
    required: true,
    verbs: readVerbs,
    writesStatus: false,
    nameRule: 'subdomain',
    schemas: { standard: schemas, experimental: schemas },
    ...rest,
  }
}

const ownSchemas: VersionSchemas = { v1alpha1: gatewayParametersSchema }

const gatewayParametersKind: Kind = {
  group: ownGroup,
  version: 'v1alpha1',
  kind: 'GatewayParameters',
  plural: 'gatewayparameters',
  namespaced: true,
  required: false,
  verbs: readVerbs,
  writesStatus: false,
  nameRule: 'subdomain',
  schemas: { standard: ownSchemas, experimental: ownSchemas },
}

/** Every kind we read, ordered by name. Kind names are unique over all groups. */
export const kinds: readonly Kind[] = [
  ...gatewayKinds,
  gatewayParametersKind,
  coreKind('ConfigMap', 'configmaps'),
  coreKind('EndpointSlice', 'endpointslices', { group: 'discovery.k8s.io' }),
  coreKind('Namespace', 'namespaces', { namespaced: false, nameRule: 'label' }),
  coreKind('Secret', 'secrets'),
  coreKind('Service', 'services', { nameRule: 'label' }),
].sort(compareBy((kind) => kind.kind))

const byName = new Map<string, Kind>(kinds.map((kind) => [kind.kind, kind]))

/** The kind of that name, whatever its group. */
export function findKind(name: string): Kind | undefined {
  return byName.get(name)
}

/** `group/version`, `version` alone for core kinds. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** The schema of a served version; undefined when the channel does not serve it. */
export function schemaOf(kind: Kind, channel: Channel, version: string): ObjectSchema | undefined {
  return Object.hasOwn(kind.schemas[channel], version) ? kind.schemas[channel][version] : undefined
}
