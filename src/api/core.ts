/** Core Kubernetes shapes as they are after parsing: defaults filled in, nulls gone, Secret `stringData` merged. */

/** Metadata of any object. Fields that only the API server reads are kept but not named here. */
export interface ObjectMeta {
  readonly name: string
  /** '' for cluster-scoped kinds, which carry none in the API. */
  readonly namespace: string
  /** Counts the changes of `spec`. 0 for kinds whose changes the API server does not count. */
  readonly generation: number
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
  /** RFC 3339. Absent for objects that never were in an API server. */
  readonly creationTimestamp?: string | undefined
  /** Set while the object waits for its finalizers. */
  readonly deletionTimestamp?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly ownerReferences?: readonly OwnerReference[] | undefined
  readonly finalizers?: readonly string[] | undefined
}

/** The object that this one belongs to and goes with. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean | undefined
  readonly blockOwnerDeletion?: boolean | undefined
}

/** One aspect of an object's state. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** `metadata.generation` that the condition speaks of. */
  readonly observedGeneration?: number | undefined
  /** RFC 3339. */
  readonly lastTransitionTime: string
  readonly reason: string
  readonly message: string
}

/** Selects objects by their labels; an empty selector selects all. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined
  readonly matchExpressions?: readonly LabelSelectorRequirement[] | undefined
}

/** One requirement of a selector. The CRDs leave `operator` open: In, NotIn, Exists and DoesNotExist have a meaning. */
export interface LabelSelectorRequirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[] | undefined
}

/** Namespace. Carries the label `kubernetes.io/metadata.name` as the API server sets it. */
export interface Namespace {
  readonly apiVersion: 'v1'
  readonly kind: 'Namespace'
  readonly metadata: ObjectMeta
  readonly spec?: { readonly finalizers?: readonly string[] | undefined } | undefined
  readonly status?: Readonly<Record<string, unknown>> | undefined
}

/** Service. */
export interface Service {
  readonly apiVersion: 'v1'
  readonly kind: 'Service'
  readonly metadata: ObjectMeta
  readonly spec: ServiceSpec
  readonly status?: Readonly<Record<string, unknown>> | undefined
}

/** What a Service is. */
export interface ServiceSpec {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Absent outside a cluster; `None` for a headless Service. */
  readonly clusterIP?: string | undefined
  readonly clusterIPs?: readonly string[] | undefined
  readonly externalIPs?: readonly string[] | undefined
  readonly externalName?: string | undefined
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[] | undefined
  readonly ports?: readonly ServicePort[] | undefined
  readonly publishNotReadyAddresses?: boolean | undefined
  readonly selector?: Readonly<Record<string, string>> | undefined
  readonly sessionAffinity: 'None' | 'ClientIP'
  readonly trafficDistribution?: string | undefined
}

/** One port of a Service. */
export interface ServicePort {
  /** Absent only when the Service has a single port. */
  readonly name?: string | undefined
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  /** Number or name of the port of the pods; `port` when the object says nothing. */
  readonly targetPort: number | string
  readonly appProtocol?: string | undefined
  readonly nodePort?: number | undefined
}

/** EndpointSlice: a part of the endpoints of a Service, named by the label `kubernetes.io/service-name`. */
export interface EndpointSlice {
  readonly apiVersion: 'discovery.k8s.io/v1'
  readonly kind: 'EndpointSlice'
  readonly metadata: ObjectMeta
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly endpoints: readonly Endpoint[]
  readonly ports?: readonly EndpointPort[] | undefined
}

/** Addresses that are one endpoint. All of them are fungible: consumers use the first. */
export interface Endpoint {
  readonly addresses: readonly string[]
  readonly conditions?: EndpointConditions | undefined
  readonly hostname?: string | undefined
  readonly nodeName?: string | undefined
  readonly zone?: string | undefined
  readonly targetRef?: Readonly<Record<string, unknown>> | undefined
  readonly hints?: EndpointHints | undefined
}

/** State of an endpoint. Unknown readiness counts as ready, unknown serving as ready, unknown terminating as not. */
export interface EndpointConditions {
  readonly ready?: boolean | undefined
  readonly serving?: boolean | undefined
  readonly terminating?: boolean | undefined
}

/** Where the endpoint should be used from. */
export interface EndpointHints {
  readonly forZones?: readonly { readonly name: string }[] | undefined
  readonly forNodes?: readonly { readonly name: string }[] | undefined
}

/** A port of every endpoint of a slice. `name` is the name of the Service's port, '' for an unnamed one. */
export interface EndpointPort {
  readonly name: string
  readonly port?: number | undefined
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly appProtocol?: string | undefined
}

/** Secret. Its values never belong in a message or a log. */
export interface Secret {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: ObjectMeta
  readonly type: string
  /** Values in base64; `stringData` is merged in. */
  readonly data?: Readonly<Record<string, string>> | undefined
  readonly immutable?: boolean | undefined
}

/** ConfigMap. */
export interface ConfigMap {
  readonly apiVersion: 'v1'
  readonly kind: 'ConfigMap'
  readonly metadata: ObjectMeta
  readonly data?: Readonly<Record<string, string>> | undefined
  /** Values in base64. */
  readonly binaryData?: Readonly<Record<string, string>> | undefined
  readonly immutable?: boolean | undefined
}
