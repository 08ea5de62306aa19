/** Kubernetes RBAC rules, derived from the tables of what the control plane reads, writes and applies. */
import { type Kind, type KindName, kinds } from '../../src/api/kinds.ts'
import { controllerPermissions, fleetObjectsTable } from '../../src/api/managed-kinds.ts'
import { compareBy, compareStrings } from '../../src/lib/sorted.ts'

/** `rules[]` of a Role or ClusterRole (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[] | undefined
  readonly verbs: readonly string[]
}

/** Who changes a kind in the role model of the Gateway API ("Roles and personas"). */
export type Persona = 'infrastructure-provider' | 'cluster-operator' | 'application-developer'

interface Grant {
  readonly group: string
  readonly resource: string
  readonly verbs: readonly string[]
  readonly names?: readonly string[] | undefined
}

/**
 * Core kinds are in the roles that Kubernetes ships. GatewayParameters name an image and where it runs: whoever writes
 * them runs programs. A ReferenceGrant opens a namespace to others, which is up to whoever answers for it.
 */
const writers: Readonly<Record<KindName, Persona | undefined>> = {
  BackendTLSPolicy: 'application-developer',
  ConfigMap: undefined,
  EndpointSlice: undefined,
  GRPCRoute: 'application-developer',
  Gateway: 'cluster-operator',
  GatewayClass: 'infrastructure-provider',
  GatewayParameters: 'infrastructure-provider',
  HTTPRoute: 'application-developer',
  ListenerSet: 'cluster-operator',
  Namespace: undefined,
  ReferenceGrant: 'cluster-operator',
  Secret: undefined,
  Service: undefined,
  TCPRoute: 'application-developer',
  TLSRoute: 'application-developer',
  UDPRoute: 'application-developer',
}

const readVerbs = ['get', 'list', 'watch']
const writeVerbs = [...readVerbs, 'create', 'update', 'patch', 'delete', 'deletecollection']

/** What the control plane may do in the whole cluster: not a verb more than the tables hold. */
export function controllerRules(): readonly PolicyRule[] {
  return rulesOf([
    ...kinds.flatMap(grantsOfKind),
    ...fleetObjectsTable.map(({ group, plural, verbs }) => ({ group, resource: plural, verbs })),
    ...controllerPermissions.filter(({ scope }) => scope === 'cluster'),
  ])
}

/** What it may do in its own namespace only. */
export function ownNamespaceRules(): readonly PolicyRule[] {
  return rulesOf(controllerPermissions.filter(({ scope }) => scope === 'own'))
}

/** What a persona may do: change the kinds that are its own, see all others. */
export function personaRules(persona: Persona): readonly PolicyRule[] {
  return rulesOf(gatewayKinds().map((kind) => grantOf(kind, writers[kind.kind] === persona ? writeVerbs : readVerbs)))
}

/** Seeing everything of the Gateway API, and changing nothing. */
export function viewerRules(): readonly PolicyRule[] {
  return rulesOf(gatewayKinds().map((kind) => grantOf(kind, readVerbs)))
}

function gatewayKinds(): readonly Kind[] {
  return kinds.filter(({ kind }) => writers[kind] !== undefined)
}

function grantsOfKind(kind: Kind): readonly Grant[] {
  const read = grantOf(kind, kind.verbs)
  return kind.writesStatus ? [read, { ...read, resource: `${kind.plural}/status`, verbs: ['patch'] }] : [read]
}

function grantOf({ group, plural }: Kind, verbs: readonly string[]): Grant {
  return { group, resource: plural, verbs }
}

/** One rule for all resources of a group with the same verbs; verbs granted twice are granted once. */
function rulesOf(grants: readonly Grant[]): readonly PolicyRule[] {
  const byResource = Map.groupBy(grants, ({ group, resource, names }) => JSON.stringify([group, names, resource]))
  const merged = [...byResource.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [merge(first, rest)],
  )
  const byVerbs = Map.groupBy(merged, ({ group, names, verbs }) => JSON.stringify([group, names, verbs]))
  return [...byVerbs.values()].map(ruleOf).sort(compareBy((rule) => JSON.stringify(rule)))
}

function merge(first: Grant, rest: readonly Grant[]): Grant {
  const verbs = new Set([first, ...rest].flatMap((grant) => grant.verbs))
  return { ...first, verbs: [...verbs].sort(compareBy((verb) => String(writeVerbs.indexOf(verb)))) }
}

function ruleOf(grants: readonly Grant[]): PolicyRule {
  const [first] = grants
  return {
    apiGroups: [first?.group ?? ''],
    resources: grants.map(({ resource }) => resource).sort(compareStrings),
    ...(first?.names !== undefined && { resourceNames: first.names }),
    verbs: first?.verbs ?? [],
  }
}
