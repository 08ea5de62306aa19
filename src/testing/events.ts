/** Random objects and events that get into each other's way: few names, many meanings. */
import fc from 'fast-check'
import type { KubernetesObject } from '../api/kinds.ts'
import { mustParse } from './pipeline-rig.ts'

/** An object that comes, changes or goes. */
export interface ObjectEvent {
  readonly action: 'set' | 'delete'
  readonly object: KubernetesObject
}

const gatewayApi = 'gateway.networking.k8s.io/v1'
const namespace = fc.constantFrom('default', 'other')
const serviceName = fc.constantFrom('a', 'b')
const host = fc.constantFrom('a.com', 'x.a.com', '*.a.com', '*.com', 'b.org')
const optionalHost = fc.option(host, { nil: undefined })
const optionalPreciseHost = fc.constantFrom(undefined, 'a.com', 'b.org')

const gatewayClass = fc.constantFrom('fairlead.dev/gateway-controller', 'example.com/other').map((controllerName) => ({
  apiVersion: gatewayApi,
  kind: 'GatewayClass',
  metadata: { name: 'c' },
  spec: { controllerName },
}))

const listener = fc
  .record({
    hostname: optionalHost,
    port: fc.constantFrom(80, 81, 443),
    from: fc.constantFrom('All', 'Same', 'Selector'),
  })
  .map(({ hostname, port, from }) => ({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    protocol: port === 443 ? 'HTTPS' : 'HTTP',
    ...(port === 443 ? { tls: { certificateRefs: [{ name: 'cert' }] } } : {}),
    allowedRoutes: {
      namespaces: from === 'Selector' ? { from, selector: { matchLabels: { team: 'blue' } } } : { from },
    },
  }))

const gateway = fc
  .record({ name: fc.constantFrom('gw', 'gw2'), listeners: fc.array(listener, { minLength: 1, maxLength: 4 }) })
  .map(({ name, listeners }) => ({
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: { gatewayClassName: 'c', listeners: listeners.map((one, index) => ({ ...one, name: `l${index}` })) },
  }))

const reference = fc
  .record({ name: serviceName, to: fc.option(namespace, { nil: undefined }) })
  .map(({ name, to }) => ({ name, port: 80, ...(to === undefined ? {} : { namespace: to }) }))

/** Filters that may be on a backendRef as on a rule; one of each type at most, mirrors as many as come. */
const filters = fc
  .record({
    headers: fc.option(fc.constantFrom('x-a', 'x-b'), { nil: undefined }),
    origin: fc.option(fc.constantFrom('*', 'https://*.a.com', 'http://b.org:81'), { nil: undefined }),
    mirrors: fc.array(fc.record({ backendRef: reference, percent: fc.constantFrom(0, 10, 100) }), { maxLength: 2 }),
    rewrite: fc.option(fc.record({ hostname: optionalPreciseHost, path: fc.constantFrom('', '/', '/new') }), {
      nil: undefined,
    }),
  })
  .map(({ headers, origin, mirrors, rewrite }) => [
    ...(headers === undefined
      ? []
      : [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: headers, value: '%' }] } }]),
    ...(origin === undefined ? [] : [{ type: 'CORS', cors: { allowOrigins: [origin], allowHeaders: ['*'] } }]),
    ...mirrors.map((requestMirror) => ({ type: 'RequestMirror', requestMirror })),
    ...(rewrite === undefined ? [] : [{ type: 'URLRewrite', urlRewrite: rewriteOf(rewrite) }]),
  ])

function rewriteOf({ hostname, path }: { readonly hostname: string | undefined; readonly path: string }) {
  return {
    ...(hostname === undefined ? {} : { hostname }),
    path: { type: 'ReplacePrefixMatch', replacePrefixMatch: path },
  }
}

/** Most have none, so that what is left out of objects is tried too. */
const someFilters = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: filters })

const backend = fc
  .record({ reference, weight: fc.constantFrom(0, 1, 9), filters: someFilters })
  .map(({ reference: target, weight, filters: own }) => ({
    ...target,
    weight,
    ...(own.length === 0 ? {} : { filters: own }),
  }))

const rule = fc
  .record({
    path: fc.constantFrom('/', '/one', '/one/two'),
    method: fc.constantFrom(undefined, 'PUT'),
    backends: fc.array(backend, { maxLength: 3 }),
    filters: someFilters,
    timeouts: fc.constantFrom(
      undefined,
      { request: '1s' },
      { backendRequest: '0s' },
      { request: '1h', backendRequest: '1s' },
    ),
    retry: fc.constantFrom(undefined, { attempts: 0 }, { codes: [503], backoff: '1s' }),
  })
  .map(({ path, method, backends, filters: own, timeouts, retry }) => ({
    matches: [{ path: { type: 'PathPrefix', value: path }, ...(method === undefined ? {} : { method }) }],
    backendRefs: backends,
    ...(own.length === 0 ? {} : { filters: own }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(retry === undefined ? {} : { retry }),
  }))

const httpRoute = fc
  .record({
    name: fc.constantFrom('r1', 'r2', 'r3'),
    namespace,
    hostnames: fc.uniqueArray(host, { maxLength: 2 }),
    parent: fc.constantFrom('gw', 'gw2'),
    sectionName: fc.option(fc.constantFrom('l0', 'l1'), { nil: undefined }),
    rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  })
  .map(({ name, namespace: own, hostnames, parent, sectionName, rules }) => ({
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name, namespace: own },
    spec: {
      parentRefs: [{ name: parent, namespace: 'default', ...(sectionName === undefined ? {} : { sectionName }) }],
      ...(hostnames.length === 0 ? {} : { hostnames }),
      rules,
    },
  }))

const service = fc
  .record({
    name: serviceName,
    namespace,
    port: fc.constantFrom(80, 81),
    appProtocol: fc.constantFrom(undefined, 'kubernetes.io/h2c'),
  })
  .map(({ name, namespace: own, port, appProtocol }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: own },
    spec: { ports: [{ name: 'http', port, ...(appProtocol === undefined ? {} : { appProtocol }) }] },
  }))

const endpointSlice = fc
  .record({
    suffix: fc.constantFrom('1', '2'),
    name: serviceName,
    namespace,
    address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  })
  .map(({ suffix, name, namespace: own, address }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${suffix}`, namespace: own, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: [address] }],
  }))

const grant = fc.record({ from: namespace, own: namespace }).map(({ from, own }) => ({
  apiVersion: gatewayApi,
  kind: 'ReferenceGrant',
  metadata: { name: 'g', namespace: own },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: from }],
    to: [{ group: '', kind: 'Service' }],
  },
}))

const namespaceObject = fc
  .record({ name: namespace, team: fc.constantFrom('blue', 'red') })
  .map(({ name, team }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team } } }))

/** What most histories begin with: from nothing, chance seldom comes to a route that is served. */
const beginning: readonly ObjectEvent[] = [
  {
    apiVersion: gatewayApi,
    kind: 'GatewayClass',
    metadata: { name: 'c' },
    spec: { controllerName: 'fairlead.dev/gateway-controller' },
  },
  {
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name: 'gw', namespace: 'default' },
    spec: {
      gatewayClassName: 'c',
      listeners: [{ name: 'l0', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
    },
  },
  ...['default', 'other'].flatMap((own) =>
    ['a', 'b'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: own },
      spec: { ports: [{ name: 'http', port: 80 }] },
    })),
  ),
].map((raw) => ({ action: 'set', object: mustParse(raw) }))

/** Events over a small world; `certificate` is a Secret `default/cert` that may come and go. */
export function objectEvents(certificate: KubernetesObject): fc.Arbitrary<readonly ObjectEvent[]> {
  const object = fc.oneof(
    { weight: 1, arbitrary: gatewayClass.map(mustParse) },
    { weight: 4, arbitrary: gateway.map(mustParse) },
    { weight: 6, arbitrary: httpRoute.map(mustParse) },
    { weight: 3, arbitrary: service.map(mustParse) },
    { weight: 3, arbitrary: endpointSlice.map(mustParse) },
    { weight: 1, arbitrary: grant.map(mustParse) },
    { weight: 1, arbitrary: namespaceObject.map(mustParse) },
    { weight: 1, arbitrary: fc.constant(certificate) },
  )
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.constant('set' as const) },
    { weight: 1, arbitrary: fc.constant('delete' as const) },
  )
  const events = fc.array(fc.record({ action, object }), { minLength: 1, maxLength: 40, size: 'max' })
  return fc
    .tuple(
      fc.oneof({ weight: 4, arbitrary: fc.constant(beginning) }, { weight: 1, arbitrary: fc.constant([]) }),
      events,
    )
    .map(([first, rest]) => [...first, ...rest])
}
