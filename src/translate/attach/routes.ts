/** A route and its parentRefs -> the listeners it attaches to, or why not (`ParentReference`, `AllowedRoutes`). */
import type { ParentReference } from '../../api/gen/types.ts'
import { reasons } from '../../api/conditions.ts'
import type { Collection, Index, Reader } from '../../graph/collection.ts'
import { type GatewayKey, gatewayKey, type Host } from '../../ir/names.ts'
import { anyHost, compareHosts, intersect, normalHost } from './hostnames.ts'
import type { GatewayListener } from './listeners.ts'
import { allowsNamespace } from './namespaces.ts'

/** A host that a route serves on a listener, and the hostname of the route object that it came from. */
export interface ServedHost {
  readonly host: Host
  readonly original: Host
}

/** A listener that takes a route, and the hosts that the route serves there. */
export interface Attachment {
  readonly listener: GatewayListener
  readonly hosts: readonly ServedHost[]
}

/** The verdict over one parentRef that names a Gateway of ours. */
export interface ParentVerdict {
  readonly parentRef: ParentReference
  readonly gateway: GatewayKey
  readonly attachments: readonly Attachment[]
  /** Present when nothing attached. */
  readonly refusal?: { readonly reason: string; readonly message: string } | undefined
}

/** The collections that attachment is decided by. */
export interface AttachContext {
  /** By GatewayKey; empty groups are Gateways that are not ours or do not exist. */
  readonly listenersByGateway: Index<GatewayListener>
  readonly namespaceLabels: Collection<Readonly<Record<string, string>>>
}

/** The part of a route that decides where it may attach. */
export interface RouteSubject {
  readonly kind: string
  readonly namespace: string
  readonly hostnames: readonly string[]
}

const gatewayGroup = 'gateway.networking.k8s.io'

/** The Gateway that a parentRef names, whether or not it exists; undefined for other kinds. */
export function parentGateway(parentRef: ParentReference, namespace: string): GatewayKey | undefined {
  const isGateway = parentRef.group === gatewayGroup && parentRef.kind === 'Gateway'
  return isGateway ? gatewayKey(parentRef.namespace ?? namespace, parentRef.name) : undefined
}

/** Undefined when the parentRef is not for us: no status is written for it. */
export function attachParent(
  read: Reader,
  context: AttachContext,
  route: RouteSubject,
  parentRef: ParentReference,
): ParentVerdict | undefined {
  const gateway = parentGateway(parentRef, route.namespace)
  const listeners = gateway === undefined ? [] : read.group(context.listenersByGateway, gateway)
  if (gateway === undefined || listeners.length === 0) {
    return undefined
  }
  const verdict = { parentRef, gateway, attachments: [] }
  const named = listeners
    .map(({ value }) => value)
    .filter(
      (listener) =>
        (parentRef.sectionName === undefined || parentRef.sectionName === listener.name) &&
        (parentRef.port === undefined || parentRef.port === listener.port),
    )
  if (named.length === 0) {
    const names = listeners.map(({ value }) => `"${value.name}" (port ${value.port})`).join(', ')
    const message = `Gateway ${gateway} has no listener${describeTarget(parentRef)}; it has ${names}`
    return { ...verdict, refusal: { reason: reasons.NoMatchingParent, message } }
  }
  const ofKind = named.filter(({ supportedKinds }) => supportedKinds.some(({ kind }) => kind === route.kind))
  if (ofKind.length === 0) {
    const protocols = [...new Set(named.map(({ protocol }) => protocol))].join(', ')
    const message = `no listener of Gateway ${gateway} takes ${route.kind}: change protocol (${protocols}) or allowedRoutes.kinds of ${quoteNames(named)}`
    return { ...verdict, refusal: { reason: reasons.NotAllowedByListeners, message } }
  }
  // Read only where they decide: an edit of a namespace's labels touches no other route.
  const isSelected = ofKind.some(({ namespaces }) => namespaces.from === 'Selector')
  const labels = isSelected ? labelsOf(read, context, route.namespace) : undefined
  const allowed = ofKind.filter((listener) =>
    allowsNamespace(listener.namespaces, listener.namespace, route.namespace, labels),
  )
  if (allowed.length === 0) {
    const message = `no listener of Gateway ${gateway} allows routes from namespace "${route.namespace}"; change allowedRoutes.namespaces of ${quoteNames(ofKind)}`
    return { ...verdict, refusal: { reason: reasons.NotAllowedByListeners, message } }
  }
  const attachments = allowed
    .map((listener) => ({ listener, hosts: servedHosts(listener.host, route.hostnames) }))
    .filter(({ hosts }) => hosts.length > 0)
  if (attachments.length === 0) {
    const hosts = allowed.map(({ host }) => `"${host}"`).join(', ')
    const message = `none of the hostnames ${route.hostnames.map((name) => `"${name}"`).join(', ')} meets those of the listeners (${hosts}); correct one of the two`
    return { ...verdict, refusal: { reason: reasons.NoMatchingListenerHostname, message } }
  }
  return { ...verdict, attachments }
}

/**
 * Where the hostnames of a route meet that of a listener. Hostnames that do not are ignored; of several that lead to
 * one host the most specific original counts (HTTPRoute.hostnames, GEP-5120).
 */
export function servedHosts(listener: Host, hostnames: readonly string[]): readonly ServedHost[] {
  const originals = hostnames.length === 0 ? [anyHost] : hostnames.map(normalHost)
  const served = new Map<Host, Host>()
  for (const original of originals) {
    const host = intersect(listener, original)
    const before = host === undefined ? undefined : served.get(host)
    if (host !== undefined && (before === undefined || compareHosts(original, before) < 0)) {
      served.set(host, original)
    }
  }
  return [...served].map(([host, original]) => ({ host, original }))
}

/** Every namespace has its name as a label, also one that was never seen as an object. */
function labelsOf(read: Reader, context: AttachContext, namespace: string): Readonly<Record<string, string>> {
  return { 'kubernetes.io/metadata.name': namespace, ...read.get(context.namespaceLabels, namespace) }
}

function describeTarget(parentRef: ParentReference): string {
  const name = parentRef.sectionName === undefined ? '' : ` named "${parentRef.sectionName}"`
  return name + (parentRef.port === undefined ? '' : ` on port ${parentRef.port}`)
}

function quoteNames(listeners: readonly GatewayListener[]): string {
  return `listener ${listeners.map(({ name }) => `"${name}"`).join(', ')}`
}
