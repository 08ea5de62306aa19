/** Stage 7: the status of every object that has one. */
import type { Collection, Index } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { gatewayKey } from '../../ir/names.ts'
import { listenerKey } from '../attach/listeners.ts'
import type { DesiredStatus, Inputs, Refusal } from '../contract.ts'
import { reportGateway } from '../report/gateway.ts'
import { reportGatewayClass } from '../report/gatewayclass.ts'
import { type ReportedParent, reportParent } from '../report/route.ts'
import type { Gateways } from './gateways.ts'
import type { RouteReport, Routes } from './routes.ts'

/** Statuses by `<Kind>/<namespace>/<name>`. */
export function buildStatuses(
  graph: Graph,
  inputs: Inputs,
  gateways: Gateways,
  routes: Routes,
): Collection<DesiredStatus> {
  const classStatuses = graph.derive('classStatuses', gateways.classes, (read, gatewayClass, key) => {
    const parameters = read.get(gateways.parameters.ofClass, key)
    if (parameters === undefined) return []
    const refused = parameters.ok ? undefined : parameters.error
    return [[`GatewayClass//${key}`, reportGatewayClass(gatewayClass, refused, read.single(inputs.crds))]]
  })
  const refusalsByGateway: Index<Refusal> = graph.index('refusalsByGateway', inputs.refusals, ({ gateway }) => [
    gateway,
  ])
  const refusalsByOrigin: Index<Refusal> = graph.index('refusalsByOrigin', inputs.refusals, ({ origins }) => origins)
  const gatewayStatuses = graph.derive('gatewayStatuses', gateways.gateways, (read, gateway, key) => {
    const { namespace, name, deletionTimestamp } = gateway.metadata
    const parameters = read.get(gateways.parameters.ofGateway, key)
    // What was said before stays until there is more to say.
    if (deletionTimestamp !== undefined || parameters?.isPending === true) return []
    const order = gateway.spec.listeners.map((listener) => listener.name)
    const listeners = read.group(gateways.checkedByGateway, gatewayKey(namespace, name)).map(({ value }) => value)
    const status = reportGateway({
      gateway,
      listeners: [...listeners].sort((a, b) => order.indexOf(a.listener.name) - order.indexOf(b.listener.name)),
      attachedRoutes: (listener) => read.count(routes.attached, listenerKey(listener.gateway, listener.name)),
      parameterProblems: parameters?.problems ?? [],
      fleetProblem: read.get(inputs.fleetProblems, key),
      addresses: read.get(gateways.addresses, key) ?? { addresses: [] },
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
