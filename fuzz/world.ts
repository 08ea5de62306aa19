/** What is there all the time: the sentinels that no object set may hurt, and the Gateway that they share with it. */
import { isRecord } from '../src/api/compile.ts'
import type { KubernetesObject } from '../src/api/kinds.ts'
import type { NamedResource } from '../src/envoy/resource.ts'
import type { TestCertificate } from '../src/testing/certificates.ts'

/** An object as it stands in a file. */
export type Fields = Readonly<Record<string, unknown>>

/** Ports of listeners as object sets write them; the rig puts free ones of this machine in their place. */
export const setPorts = { safe: 7001, safeTls: 7002, shared: 7003, others: [7004, 7005, 7006, 7007] } as const

/** The port of endpoints that is the backend's. */
export const backendPort = 7009

/** A request that must be answered by the backend, whatever else there is. */
export interface Sentinel {
  readonly port: number
  readonly host: string
  readonly path: string
  readonly tls: boolean
}

/** All of them. */
export const sentinels: readonly Sentinel[] = [
  // A listener of its own, which takes routes of one namespace.
  { port: setPorts.safe, host: 'sentinel.test', path: '/', tls: false },
  // A port that listeners with other certificates share.
  { port: setPorts.safeTls, host: 'sentinel.test', path: '/', tls: true },
  // A listener that everybody's routes attach to: an exact host, one that goes on to its wildcard, the wildcard.
  { port: setPorts.shared, host: 's.sibling.test', path: '/exact', tls: false },
  { port: setPorts.shared, host: 's.sibling.test', path: '/wider', tls: false },
  { port: setPorts.shared, host: 'other.sibling.test', path: '/', tls: false },
]

const api = 'gateway.networking.k8s.io/v1'
const safeNamespace = 'safe'

/** Listeners of `default/gw` whatever a set says of it. */
const safeListeners: readonly Fields[] = [
  {
    name: 'safe',
    port: setPorts.safe,
    protocol: 'HTTP',
    allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { fuzz: safeNamespace } } } },
  },
  {
    name: 'safe-tls',
    port: setPorts.safeTls,
    protocol: 'HTTPS',
    hostname: 'sentinel.test',
    tls: { certificateRefs: [{ name: 'safe-cert' }] },
    allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { fuzz: safeNamespace } } } },
  },
  { name: 'http', port: setPorts.shared, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } },
]

/** Gateway `default/gw` with the safe listeners alone. */
const safeGateway: Fields = {
  apiVersion: api,
  kind: 'Gateway',
  metadata: { name: 'gw', namespace: 'default' },
  spec: { gatewayClassName: 'fairlead', listeners: safeListeners },
}

/**
 * What a set says of `default/gw`, with the safe listeners in it. Taken away is what would rightly hurt them: other
 * addresses, another class, and listeners that are in conflict with theirs.
 */
export function asServed(gateway: Fields): Fields {
  const { spec } = gateway
  if (!isRecord(spec) || !Array.isArray(spec.listeners)) return gateway
  const { addresses: _addresses, tls: _tls, ...rest } = spec
  const names = safeListeners.map(({ name }) => name)
  const others = spec.listeners.filter((listener: unknown) => !isRecord(listener) || !names.includes(listener.name))
  const listeners = [...safeListeners, ...others.map((listener: unknown) => placed(listener))]
  return { ...gateway, spec: { ...rest, gatewayClassName: 'fairlead', listeners } }
}

/** On a port of this machine that is free, and on a safe one only beside what is there. */
function placed(listener: unknown): unknown {
  if (!isRecord(listener) || typeof listener.port !== 'number') return listener
  const { port, hostname, protocol } = listener
  const isNamed = typeof hostname === 'string' && !['', 'sentinel.test'].includes(hostname)
  if (isNamed && protocol === 'HTTP' && port === setPorts.shared) return listener
  if (isNamed && protocol === 'HTTPS' && port === setPorts.safeTls) return listener
  return { ...listener, port: setPorts.others[Math.abs(Math.trunc(port)) % setPorts.others.length] }
}

function service(namespace: string, name: string): readonly Fields[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      // Named, so that parameters of the Gateway do not make it HTTP/2.
      spec: { ports: [{ name: 'http', port: 80, appProtocol: 'http' }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: backendPort }],
      endpoints: [{ addresses: ['127.0.0.1'] }],
    },
  ]
}

function route(namespace: string, name: string, spec: Fields): Fields {
  return { apiVersion: api, kind: 'HTTPRoute', metadata: { name, namespace }, spec }
}

function sibling(name: string, host: string, path: string): Fields {
  return route('default', name, {
    parentRefs: [{ name: 'gw', sectionName: 'http' }],
    hostnames: [host],
    rules: [{ matches: [{ path: { value: path } }], backendRefs: [{ name: 'sibling', port: 80 }] }],
  })
}

/** The objects that every set begins with and none may replace but for the Gateway. Ports are those of sets. */
export function baseObjects({ chain, key }: TestCertificate): readonly Fields[] {
  return [
    {
      apiVersion: api,
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: safeNamespace, labels: { fuzz: safeNamespace } } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'safe-cert', namespace: 'default' },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': chain, 'tls.key': key },
    },
    safeGateway,
    ...service(safeNamespace, 'backend'),
    ...service('default', 'sibling'),
    route(safeNamespace, 'sentinel', {
      parentRefs: ['safe', 'safe-tls'].map((sectionName) => ({ name: 'gw', namespace: 'default', sectionName })),
      hostnames: ['sentinel.test'],
      rules: [{ backendRefs: [{ name: 'backend', port: 80 }] }],
    }),
    sibling('sibling', 's.sibling.test', '/exact'),
    sibling('sibling-wide', '*.sibling.test', '/'),
  ]
}

/** `<Kind>/<namespace>/<name>`: the key of an object's status. */
export function keyOf({ kind, metadata: { namespace, name } }: Pick<KubernetesObject, 'kind' | 'metadata'>): string {
  return `${kind}/${namespace}/${name}`
}

/**
 * Whether bytes of a resource of the base may depend on objects of others: listeners and stubs of shared ports tell which
 * hosts there are, a wildcard goes on to the next wider host, and a chain of TLS answers 421 for hosts of the others.
 */
export function isShared(
  { type, name }: Pick<NamedResource, 'type' | 'name'>,
  { shared, safeTls }: Readonly<Record<'shared' | 'safeTls', number>>,
): boolean {
  if (type === 'listener') return [`/${shared}`, `/${safeTls}`, '/warm-up'].some((end) => name.endsWith(end))
  if (type === 'route') return name.includes(`/${safeTls}/`)
  return type === 'scoped-route' && [`${shared}|/`, `${shared}|/*`, `${shared}|/*.sibling.test`].includes(name)
}
