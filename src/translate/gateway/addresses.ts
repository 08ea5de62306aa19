/** Where a Gateway is reached, and what of the addresses that it asks for it does not get (`GatewaySpec.addresses`). */
import type { Service } from '../../api/core.ts'
import { type Reason, reasons } from '../../api/conditions.ts'
import type { Gateway, GatewaySpecAddress, GatewayStatusAddress } from '../../api/gen/types.ts'
import { fleetName } from '../../ir/names.ts'

/** The address types that we serve. */
export const addressTypes = { ip: 'IPAddress', hostname: 'Hostname' } as const

/** `GatewayStatus.addresses`, and the problem of Programmed when something is missing. */
export interface GatewayAddresses {
  readonly addresses: readonly GatewayStatusAddress[]
  readonly problem?: { readonly reason: Reason; readonly message: string } | undefined
}

/** Most entries that `GatewayStatus.addresses` takes. */
const maxAddresses = 16

/** `<namespace>/<name>` of the Service in front of a Gateway's proxies. */
export function fleetServiceKey({ metadata, spec }: Gateway): string {
  return `${metadata.namespace}/${fleetName(metadata.name, spec.gatewayClassName)}`
}

/** Addresses that the proxies bind themselves. */
export function boundAddresses(values: readonly string[]): GatewayAddresses {
  return { addresses: values.map((value) => ({ type: addressTypes.ip, value })) }
}

/** Addresses of the Service, once it has all that were asked for. */
export function serviceAddresses(gateway: Gateway, service: Service | undefined): GatewayAddresses {
  const name = fleetServiceKey(gateway)
  const not = (reason: Reason, message: string, addresses: readonly GatewayStatusAddress[] = []) => ({
    addresses,
    problem: { reason, message },
  })
  if (service === undefined) {
    return not(reasons.AddressNotAssigned, `Service ${name} of the Gateway is not there yet`)
  }
  if (!belongsTo(service, gateway)) {
    const message = `Service ${name} exists and does not belong to the Gateway; rename or delete it`
    return not(reasons.AddressNotAssigned, message)
  }
  const granted = grantedAddresses(service).slice(0, maxAddresses)
  const missing = requested(gateway).filter((asked) => !granted.some((given) => isSame(asked, given)))
  if (missing.length > 0) {
    const given = granted.length === 0 ? 'none' : granted.map(({ value }) => value).join(', ')
    const words = missing.map(({ field, value }) => `${field}: "${value}" was not given to Service ${name}`).join('\n')
    const remedy = `it has ${given}; choose an address of the cluster's load balancer that is free, or leave the value out`
    return not(reasons.AddressNotUsable, `${words}; ${remedy}`, granted)
  }
  if (granted.length === 0) {
    const message = `Service ${name} of type ${service.spec.type} has no address yet; ${remedyWithout(service)}`
    return not(reasons.AddressNotAssigned, message)
  }
  return { addresses: granted }
}

function remedyWithout(service: Service): string {
  return service.spec.type === 'LoadBalancer'
    ? 'a load balancer of the cluster must give it one. Without any, set service.type of the parameters to ClusterIP'
    : 'the API server gives it one'
}

/** A Service that somebody else made under that name says nothing about the Gateway. */
function belongsTo({ metadata }: Service, gateway: Gateway): boolean {
  const { uid } = gateway.metadata
  return uid === undefined || (metadata.ownerReferences ?? []).some((owner) => owner.uid === uid)
}

/** Of a load balancer what it gave, else the addresses inside of the cluster: those of nodes are not ours to know. */
function grantedAddresses(service: Service): readonly GatewayStatusAddress[] {
  const { type, clusterIP, clusterIPs, externalIPs } = service.spec
  const given =
    type === 'LoadBalancer'
      ? ingressOf(service)
      : [...(externalIPs ?? []), ...(clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]))]
          .filter((value) => value !== '' && value !== 'None')
          .map((value) => ({ type: addressTypes.ip, value }))
  return [...new Map(given.map((address) => [address.value, address])).values()]
}

/** `Service.status.loadBalancer.ingress`: of an entry with both, the IP. */
function ingressOf({ status }: Service): readonly GatewayStatusAddress[] {
  const ingress = recordOf(status?.loadBalancer).ingress
  return (Array.isArray(ingress) ? ingress : []).flatMap((entry: unknown): readonly GatewayStatusAddress[] => {
    const { ip, hostname } = recordOf(entry)
    if (typeof ip === 'string' && ip !== '') return [{ type: addressTypes.ip, value: ip }]
    return typeof hostname === 'string' && hostname !== '' ? [{ type: addressTypes.hostname, value: hostname }] : []
  })
}

/** An entry without a value asks for any address of its type. */
function requested({ spec }: Gateway) {
  return (spec.addresses ?? []).flatMap(({ type, value }, index) =>
    value === undefined || value === '' ? [] : [{ type, value, field: `spec.addresses[${index}].value` }],
  )
}

function isSame(asked: GatewaySpecAddress, given: GatewayStatusAddress): boolean {
  return asked.type === given.type && canonical(asked.value ?? '') === canonical(given.value)
}

/** One spelling of an IPv6 address or hostname. */
function canonical(value: string): string {
  const url = value.includes(':') ? `http://[${value}]` : undefined
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : value.toLowerCase()
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
