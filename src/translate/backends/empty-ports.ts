/** The ports of a Service that nothing stands behind, and why. */
import type { EndpointSlice, Service } from '../../api/core.ts'
import type { Entry } from '../../graph/collection.ts'
import type { Endpoints } from '../../ir/endpoint.ts'
import { type EndpointsName, endpointsName } from '../../ir/names.ts'
import { compareStrings } from '../../lib/sorted.ts'

/** A port of a Service to which no request can be forwarded. */
export interface EmptyPort {
  readonly name: EndpointsName
  /** Which port, why and what to do. */
  readonly message: string
}

/** The ports without any endpoint. `compiled` is what `compileEndpoints` made of the same. */
export function emptyPorts(
  service: Service,
  slices: readonly Entry<EndpointSlice>[],
  compiled: readonly Endpoints[],
): readonly EmptyPort[] {
  const { namespace, name } = service.metadata
  return compiled.flatMap((one) => {
    if (one.endpoints.length > 0) return []
    const port = service.spec.ports?.find((candidate) => endpointsName(namespace, name, candidate.port) === one.name)
    const what = `Service ${namespace}/${name} has no ready endpoint for port ${port?.port}, and requests to it get 503`
    return [{ name: one.name, message: `${what}: ${whyEmpty(service, slices, port?.name ?? '')}` }]
  })
}

function whyEmpty(service: Service, slices: readonly Entry<EndpointSlice>[], portName: string): string {
  const hasSelector = Object.keys(service.spec.selector ?? {}).length > 0
  const usable = slices.filter(({ value }) => value.addressType !== 'FQDN' && value.endpoints.length > 0)
  if (slices.length === 0) {
    return `it has no EndpointSlice; add one with the label kubernetes.io/service-name: ${service.metadata.name}`
  }
  if (usable.length === 0) {
    return hasSelector
      ? 'no pod fits its selector; correct it or start pods'
      : 'its EndpointSlices are empty; fill them'
  }
  const names = new Set(usable.flatMap(({ value }) => value.ports ?? []).map((port) => port.name ?? ''))
  if (!names.has(portName)) {
    const others = [...names].sort(compareStrings).map(describePort).join(', ') || 'no port'
    return `its EndpointSlices have no ${describePort(portName)} but ${others}; a port has one name in both`
  }
  const count = usable.reduce((sum, { value }) => sum + value.endpoints.length, 0)
  return `of its ${count} endpoints none is ready; see why the pods are not`
}

function describePort(name: string): string {
  return name === '' ? 'port without a name' : `port "${name}"`
}
