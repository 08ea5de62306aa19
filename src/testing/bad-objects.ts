/** Objects that users get wrong: what a case is made of. */
import type { TestCertificate } from './certificates.ts'

/** An object as it stands in a file. */
export type Fields = Readonly<Record<string, unknown>>

/** A mistake. Its objects are valid beside those of `goodWorld` and share no hostname or port with them. */
export interface BadCase {
  readonly what: string
  /** The last one is the bad one. */
  readonly objects: readonly Fields[]
  /** `field: message`, in the order of the status or of parsing; '' for what is good after all. */
  readonly says: readonly string[]
}

/** `apiVersion` of routes and Gateways. */
export const gatewayApi = 'gateway.networking.k8s.io/v1'

/** A Gateway with HTTP listener `http` on `port`, a Service with an endpoint, and the sentinel's route on good.com. */
export function goodWorld(
  port: number,
  endpoint: { readonly address: string; readonly port: number },
): readonly Fields[] {
  return [
    { apiVersion: gatewayApi, kind: 'GatewayClass', metadata: { name: 'c' }, spec: { controllerName } },
    gateway('gw', [{ name: 'http', port, protocol: 'HTTP' }]),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ name: 'http', port: 80 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'a-1', labels: { 'kubernetes.io/service-name': 'a' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: endpoint.port }],
      endpoints: [{ addresses: [endpoint.address] }],
    },
    route('good', { hostnames: ['good.com'], rules: [{ backendRefs: [toA] }] }),
  ]
}

/** `GatewayClass.spec.controllerName` of the class. */
export const controllerName = 'fairlead.dev/gateway-controller'
/** The backendRef of the good Service. */
export const toA = { name: 'a', port: 80 }

/** A Gateway of the class of `goodWorld`. */
export function gateway(name: string, listeners: readonly Fields[], more: Fields = {}): Fields {
  return {
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: 'c', listeners, ...more },
  }
}

/** A route of Gateway `gw` for bad.com. */
export function route(name: string, spec: Fields): Fields {
  return {
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name },
    spec: { parentRefs: [{ name: 'gw' }], hostnames: ['bad.com'], ...spec },
  }
}

/** A route of one rule. */
export function rule(more: Fields): Fields {
  return route('bad', { rules: [{ backendRefs: [toA], ...more }] })
}

/** A route of one rule with one match. */
export function match(more: Fields): Fields {
  return rule({ matches: [more] })
}

/** A route of one rule with one filter. */
export function filter(type: string, body: unknown, more: Fields = {}): Fields {
  const name = `${type.replace(/^URL|^./, (start) => start.toLowerCase())}`
  return rule({ filters: [{ type, [name]: body }], ...more })
}

/** A list of `count` items. */
export const repeat = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Secret `cert`. */
export function secret(certificate: Partial<TestCertificate>, type = 'kubernetes.io/tls'): Fields {
  const entries = { 'tls.crt': certificate.chain, 'tls.key': certificate.key }
  const data = Object.entries(entries).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cert' }, type, stringData: Object.fromEntries(data) }
}
