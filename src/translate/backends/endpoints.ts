/** EndpointSlices of a Service -> the endpoints of each of its ports. No route and no cluster is read here. */
import type { EndpointPort, EndpointSlice, Service, ServicePort } from '../../api/core.ts'
import type { Entry } from '../../graph/collection.ts'
import type { Endpoint, Endpoints } from '../../ir/endpoint.ts'
import { endpointsName } from '../../ir/names.ts'
import { compareStrings } from '../../lib/sorted.ts'

/** The label that ties an EndpointSlice to its Service. */
const serviceNameLabel = 'kubernetes.io/service-name'

/** The key `<namespace>/<service>` of the Service that a slice belongs to; none without the label. */
export function sliceKeys(slice: EndpointSlice): readonly string[] {
  const service = slice.metadata.labels?.[serviceNameLabel]
  return service === undefined || service === '' ? [] : [`${slice.metadata.namespace}/${service}`]
}

/** One value per TCP port of the Service, empty ones included: an empty assignment is an answer to Envoy. */
export function compileEndpoints(service: Service, slices: readonly Entry<EndpointSlice>[]): readonly Endpoints[] {
  const { namespace, name } = service.metadata
  return (service.spec.ports ?? [])
    .filter((port) => port.protocol === 'TCP')
    .map((port) => {
      const merged = new Map<string, Endpoint>()
      const isTarget = targetOf(service, port, slices)
      for (const { value: slice } of slices) {
        mergeSlice(merged, slice, isTarget, service.spec.publishNotReadyAddresses === true)
      }
      return {
        name: endpointsName(namespace, name, port.port),
        endpoints: [...merged.entries()].sort(([a], [b]) => compareStrings(a, b)).map(([, endpoint]) => endpoint),
      }
    })
}

/** Slices whose addresses cannot be used: Envoy would have to resolve names that their author chose. */
export function refusedSlices(slices: readonly Entry<EndpointSlice>[]): readonly string[] {
  return slices.filter(({ value }) => value.addressType === 'FQDN').map(({ key }) => key)
}

type IsTarget = (candidate: EndpointPort) => boolean

/**
 * Which port of a slice is that of the Service: the one of its name (`EndpointPort.name`). A name that no slice knows yet
 * is new: slices follow their Service by some moments, and until then the number tells. Not where slices are written by
 * hand (no selector): nobody will make them agree.
 */
function targetOf(
  { spec }: Service,
  { name = '', targetPort }: ServicePort,
  slices: readonly Entry<EndpointSlice>[],
): IsTarget {
  const isNamed: IsTarget = (candidate) => candidate.name === name
  const isKnown = slices.some(({ value }) => value.ports?.some(isNamed))
  if (isKnown || spec.selector === undefined || Object.keys(spec.selector).length === 0) return isNamed
  return ({ port, protocol }) => port === targetPort && protocol === 'TCP'
}

function mergeSlice(merged: Map<string, Endpoint>, slice: EndpointSlice, isTarget: IsTarget, publishNotReady: boolean) {
  const port = slice.ports?.find(isTarget)?.port
  // The API server lets any number pass as the port of a slice.
  if (port === undefined || port < 1 || port > 65_535 || slice.addressType === 'FQDN') {
    return
  }
  for (const source of slice.endpoints) {
    const state = publishNotReady ? 'ready' : stateOf(source.conditions ?? {})
    if (state === undefined) {
      continue
    }
    // The addresses of one endpoint are fungible: the first is used (EndpointSlice.endpoints[].addresses).
    const [address] = source.addresses
    const key = `${address} ${port}`
    // An address in two slices (a slice being moved) is one endpoint; ready wins.
    if (address !== undefined && merged.get(key)?.state !== 'ready') {
      merged.set(key, { address, port, ...(source.zone === undefined ? {} : { zone: source.zone }), state })
    }
  }
}

/**
 * Absent `ready` counts as true and absent `serving` as `ready` (`EndpointConditions`). Terminating endpoints that
 * still serve are kept for the case that nothing else is ready.
 */
function stateOf(conditions: {
  readonly ready?: boolean | undefined
  readonly serving?: boolean | undefined
  readonly terminating?: boolean | undefined
}): Endpoint['state'] | undefined {
  const ready = conditions.ready ?? true
  if (ready && conditions.terminating !== true) {
    return 'ready'
  }
  return (conditions.serving ?? ready) && conditions.terminating === true ? 'draining' : undefined
}
