/** Stage 2: Gateways that are ours and what each of their listeners is. */
import type { Gateway, GatewayClass } from '../../api/gen/types.ts'
import type { Collection, Index } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import type { GatewayInfra } from '../../ir/infra.ts'
import { bindAddresses } from '../attach/gateways.ts'
import { type CheckedListener, compileListeners, type GatewayListener, listenerKey } from '../attach/listeners.ts'
import type { Inputs, Notice } from '../contract.ts'
import { boundAddresses, fleetServiceKey, type GatewayAddresses, serviceAddresses } from '../gateway/addresses.ts'
import { gatewayInfra } from '../gateway/assemble.ts'
import { portKey } from '../gateway/hosts.ts'
import { gatewayNotices, lostProxiesNotice } from '../report/notices.ts'
import { buildParameters, type Parameters } from './parameters.ts'
import type { References } from './references.ts'

/** Gateways of our classes and their listeners. */
export interface Gateways {
  readonly classes: Collection<GatewayClass>
  /** Those of a class of ours. */
  readonly gateways: Collection<Gateway>
  /** What proxies bind, by GatewayKey. */
  readonly bindAddresses: Collection<readonly string[]>
  /** By GatewayKey. */
  readonly addresses: Collection<GatewayAddresses>
  /** Listeners with what is wrong with them, for statuses. */
  readonly checkedByGateway: Index<CheckedListener>
  /** By listenerKey. */
  readonly listeners: Collection<GatewayListener>
  readonly listenersByGateway: Index<GatewayListener>
  /** Serving listeners by portKey. */
  readonly listenersByPort: Index<GatewayListener>
  readonly parameters: Parameters
  readonly notices: Collection<Notice>
}

/** Adds the Gateways that are ours, with their listeners, addresses and parameters. */
export function buildGateways(graph: Graph, inputs: Inputs, references: References): Gateways {
  const { settings } = inputs
  const classes = graph.derive('classes', inputs.gatewayClasses, (read, gatewayClass, key) =>
    gatewayClass.spec.controllerName === read.single(settings).controllerName ? [[key, gatewayClass]] : [],
  )
  const gateways = graph.derive('gateways', inputs.gateways, (read, gateway, key) =>
    read.has(classes, gateway.spec.gatewayClassName) ? [[key, gateway]] : [],
  )
  const checked = graph.derive('checkedListeners', gateways, (read, gateway) =>
    compileListeners(read, gateway, references, read.single(settings).platform).map((value) => [
      listenerKey(value.listener.gateway, value.listener.name),
      value,
    ]),
  )
  const listeners = graph.derive('listeners', checked, (_read, { listener }, key) => [[key, listener]])
  return {
    classes,
    gateways,
    bindAddresses: graph.derive('bindAddresses', gateways, (read, gateway, key) => [
      [key, bindAddresses(gateway, read.single(settings).platform)],
    ]),
    // The one place where a Gateway depends on a Service: its own, and of that the addresses alone.
    addresses: graph.derive('gatewayAddresses', gateways, (read, gateway, key) => {
      const { platform } = read.single(settings)
      return platform.kind === 'standalone'
        ? [[key, boundAddresses(bindAddresses(gateway, platform))]]
        : [[key, serviceAddresses(gateway, read.get(inputs.services, fleetServiceKey(gateway)))]]
    }),
    checkedByGateway: graph.index('checkedByGateway', checked, ({ listener }) => [listener.gateway]),
    listeners,
    listenersByGateway: graph.index('listenersByGateway', listeners, ({ gateway }) => [gateway]),
    listenersByPort: graph.index('listenersByPort', listeners, ({ serves, gateway, table }) =>
      serves ? [portKey(gateway, table)] : [],
    ),
    parameters: buildParameters(graph, inputs, { classes, gateways }),
    notices: buildNotices(graph, inputs, { classes, gateways }),
  }
}

function buildNotices(
  graph: Graph,
  inputs: Inputs,
  { classes, gateways }: Pick<Gateways, 'classes' | 'gateways'>,
): Collection<Notice> {
  const { settings } = inputs
  const ofFields = graph.derive('gatewayNotices', inputs.gateways, (read, gateway) => {
    const gatewayClass = read.get(inputs.gatewayClasses, gateway.spec.gatewayClassName)
    const served = () => read.entries(classes).map(({ key }) => key)
    return gatewayNotices(gateway, { gatewayClass, served, settings: read.single(settings) }).map(noticeEntry)
  })
  // Programmed stays True (docs/adr/0005), and who asks us must not be told that all is well.
  const ofProxies = graph.derive('lostProxiesNotices', inputs.deliveries, (read, { connected, synced }, key) => {
    if (connected > 0 || !synced || read.single(settings).platform.kind === 'standalone') return []
    const gateway = read.get(gateways, key)
    return gateway === undefined ? [] : [noticeEntry(lostProxiesNotice(gateway))]
  })
  return graph.join('allGatewayNotices', [ofFields, ofProxies])
}

/** By object and field, as `Outputs.notices`. */
export function noticeEntry(notice: Notice): readonly [string, Notice] {
  return [`${notice.object}|${notice.field}`, notice]
}

/** What must run, by GatewayKey. */
export function buildInfra(graph: Graph, gateways: Gateways): Collection<GatewayInfra> {
  return graph.derive('infra', gateways.gateways, (read, gateway, key) => {
    const listeners = read.group(gateways.listenersByGateway, key)
    const resolved = read.get(gateways.parameters.ofGateway, key)
    return resolved === undefined ? [] : [[key, gatewayInfra(gateway, listeners, resolved)]]
  })
}
