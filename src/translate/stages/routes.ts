/** Stage 3: routes, compiled and attached to listeners. */
import type { HTTPRoute } from '../../api/gen/types.ts'
import type { Collection, Index, Reader } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { listenerKey } from '../attach/listeners.ts'
import { attachParent, type ParentVerdict } from '../attach/routes.ts'
import type { Inputs, Notice } from '../contract.ts'
import type { RouteUnit } from '../gateway/hosts.ts'
import { routeNotices } from '../report/notices.ts'
import type { RouteFindings } from '../report/route.ts'
import { compileHttpRoute, routesFor } from '../routes/http.ts'
import { type Gateways, noticeEntry } from './gateways.ts'
import type { References } from './references.ts'

/** Routes of every kind, compiled and attached. */
export interface Routes {
  readonly units: Collection<RouteUnit>
  /** By the route's key; without verdicts where no parent is ours. */
  readonly reports: Collection<RouteReport>
  /** Routes accepted by a listener, by listenerKey: its counts are attachedRoutes. */
  readonly attached: Index<RouteReport>
  readonly notices: Collection<Notice>
}

/** What the status of a route is made of. */
export interface RouteReport {
  readonly route: { readonly namespace: string; readonly name: string; readonly generation: number }
  readonly verdicts: readonly ParentVerdict[]
  readonly problems: RouteFindings['problems']
  readonly nothingLeft: boolean
}

/** Adds the routes: what each becomes on each listener, and what is reported of it. */
export function buildRoutes(graph: Graph, inputs: Inputs, references: References, gateways: Gateways): Routes {
  const compiled = graph.deriveWithReport('httpRoutes', inputs.httpRoutes, (read, route, key) =>
    compileAndAttach(read, { route, key, references, gateways }),
  )
  const attached = graph.index('attachedRoutes', compiled.reports, (report) =>
    report.nothingLeft ? [] : attachedListeners(report),
  )
  const gatewaysByName = graph.index('gatewaysByName', gateways.gateways, ({ metadata }) => [metadata.name])
  const notices = graph.derive('routeNotices', inputs.httpRoutes, (read, route) =>
    routeNotices(route, {
      isServed: (gateway) => read.has(gateways.gateways, gateway),
      classOf: (gateway) => read.get(inputs.gateways, gateway)?.spec.gatewayClassName,
      hasClass: (name) => read.has(inputs.gatewayClasses, name),
      namespacesOf: (name) => read.group(gatewaysByName, name).map(({ value }) => value.metadata.namespace),
      settings: read.single(inputs.settings),
    }).map(noticeEntry),
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
