/**
 * The collections from objects to Envoy resources and statuses, in order. Reads like ARCHITECTURE.md "Data flow": what
 * is built here is the graph; every rule lives in the file that is called.
 */
import type { EndpointSlice, Service } from '../api/core.ts'
import type { Gateway, GatewayClass, HTTPRoute } from '../api/gen/types.ts'
import type { NamedResource } from '../envoy/resource.ts'
import type { Collection, Index, Reader } from '../graph/collection.ts'
import type { Graph } from '../graph/graph.ts'
import { clusterOf, type ClusterName, gatewayKey, type GatewayKey, scopeName, type TableName } from '../ir/names.ts'
import type { GatewayInfra } from '../ir/infra.ts'
import type { Stub, VirtualHost } from '../ir/virtual-host.ts'
import { bindAddresses } from './attach/gateways.ts'
import { type GrantIndex, grantKeys } from './attach/grants.ts'
import { compileListeners, type GatewayListener, listenerKey } from './attach/listeners.ts'
import { attachParent, parentGateway, type ParentVerdict } from './attach/routes.ts'
import { compileEndpoints, refusedSlices, sliceKeys } from './backends/endpoints.ts'
import { servicePorts, type ServicePorts } from './backends/service.ts'
import type { DesiredStatus, GatewayResource, Inputs, Notice, Outputs, Refusal } from './contract.ts'
import { emitCluster } from './emit/cluster.ts'
import { emitEndpoints } from './emit/endpoints.ts'
import { emitListener, emitWarmUpListener } from './emit/listener.ts'
import { emitRouteConfig, emitScope, emitStubs } from './emit/scope.ts'
import { emitSecret } from './emit/secret.ts'
import { assembleListener, gatewayInfra, misdirectedHosts, usesScopes } from './gateway/assemble.ts'
import { compileVirtualHost, hostKey, parseHostKey, portKey, type RouteUnit } from './gateway/hosts.ts'
import { type CertificateCheck, checkCertificate } from './gateway/tls.ts'
import { reportGateway } from './report/gateway.ts'
import { isAccepted, reportGatewayClass } from './report/gatewayclass.ts'
import { type ReportedParent, reportParent } from './report/route.ts'
import { compileHttpRoute, routesFor } from './routes/http.ts'

export function buildPipeline(graph: Graph, inputs: Inputs): Outputs {
  const references = buildReferences(graph, inputs)
  const gateways = buildGateways(graph, inputs, references)
  const routes = buildRoutes(graph, inputs, references, gateways)
  const hosts = buildHosts(graph, gateways, routes)
  const resources = graph.join('resources', [
    buildListenerResources(graph, inputs, gateways),
    buildHostResources(graph, gateways, hosts),
    buildClusterResources(graph, routes),
    buildSecretResources(graph, gateways, references),
  ])
  const endpoints = buildEndpoints(graph, inputs)
  return {
    resources,
    endpoints: endpoints.resources,
    statuses: buildStatuses(graph, inputs, gateways, routes),
    notices: graph.join('notices', [endpoints.notices, routes.notices]),
    infra: buildInfra(graph, inputs, gateways),
  }
}

/** What others refer to: grants, Services, namespaces, certificates; each reduced to what referrers depend on. */
interface References {
  readonly grants: GrantIndex
  readonly servicePorts: Collection<ServicePorts>
  readonly namespaceLabels: Collection<Readonly<Record<string, string>>>
  readonly certificates: Collection<CertificateCheck>
  readonly secretProblems: Collection<string>
}

function buildReferences(graph: Graph, inputs: Inputs): References {
  return {
    secretProblems: inputs.secretProblems,
    grants: graph.index('grants', inputs.referenceGrants, grantKeys),
    servicePorts: graph.derive('servicePorts', inputs.services, (_read, service, key) => [
      [key, servicePorts(service)],
    ]),
    namespaceLabels: graph.derive('namespaceLabels', inputs.namespaces, (_read, { metadata }, key) => [
      [key, metadata.labels ?? {}],
    ]),
    certificates: graph.derive('certificates', inputs.secrets, (_read, secret, key) =>
      secret.type === 'kubernetes.io/tls' || secret.type === 'Opaque' ? [[key, checkCertificate(secret)]] : [],
    ),
  }
}

/** Gateways of our classes and their listeners. */
interface Gateways {
  readonly classes: Collection<GatewayClass>
  /** Those of an accepted class of ours. */
  readonly gateways: Collection<Gateway>
  /** By GatewayKey. */
  readonly addresses: Collection<readonly string[]>
  /** By listenerKey. */
  readonly listeners: Collection<GatewayListener>
  readonly listenersByGateway: Index<GatewayListener>
  /** Serving listeners by portKey. */
  readonly listenersByPort: Index<GatewayListener>
}

function buildGateways(graph: Graph, inputs: Inputs, references: References): Gateways {
  const { settings } = inputs
  const classes = graph.derive('classes', inputs.gatewayClasses, (read, gatewayClass, key) =>
    gatewayClass.spec.controllerName === read.single(settings).controllerName ? [[key, gatewayClass]] : [],
  )
  const gateways = graph.derive('gateways', inputs.gateways, (read, gateway, key) => {
    const gatewayClass = read.get(classes, gateway.spec.gatewayClassName)
    return gatewayClass !== undefined && isAccepted(gatewayClass) ? [[key, gateway]] : []
  })
  const listeners = graph.derive('listeners', gateways, (read, gateway) =>
    compileListeners(read, gateway, references).map((listener) => [
      listenerKey(listener.gateway, listener.name),
      listener,
    ]),
  )
  return {
    classes,
    gateways,
    addresses: graph.derive('gatewayAddresses', gateways, (read, gateway, key) => [
      [key, bindAddresses(gateway, read.single(settings))],
    ]),
    listeners,
    listenersByGateway: graph.index('listenersByGateway', listeners, ({ gateway }) => [gateway]),
    listenersByPort: graph.index('listenersByPort', listeners, ({ serves, gateway, table }) =>
      serves ? [portKey(gateway, table)] : [],
    ),
  }
}

/** Routes of every kind, compiled and attached. */
interface Routes {
  readonly units: Collection<RouteUnit>
  /** By the route's key; without verdicts where no parent is ours. */
  readonly reports: Collection<RouteReport>
  /** Routes accepted by a listener, by listenerKey: its counts are attachedRoutes. */
  readonly attached: Index<RouteReport>
  readonly notices: Collection<Notice>
}

/** What the status of a route is made of. */
interface RouteReport {
  readonly route: { readonly namespace: string; readonly name: string; readonly generation: number }
  readonly verdicts: readonly ParentVerdict[]
  readonly problems: Parameters<typeof reportParent>[1]['problems']
  readonly nothingLeft: boolean
}

function buildRoutes(graph: Graph, inputs: Inputs, references: References, gateways: Gateways): Routes {
  const compiled = graph.deriveWithReport('httpRoutes', inputs.httpRoutes, (read, route, key) =>
    compileAndAttach(read, { route, key, references, gateways }),
  )
  const attached = graph.index('attachedRoutes', compiled.reports, (report) =>
    report.nothingLeft ? [] : attachedListeners(report),
  )
  const notices = graph.derive('routeNotices', inputs.httpRoutes, (read, route) =>
    parentNotices(read, route, gateways).map((notice) => [`${notice.object}|${notice.field}`, notice]),
  )
  return { units: compiled.outputs, reports: compiled.reports, attached, notices }
}

function attachedListeners(report: RouteReport): readonly string[] {
  const keys = report.verdicts.flatMap(({ attachments }) =>
    attachments.map(({ listener }) => listenerKey(listener.gateway, listener.name)),
  )
  return [...new Set(keys)]
}

function compileAndAttach(
  read: Reader,
  subject: {
    readonly route: HTTPRoute
    readonly key: string
    readonly references: References
    readonly gateways: Gateways
  },
): { outputs: (readonly [string, RouteUnit])[]; report: RouteReport } {
  const { route, key, references, gateways } = subject
  const { namespace, name, generation } = route.metadata
  const context = {
    listenersByGateway: gateways.listenersByGateway,
    namespaceLabels: references.namespaceLabels,
  }
  const described = { kind: 'HTTPRoute', namespace, hostnames: route.spec.hostnames ?? [] }
  const verdicts = (route.spec.parentRefs ?? []).flatMap(
    (parentRef) => attachParent(read, context, described, parentRef) ?? [],
  )
  if (verdicts.length === 0) {
    return {
      outputs: [],
      report: { route: { namespace, name, generation }, verdicts, problems: [], nothingLeft: false },
    }
  }
  const from = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace }
  const compiled = compileHttpRoute(read, route, { ...references, from })
  const units = new Map<string, RouteUnit>()
  for (const { listener, hosts } of verdicts.flatMap(({ attachments }) => attachments)) {
    if (listener.serves && compiled.matches.length > 0) {
      units.set(`${key}|${listenerKey(listener.gateway, listener.name)}`, {
        routeKey: key,
        created: route.metadata.creationTimestamp ?? '',
        gateway: listener.gateway,
        listener: listener.name,
        table: listener.table,
        hosts,
        routes: routesFor(compiled, listener),
      })
    }
  }
  const { problems } = compiled
  const nothingLeft = compiled.matches.length === 0
  return { outputs: [...units], report: { route: { namespace, name, generation }, verdicts, problems, nothingLeft } }
}

/** A parentRef to a Gateway that nobody knows gets no status entry: only a remark can tell. */
function parentNotices(read: Reader, route: HTTPRoute, gateways: Gateways): readonly Notice[] {
  const { namespace, name } = route.metadata
  return (route.spec.parentRefs ?? []).flatMap((parentRef, index) => {
    const gateway = parentGateway(parentRef, namespace)
    if (gateway === undefined || read.has(gateways.gateways, gateway)) {
      return []
    }
    const message = `there is no Gateway "${gateway}" of a class served here, so the route does not attach to it; create it or correct name and namespace`
    return [{ object: `HTTPRoute/${namespace}/${name}`, field: `spec.parentRefs[${index}]`, message }]
  })
}

/** Virtual hosts by host key. */
function buildHosts(graph: Graph, gateways: Gateways, routes: Routes): Collection<VirtualHost> {
  const { listenersByPort } = gateways
  const unitsByHost = graph.index('unitsByHost', routes.units, ({ gateway, table, hosts }) =>
    hosts.map(({ host }) => hostKey(gateway, table, host)),
  )
  const listenersByHost = graph.index('listenersByHost', gateways.listeners, ({ serves, gateway, table, host }) =>
    serves ? [hostKey(gateway, table, host)] : [],
  )
  const hosts = graph.join('hosts', [unitsByHost.presence, listenersByHost.presence])
  return graph.derive('virtualHosts', hosts, (read, _present, key) => {
    const vhost = compileVirtualHost(read, { unitsByHost, hosts, listenersByPort }, key)
    return vhost === undefined ? [] : [[key, vhost]]
  })
}

/** Scopes, stubs and plain route tables. */
function buildHostResources(
  graph: Graph,
  gateways: Gateways,
  virtualHosts: Collection<VirtualHost>,
): Collection<GatewayResource> {
  const { listenersByPort } = gateways
  const byHost = graph.derive('hostResources', virtualHosts, (read, vhost, key) => {
    const { gateway, table } = parseHostKey(key)
    const samePort = read.group(listenersByPort, portKey(gateway, table))
    const plain = samePort.find(({ value }) => value.table === table && !usesScopes(value))?.value
    return plain === undefined
      ? [entry(gateway, emitScope(vhost))]
      : [entry(gateway, emitRouteConfig(vhost, misdirectedHosts(plain, samePort)))]
  })
  const wildcards = graph.derive('wildcardHosts', virtualHosts, (_read, { gateway, table, host }, key) =>
    host.startsWith('*') ? [[key, { gateway, table, host }]] : [],
  )
  const wildcardsByTable = graph.index('wildcardsByTable', wildcards, ({ gateway, table }) => [`${gateway}|${table}`])
  const tables = graph.index('tables', gateways.listeners, (listener) =>
    listener.serves && usesScopes(listener) ? [`${listener.gateway}|${listener.table}`] : [],
  )
  const stubs = graph.derive('stubs', tables.presence, (read, _present, key) => {
    const { gateway, table } = parseHostKey(key)
    const scopes = read
      .group(wildcardsByTable, key)
      .map(({ value: { host } }): Stub => ({ domain: host, target: { kind: 'scope', scope: scopeName(table, host) } }))
    const samePort = read.group(listenersByPort, portKey(gateway, table))
    return [entry(gateway, emitStubs(gateway, table, [...scopes, ...misdirectedStubs(table, samePort)]))]
  })
  return graph.join('routingResources', [byHost, stubs])
}

/** In an HTTPS chain with scopes, hosts of the other listeners of the port answer 421. */
function misdirectedStubs(
  table: TableName,
  samePort: readonly { readonly key: string; readonly value: GatewayListener }[],
): readonly Stub[] {
  const own = samePort.find(({ value }) => value.table === table)?.value
  if (own === undefined || own.protocol !== 'HTTPS') {
    return []
  }
  return misdirectedHosts(own, samePort).map((domain) => ({ domain, target: { kind: 'respond', status: 421 } }))
}

/** Bound ports, and for each Gateway with scopes the listener that fills them before a port opens. */
function buildListenerResources(graph: Graph, inputs: Inputs, gateways: Gateways): Collection<GatewayResource> {
  const { addresses, listenersByPort } = gateways
  const bound = graph.derive('boundListeners', listenersByPort.groups, (read, members, key) => {
    const { gateway } = parseHostKey(key)
    const listener = assembleListener(gateway, members, read.get(addresses, gateway) ?? [])
    return [entry(gateway, emitListener(listener, read.single(inputs.settings)))]
  })
  const scoped = graph.index('gatewaysWithScopes', gateways.listeners, (listener) =>
    listener.serves && usesScopes(listener) ? [listener.gateway] : [],
  )
  const warmUps = graph.derive('warmUpListeners', scoped.presence, (_read, _present, key) => {
    const { gateway } = parseHostKey(key)
    return [entry(gateway, emitWarmUpListener(gateway))]
  })
  return graph.join('listenerResources', [bound, warmUps])
}

/** Clusters, encoded once each, for every Gateway whose routes name them. */
function buildClusterResources(graph: Graph, routes: Routes): Collection<GatewayResource> {
  const byCluster = graph.index('unitsByCluster', routes.units, clustersOf)
  const clusters = graph.derive('clusters', byCluster.presence, (_read, _present, name) => [
    [name, emitCluster(clusterOf(name as ClusterName))],
  ])
  const byGateway = graph.index('unitsByGatewayCluster', routes.units, (unit) =>
    clustersOf(unit).map((cluster) => `${unit.gateway}|${cluster}`),
  )
  return graph.derive('gatewayClusters', byGateway.presence, (read, _present, key) => {
    const separator = key.indexOf('|')
    const resource = read.get(clusters, key.slice(separator + 1))
    return resource === undefined ? [] : [entry(key.slice(0, separator) as GatewayKey, resource)]
  })
}

function clustersOf(unit: RouteUnit): readonly ClusterName[] {
  const names = new Set<ClusterName>()
  for (const { action } of unit.routes) {
    for (const backend of action.kind === 'forward' ? action.backends : []) {
      if (backend.kind === 'cluster') {
        names.add(backend.cluster)
      }
    }
  }
  return [...names]
}

/** Certificates of serving listeners, by Gateway. */
function buildSecretResources(graph: Graph, gateways: Gateways, references: References): Collection<GatewayResource> {
  const byCertificate = graph.index('listenersByCertificate', gateways.listeners, (listener) =>
    listener.serves ? listener.certificates.map((name) => `${listener.gateway}|${name}`) : [],
  )
  return graph.derive('secretResources', byCertificate.presence, (read, _present, key) => {
    const separator = key.indexOf('|')
    const name = key.slice(separator + 1)
    const check = read.get(references.certificates, name)
    return check?.ok === true ? [entry(key.slice(0, separator) as GatewayKey, emitSecret(name, check.value))] : []
  })
}

/** A lane of its own: an EndpointSlice touches nothing but the assignments of its Service. */
function buildEndpoints(
  graph: Graph,
  inputs: Inputs,
): { readonly resources: Collection<NamedResource>; readonly notices: Collection<Notice> } {
  const slices: Index<EndpointSlice> = graph.index('slicesByService', inputs.endpointSlices, sliceKeys)
  const resources = graph.derive('endpoints', inputs.services, (read, service: Service, key) =>
    compileEndpoints(service, read.group(slices, key)).map((value) => [value.name, emitEndpoints(value)]),
  )
  const notices = graph.derive('sliceNotices', inputs.endpointSlices, (_read, slice, key) =>
    refusedSlices([{ key, value: slice }]).map(() => {
      const object = `EndpointSlice/${key}`
      const message =
        'addressType "FQDN" is not used: its author could make the gateway reach any host; use IPv4 or IPv6'
      return [object, { object, field: 'addressType', message }]
    }),
  )
  return { resources, notices }
}

function buildStatuses(graph: Graph, inputs: Inputs, gateways: Gateways, routes: Routes): Collection<DesiredStatus> {
  const classStatuses = graph.derive('classStatuses', gateways.classes, (_read, gatewayClass, key) => [
    [`GatewayClass//${key}`, reportGatewayClass(gatewayClass)],
  ])
  const refusalsByGateway: Index<Refusal> = graph.index('refusalsByGateway', inputs.refusals, ({ gateway }) => [
    gateway,
  ])
  const refusalsByOrigin: Index<Refusal> = graph.index('refusalsByOrigin', inputs.refusals, ({ origins }) => origins)
  const gatewayStatuses = graph.derive('gatewayStatuses', gateways.gateways, (read, gateway, key) => {
    const { namespace, name } = gateway.metadata
    const order = gateway.spec.listeners.map((listener) => listener.name)
    const listeners = read.group(gateways.listenersByGateway, gatewayKey(namespace, name)).map(({ value }) => value)
    const status = reportGateway({
      gateway,
      listeners: [...listeners].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
      attachedRoutes: (listener) => read.count(routes.attached, listenerKey(listener.gateway, listener.name)),
      delivery: read.get(inputs.deliveries, key),
      refusals: read.group(refusalsByGateway, key).map(({ value }) => value),
      settings: read.single(inputs.settings),
    })
    return [[`Gateway/${key}`, status]]
  })
  const routeStatuses = graph.derive('routeStatuses', routes.reports, (read, report, key) => {
    if (report.verdicts.length === 0) {
      return []
    }
    const refusals = read.group(refusalsByOrigin, `HTTPRoute/${key}`).map(({ value }) => value)
    const { controllerName } = read.single(inputs.settings)
    return [[`HTTPRoute/${key}`, routeStatus(report, refusals, controllerName)]]
  })
  return graph.join('statuses', [classStatuses, gatewayStatuses, routeStatuses])
}

function routeStatus(report: RouteReport, refusals: readonly Refusal[], controllerName: string): DesiredStatus {
  const { namespace, name, generation } = report.route
  const findings = { generation, problems: report.problems, nothingLeft: report.nothingLeft }
  const parents: readonly ReportedParent[] = report.verdicts.map((verdict) =>
    reportParent(verdict, findings, refusals, controllerName),
  )
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace, name, status: { parents } }
}

function buildInfra(graph: Graph, inputs: Inputs, gateways: Gateways): Collection<GatewayInfra> {
  return graph.derive('infra', gateways.gateways, (read, gateway, key) => {
    const { namespace, name, generation } = gateway.metadata
    const listeners = read.group(gateways.listenersByGateway, key)
    const addresses = bindAddresses(gateway, read.single(inputs.settings))
    return [
      [key, gatewayInfra({ key: gatewayKey(namespace, name), namespace, name, generation }, listeners, addresses)],
    ]
  })
}

/** Keyed so that a resource of a Gateway is found by its type and name. */
function entry(gateway: GatewayKey, resource: NamedResource): readonly [string, GatewayResource] {
  return [`${gateway}|${resource.type}|${resource.name}`, { gateway, resource }]
}
