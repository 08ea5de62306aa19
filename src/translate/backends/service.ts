/** Resolves a backendRef to a cluster, or says why not (`HTTPRouteRule.backendRefs`, `BackendRef`). */
import type { Service } from '../../api/core.ts'
import { missingGrant, missingObject, type Problem, type Reason, reasons } from '../../api/conditions.ts'
import type { Collection, Reader } from '../../graph/collection.ts'
import { type ClusterName, clusterName, endpointsName } from '../../ir/names.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { type GrantIndex, isGranted } from '../attach/grants.ts'
import { upstreamProtocol } from './app-protocol.ts'

/** The part of a Service that routes depend on: nothing else of it re-translates a route. */
export interface ServicePorts {
  readonly external: boolean
  readonly ports: readonly ServicePort[]
}

/** One port of a Service, as `Service.spec.ports` has it. */
export interface ServicePort {
  readonly port: number
  readonly protocol: string
  readonly appProtocol?: string | undefined
}

/** What resolving needs to see. */
export interface BackendContext {
  readonly servicePorts: Collection<ServicePorts>
  readonly grants: GrantIndex
  /** The kind and namespace of the object that refers. */
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string }
}

/** A backendRef after defaulting; filters are not looked at here. */
export interface BackendReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
  readonly port?: number | undefined
}

/** The part of a Service that routes depend on. */
export function servicePorts(service: Service): ServicePorts {
  return {
    external: service.spec.type === 'ExternalName',
    ports: (service.spec.ports ?? []).map(({ port, protocol, appProtocol }) => ({ port, protocol, appProtocol })),
  }
}

/** `field` is the path of the backendRef, e.g. `spec.rules[0].backendRefs[1]`. */
export function resolveBackend(
  read: Reader,
  context: BackendContext,
  reference: BackendReference,
  field: string,
): Result<ClusterName, Problem> {
  const refuse = (reason: Reason, message: string) =>
    err<Problem>({ condition: 'ResolvedRefs', reason, message, field })
  const { group, kind, name, port } = reference
  if (group !== '' || kind !== 'Service') {
    const quoted = group === '' ? `"${kind}"` : `"${kind}" of group "${group}"`
    return refuse(reasons.InvalidKind, `kind ${quoted} is not supported as a backend; use a Service`)
  }
  const namespace = reference.namespace ?? context.from.namespace
  // The grant comes before existence, so that a refusal tells nothing about another namespace.
  const to = { group, kind, namespace, name }
  if (!isGranted(read, context.grants, { from: context.from, to })) {
    return refuse(reasons.RefNotPermitted, missingGrant(context.from, to))
  }
  const service = read.get(context.servicePorts, `${namespace}/${name}`)
  if (service === undefined) {
    return refuse(reasons.BackendNotFound, missingObject(to))
  }
  if (service.external) {
    return refuse(
      reasons.UnsupportedValue,
      `Service "${namespace}/${name}" is of type ExternalName, which would let a route reach any host; use a Service with endpoints`,
    )
  }
  return resolvePort(service, { namespace, name, port }, refuse)
}

function resolvePort(
  service: ServicePorts,
  target: { readonly namespace: string; readonly name: string; readonly port: number | undefined },
  refuse: (reason: Reason, message: string) => Result<never, Problem>,
): Result<ClusterName, Problem> {
  const { namespace, name, port } = target
  const known = service.ports.map((candidate) => candidate.port).join(', ') || 'none'
  if (port === undefined) {
    return refuse(
      reasons.BackendNotFound,
      `port is missing; name a port of Service "${namespace}/${name}" (it has ${known})`,
    )
  }
  const found = service.ports.find((candidate) => candidate.port === port && candidate.protocol === 'TCP')
  if (found === undefined) {
    return refuse(reasons.BackendNotFound, `Service "${namespace}/${name}" has no TCP port ${port}; it has ${known}`)
  }
  const protocol = upstreamProtocol(found.appProtocol)
  if (!protocol.ok) {
    return refuse(
      reasons.UnsupportedProtocol,
      `port ${port} of Service "${namespace}/${name}" has appProtocol "${found.appProtocol}"; ${protocol.error}`,
    )
  }
  return ok(clusterName(endpointsName(namespace, name, port), protocol.value))
}
