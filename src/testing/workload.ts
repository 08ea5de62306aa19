/** A Gateway with many hosts, as manifests: what benches and tests at scale feed in. */

/** A manifest as it would stand in a file or come from an API server. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly [field: string]: unknown
}

/**
 * What grows with the size. `hosts`: that many hostnames with one route each. `wildcards`: the same with wildcard
 * hostnames. `paths`: one hostname with that many HTTPRoutes, each of one path; `wildcard-paths`: the same with a wildcard.
 * `catch-all`: one route without hostname.
 */
export type WorkloadShape = 'hosts' | 'wildcards' | 'paths' | 'wildcard-paths' | 'catch-all'

export interface WorkloadOptions {
  readonly shape: WorkloadShape
  /** The port of the one HTTP listener. */
  readonly port: number
  /** Where the endpoints of every Service listen, on every loopback address. */
  readonly backendPort: number
}

/** Namespace of everything in a workload. */
export const workloadNamespace = 'bench'

/** `<namespace>/<name>` of the Gateway. */
export const workloadGateway = `${workloadNamespace}/edge`

/** The response header by which an edit of a route is seen. */
export const stampHeader = 'x-stamp'

const gatewayVersion = 'gateway.networking.k8s.io/v1'

/** The class, the namespace and the Gateway. */
export function gatewayManifests({ port }: WorkloadOptions): readonly Manifest[] {
  return [
    {
      apiVersion: gatewayVersion,
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: workloadNamespace } },
    {
      apiVersion: gatewayVersion,
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: workloadNamespace },
      spec: { gatewayClassName: 'fairlead', listeners: [{ name: 'http', protocol: 'HTTP', port }] },
    },
  ]
}

/** Where the route with this number is asked for. */
export function addressOf({ shape }: WorkloadOptions, index: number): { readonly host: string; readonly path: string } {
  switch (shape) {
    case 'hosts':
      return { host: hostnameOf(shape, index), path: '/' }
    case 'wildcards':
      return { host: hostnameOf(shape, index).replace('*', 'any'), path: '/' }
    case 'paths':
    case 'wildcard-paths':
      return { host: 'www.example.com', path: `/part-${index}` }
    case 'catch-all':
      return { host: 'www.example.com', path: '/' }
  }
}

function hostnameOf(shape: WorkloadShape, index: number): string {
  switch (shape) {
    case 'hosts':
      return `host-${index}.example.com`
    case 'wildcards':
      return `*.host-${index}.example.com`
    case 'wildcard-paths':
      return '*.example.com'
    case 'paths':
    case 'catch-all':
      return 'www.example.com'
  }
}

/** The HTTPRoute with this number; every answer by it carries `stamp`. */
export function routeManifest(options: WorkloadOptions, index: number, stamp: string): Manifest {
  const host = hostnameOf(options.shape, index)
  const { path } = addressOf(options, index)
  return {
    apiVersion: gatewayVersion,
    kind: 'HTTPRoute',
    metadata: { name: `route-${index}`, namespace: workloadNamespace },
    spec: {
      parentRefs: [{ name: 'edge' }],
      ...(options.shape === 'catch-all' ? {} : { hostnames: [host] }),
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: path } }],
          filters: [
            { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: stampHeader, value: stamp }] } },
          ],
          backendRefs: [{ name: `service-${index}`, port: 80 }],
        },
      ],
    },
  }
}

/** The Service with this number. */
export function serviceManifest(index: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${index}`, namespace: workloadNamespace },
    spec: { ports: [{ name: 'http', port: 80 }] },
  }
}

/** The EndpointSlice with this number. */
export function sliceManifest(
  { backendPort }: WorkloadOptions,
  index: number,
  addresses: readonly string[] = ['127.0.0.2', '127.0.0.3'],
): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `service-${index}-1`,
      namespace: workloadNamespace,
      labels: { 'kubernetes.io/service-name': `service-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: backendPort }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  }
}

/** All that belongs to one number: its route, its Service with its own two endpoints. */
export function hostManifests(options: WorkloadOptions, index: number, stamp = 'first'): readonly Manifest[] {
  return [routeManifest(options, index, stamp), serviceManifest(index), sliceManifest(options, index)]
}
