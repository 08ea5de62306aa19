/**
 * Gateway.spec.listeners -> what each listener is: who may attach, what it serves, what is wrong with it
 * (`GatewaySpec.listeners`, "Distinct Listeners", GEP-1364). Conflicts are symmetric: no listener wins.
 */
import type { Gateway, Listener as ListenerSpec, RouteGroupKind } from '../../api/gen/types.ts'
import { type Problem, reasons } from '../../api/conditions.ts'
import type { Reader } from '../../graph/collection.ts'
import { type GatewayKey, gatewayKey, type Host, type SecretName, type TableName, tableName } from '../../ir/names.ts'
import { compareStrings } from '../../lib/sorted.ts'
import type { Platform } from '../contract.ts'
import { bindPort } from '../gateway/ports.ts'
import { addressProblems } from './gateways.ts'
import { addressProblem, anyHost, covers, normalHost } from './hostnames.ts'
import type { NamespacePolicy } from './namespaces.ts'
import { type CertificateContext, resolveCertificates } from '../gateway/tls.ts'

/** One listener of one Gateway of ours, as routes and hosts see it. Key: `listenerKey`. */
export interface GatewayListener {
  readonly gateway: GatewayKey
  readonly namespace: string
  readonly name: string
  readonly port: number
  /** Where the proxies bind it. */
  readonly bindPort: number
  readonly protocol: string
  readonly host: Host
  /** Where its hosts live; for HTTPS each listener is a filter chain of its own. */
  readonly table: TableName
  readonly namespaces: NamespacePolicy
  /** Of the kinds asked for (or all of the protocol), those that we route. */
  readonly supportedKinds: readonly RouteGroupKind[]
  /** Usable ones of `tls.certificateRefs`; empty for HTTP. */
  readonly certificates: readonly SecretName[]
  /** Whether its port is kept, even while nothing is served for want of a certificate. */
  readonly accepted: boolean
  /** Whether traffic is served: accepted, not conflicted and, for HTTPS, with a certificate. */
  readonly serves: boolean
}

/** What is wrong with a listener is for its status alone: a new message must not touch every route of the listener. */
export interface CheckedListener {
  readonly listener: GatewayListener
  readonly problems: readonly Problem[]
}

/** `<gateway>|<listener>`. */
export function listenerKey(gateway: GatewayKey, name: string): string {
  return `${gateway}|${name}`
}

/** The one route kind that is served. */
export const httpRouteKind: RouteGroupKind = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }

/** Route kinds by listener protocol. A protocol that is not here is UnsupportedProtocol. */
const kindsByProtocol: ReadonlyMap<string, readonly RouteGroupKind[]> = new Map([
  ['HTTP', [httpRouteKind]],
  ['HTTPS', [httpRouteKind]],
])

/** Every listener of a Gateway, in the order of the object, with all that is wrong with it. */
export function compileListeners(
  read: Reader,
  gateway: Gateway,
  context: CertificateContext,
  platform: Platform,
): readonly CheckedListener[] {
  const { namespace, name } = gateway.metadata
  const key = gatewayKey(namespace, name)
  const isGatewayRefused = addressProblems(gateway, platform).length > 0
  const checked = gateway.spec.listeners.map((spec, index) => {
    const field = `spec.listeners[${index}]`
    const certificates =
      spec.protocol === 'HTTPS'
        ? resolveCertificates(read, context, { namespace, tls: spec.tls, field: `${field}.tls` })
        : { names: [], problems: [] }
    const problems = [
      ...protocolProblems(gateway, spec, field),
      ...hostnameProblems(spec, field),
      ...conflictProblems(gateway.spec.listeners, spec, field),
      ...portProblems(gateway.spec.listeners, spec, { field, platform }),
      ...kindProblems(spec, field),
      ...certificates.problems,
    ]
    const isRefused =
      isGatewayRefused || problems.some(({ condition }) => condition === 'Accepted' || condition === 'Conflicted')
    const listener = {
      gateway: key,
      namespace,
      name: spec.name,
      port: spec.port,
      bindPort: bindPort(spec.port, platform),
      protocol: spec.protocol,
      host: normalHost(spec.hostname),
      table: tableName(spec.port),
      namespaces: namespacePolicy(spec),
      supportedKinds: supportedKinds(spec),
      certificates: certificates.names,
      accepted: !isRefused,
      serves: !isRefused && (spec.protocol === 'HTTP' || certificates.names.length > 0),
    }
    return { listener, problems }
  })
  const all = checked.map(({ listener }) => listener)
  return checked.map(({ listener, problems }) => ({ listener: inItsTable(listener, all), problems }))
}

/** With the table of an HTTPS listener, which depends on what others of its port take away from it. */
function inItsTable(listener: GatewayListener, all: readonly GatewayListener[]): GatewayListener {
  const { name, port, host, protocol } = listener
  if (protocol !== 'HTTPS') return listener
  const lost = all
    .filter((other) => other.serves && other.port === port && other.host !== host && covers(host, other.host))
    .map((other) => other.host)
  return { ...listener, table: tableName(port, name, lost.sort(compareStrings)) }
}

function namespacePolicy(spec: ListenerSpec): NamespacePolicy {
  const { from, selector } = spec.allowedRoutes.namespaces
  return from === 'Selector' ? { from, selector } : { from }
}

function protocolProblems(gateway: Gateway, spec: ListenerSpec, field: string): readonly Problem[] {
  if (!kindsByProtocol.has(spec.protocol)) {
    const message = `protocol "${spec.protocol}" is not supported; use ${[...kindsByProtocol.keys()].join(' or ')}`
    return [{ condition: 'Accepted', reason: reasons.UnsupportedProtocol, message, field: `${field}.protocol` }]
  }
  if (spec.filters?.requests !== undefined) {
    // What they would keep out must not come in.
    const message = 'filters of a listener are not supported yet; move them to the rules of the routes'
    return [{ condition: 'Accepted', reason: reasons.UnsupportedValue, message, field: `${field}.filters` }]
  }
  if (spec.protocol !== 'HTTPS') {
    // Serving in clear what was to be encrypted would be worse than not serving it.
    const message = 'an HTTP listener has no TLS; set protocol to "HTTPS" or remove tls'
    return spec.tls === undefined
      ? []
      : [{ condition: 'Accepted', reason: reasons.UnsupportedValue, message, field: `${field}.tls` }]
  }
  const problems: Problem[] = []
  if (spec.tls?.mode === 'Passthrough') {
    const message = 'an HTTPS listener terminates TLS; set mode to "Terminate"'
    problems.push({ condition: 'Accepted', reason: reasons.UnsupportedValue, message, field: `${field}.tls.mode` })
  }
  if (gateway.spec.tls?.frontend !== undefined) {
    // Serving without the client certificates that the object asks for would open what should be closed.
    const message = 'client certificate validation is not supported yet; remove it to serve without client certificates'
    problems.push({ condition: 'Accepted', reason: reasons.UnsupportedValue, message, field: 'spec.tls.frontend' })
  }
  return problems
}

function hostnameProblems({ hostname = '' }: ListenerSpec, field: string): readonly Problem[] {
  const message = addressProblem(hostname)
  return message === undefined
    ? []
    : [{ condition: 'Accepted', reason: reasons.UnsupportedValue, message, field: `${field}.hostname` }]
}

/** Same port: another protocol is a ProtocolConflict, the same protocol and hostname a HostnameConflict. */
function conflictProblems(all: readonly ListenerSpec[], spec: ListenerSpec, field: string): readonly Problem[] {
  if (!kindsByProtocol.has(spec.protocol)) {
    return []
  }
  const samePort = all.filter(
    (other) => other !== spec && other.port === spec.port && kindsByProtocol.has(other.protocol),
  )
  const otherProtocol = samePort.find((other) => other.protocol !== spec.protocol)
  if (otherProtocol !== undefined) {
    const message = `port ${spec.port} is used for ${otherProtocol.protocol} by listener "${otherProtocol.name}"; give one of them another port`
    return [{ condition: 'Conflicted', reason: reasons.ProtocolConflict, message, field: `${field}.port` }]
  }
  const sameHost = samePort.find((other) => normalHost(other.hostname) === normalHost(spec.hostname))
  if (sameHost === undefined) {
    return []
  }
  const host = normalHost(spec.hostname)
  const which = host === anyHost ? 'no hostname' : `hostname "${host}"`
  const message = `listener "${sameHost.name}" has port ${spec.port} and ${which} too; change one of them`
  return [{ condition: 'Conflicted', reason: reasons.HostnameConflict, message, field: `${field}.hostname` }]
}

/** Of two ports that would be bound as one, the lower keeps it: it is the one that more clients know. */
function portProblems(
  all: readonly ListenerSpec[],
  spec: ListenerSpec,
  { field, platform }: { readonly field: string; readonly platform: Platform },
): readonly Problem[] {
  const bound = bindPort(spec.port, platform)
  const other = all.find(
    ({ port, protocol }) => port < spec.port && bindPort(port, platform) === bound && kindsByProtocol.has(protocol),
  )
  if (other === undefined) return []
  const message = `the proxy binds ${bound} for port ${other.port} of listener "${other.name}", having no right to bind ports below 1024; choose another port`
  return [{ condition: 'Accepted', reason: reasons.PortUnavailable, message, field: `${field}.port` }]
}

function supportedKinds(spec: ListenerSpec): readonly RouteGroupKind[] {
  const ofProtocol = kindsByProtocol.get(spec.protocol) ?? []
  const asked = spec.allowedRoutes.kinds ?? []
  return asked.length === 0 ? ofProtocol : ofProtocol.filter((kind) => asked.some((other) => sameKind(kind, other)))
}

function kindProblems(spec: ListenerSpec, field: string): readonly Problem[] {
  const ofProtocol = kindsByProtocol.get(spec.protocol) ?? []
  return (spec.allowedRoutes.kinds ?? []).flatMap((asked, index) =>
    ofProtocol.length === 0 || ofProtocol.some((kind) => sameKind(kind, asked))
      ? []
      : [
          {
            condition: 'ResolvedRefs',
            reason: reasons.InvalidRouteKinds,
            message: `kind "${asked.kind}" cannot attach to ${spec.protocol} listeners; supported: ${ofProtocol.map(({ kind }) => kind).join(', ')}`,
            field: `${field}.allowedRoutes.kinds[${index}]`,
          },
        ],
  )
}

function sameKind(a: RouteGroupKind, b: RouteGroupKind): boolean {
  return a.group === b.group && a.kind === b.kind
}
