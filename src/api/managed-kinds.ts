/** What the control plane writes beyond status: the kinds of a fleet, and what else it must be allowed to do. */

/** A verb of Kubernetes RBAC. */
export type ManagedVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

/** A kind whose objects we apply and prune. All are namespaced. */
export interface ManagedKind {
  /** '' for core kinds. */
  readonly group: string
  readonly version: string
  readonly kind: FleetKindName
  readonly plural: string
  readonly verbs: readonly ManagedVerb[]
}

/** Name of a kind that a fleet consists of. */
export type FleetKindName =
  | 'ServiceAccount'
  | 'ConfigMap'
  | 'Service'
  | 'Deployment'
  | 'DaemonSet'
  | 'PodDisruptionBudget'

/**
 * `get`: an object of that name may be somebody else's. `list`, `watch`: drift and orphans. `create` and `patch`: what
 * server-side apply asks for. `delete`: what is not wanted any more; the rest goes with its owner.
 */
const applied: readonly ManagedVerb[] = ['get', 'list', 'watch', 'create', 'patch', 'delete']

/** Every kind of a fleet, in the order in which its objects are applied: what a pod needs before the pods. */
export const fleetObjectsTable: readonly ManagedKind[] = [
  { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', verbs: applied },
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', verbs: applied },
  { group: '', version: 'v1', kind: 'Service', plural: 'services', verbs: applied },
  { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', verbs: applied },
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', verbs: applied },
  { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', verbs: applied },
]

/** Something else that the control plane asks of the API server. */
export interface ControllerPermission {
  readonly group: string
  /** Plural, with a subresource as `gateways/finalizers`. */
  readonly resource: string
  readonly verbs: readonly ManagedVerb[]
  /** Only objects of these names; absent: all. RBAC cannot tell names where something is created or listed. */
  readonly names?: readonly string[] | undefined
  /** `own`: only in the control plane's own namespace. */
  readonly scope: 'cluster' | 'own'
  readonly reason: string
}

/** What the control plane needs besides reading kinds, writing status and applying fleets. */
export const controllerPermissions: readonly ControllerPermission[] = [
  {
    group: 'gateway.networking.k8s.io',
    resource: 'gateways/finalizers',
    verbs: ['update'],
    scope: 'cluster',
    reason: 'owner references that block deletion, where OwnerReferencesPermissionEnforcement is on',
  },
  {
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verbs: ['create'],
    scope: 'cluster',
    reason: 'proxies log in with tokens of their service accounts',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create'],
    scope: 'own',
    reason: 'one of several replicas writes',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'update'],
    names: ['fairlead'],
    scope: 'own',
    reason: 'the same, read and renewed',
  },
  {
    group: '',
    resource: 'secrets',
    verbs: ['create'],
    scope: 'own',
    reason: 'the certificate that proxies know the control plane by, made at the first start',
  },
  {
    group: '',
    resource: 'secrets',
    verbs: ['get', 'update'],
    names: ['fairlead-xds'],
    scope: 'own',
    reason: 'the same, read and renewed',
  },
  {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    verbs: ['list', 'watch'],
    scope: 'cluster',
    reason: 'which kinds of the Gateway API are installed, of which release and channel',
  },
]

/** An object that we apply, as it is sent: whole, without status. */
export interface ManagedObject {
  readonly apiVersion: string
  readonly kind: FleetKindName
  readonly metadata: ManagedMetadata
  readonly [field: string]: unknown
}

/** Metadata of an object that we apply. */
export interface ManagedMetadata {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly ownerReferences: readonly OwnerReference[]
}

/** `metadata.ownerReferences[]`: the object goes with its owner. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}
