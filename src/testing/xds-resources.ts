/** Small resources made by hand, for tests of the xDS server: they owe nothing to the translation. */
import { packAny, typedExtension } from '../envoy/any.ts'
import { makeResource, type NamedResource, type ResourceMessage } from '../envoy/resource.ts'
import { ResourceStore } from '../xds/store.ts'

const X = 'envoy.extensions'
const ads = { ads: {}, resourceApiVersion: 2 } as const

/** The header that holds the scope key; the test client's Host decides it. */
export const scopeHeader = 'x-test-scope'

type Routes = NonNullable<
  NonNullable<NonNullable<ResourceMessage<'scoped-route'>['routeConfiguration']>['virtualHosts']>[number]['routes']
>

function inlineScope(name: string, routes: Routes, facts: { clusters?: readonly string[] } = {}): NamedResource {
  const virtualHosts = [{ name, domains: ['*'], routes }]
  return makeResource(
    'scoped-route',
    name,
    {
      name,
      key: { fragments: [{ stringKey: name }] },
      routeConfiguration: { name, validateClusters: { value: false }, virtualHosts },
    },
    { ...facts, standIn: answers500 },
  )
}

function answers500(this: NamedResource): NamedResource {
  return { ...answerScope(this.name, 'stand-in', 500), standIn: undefined }
}

/** A scope whose host gets `body`. */
export function answerScope(name: string, body: string, status = 200): NamedResource {
  return inlineScope(name, [{ match: { prefix: '/' }, directResponse: { status, body: { inlineString: body } } }])
}

/** A scope that forwards to a cluster. */
export function forwardScope(name: string, cluster: string): NamedResource {
  return inlineScope(name, [{ match: { prefix: '/' }, route: { cluster } }], { clusters: [cluster] })
}

/** A scope that Envoy refuses with `missing ): ((`. */
export function badScope(name: string, variant = ''): NamedResource {
  return inlineScope(name, [
    { match: { safeRegex: { regex: '((' } }, directResponse: { status: 200, body: { inlineString: variant } } },
  ])
}

function manager(statPrefix: string) {
  return typedExtension('hcm', `${X}.filters.network.http_connection_manager.v3.HttpConnectionManager`, {
    statPrefix,
    scopedRoutes: {
      name: 'scopes',
      scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: scopeHeader, index: 0 } }] },
      rdsConfigSource: ads,
      scopedRds: { scopedRdsConfigSource: { ...ads, initialFetchTimeout: { seconds: 0, nanos: 0 } } },
    },
    earlyHeaderMutationExtensions: [
      typedExtension('scope', `${X}.http.early_header_mutation.header_mutation.v3.HeaderMutation`, {
        mutations: [{ append: { header: { key: scopeHeader, value: '%REQ(:AUTHORITY)%' }, appendAction: 2 } }],
      }),
    ],
    httpFilters: [typedExtension('router', `${X}.filters.http.router.v3.Router`, {})],
  })
}

/** A listener on 127.0.0.1 that serves scopes by Host. */
export function scopedListener(name: string, portValue: number, statPrefix = 'http'): NamedResource {
  const address = { socketAddress: { address: '127.0.0.1', portValue } }
  const message = { name, address, filterChains: [{ filters: [manager(statPrefix)] }] }
  return makeResource('listener', name, message, { gate: 'after-scopes' })
}

/** A listener without a port, which makes Envoy ask for scopes. */
export function warmUpListener(): NamedResource {
  const name = 'warm-up'
  const message = {
    name,
    address: { pipe: { path: '@fairlead-test-warm-up' } },
    bindToPort: { value: false },
    filterChains: [{ filters: [manager('warm-up')] }],
  }
  return makeResource('listener', name, message, { gate: 'warm-up' })
}

/** An EDS cluster; `connectMs` only makes versions differ. */
export function edsCluster(name: string, { connectMs = 1000, serviceName = '' } = {}): NamedResource {
  return makeResource('cluster', name, clusterOf(name, connectMs, serviceName))
}

/** A cluster that Envoy refuses by name: its load balancing needs a kind of cluster that it is not. */
export function badCluster(name: string, serviceName = ''): NamedResource {
  return makeResource('cluster', name, { ...clusterOf(name, 1000, serviceName), lbPolicy: 6 })
}

function clusterOf(name: string, connectMs: number, serviceName: string): ResourceMessage<'cluster'> {
  return {
    name,
    type: 3,
    connectTimeout: { seconds: Math.floor(connectMs / 1000), nanos: (connectMs % 1000) * 1e6 },
    edsClusterConfig: { edsConfig: { ...ads, initialFetchTimeout: { seconds: 0, nanos: 0 } }, serviceName },
  }
}

/** Endpoints on 127.0.0.1. */
export function assignment(name: string, ...ports: readonly number[]): NamedResource {
  const lbEndpoints = ports.map((portValue) => ({
    endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue } } },
  }))
  return makeResource('endpoint', name, { clusterName: name, endpoints: [{ lbEndpoints }] })
}

/** Endpoints that Envoy refuses. */
export function badAssignment(name: string): NamedResource {
  const address = { socketAddress: { address: 'not-an-address', portValue: 80 } }
  return makeResource('endpoint', name, {
    clusterName: name,
    endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }],
  })
}

/** A certificate by SDS. */
export function secret(name: string, { chain, key }: { readonly chain: string; readonly key: string }): NamedResource {
  const tlsCertificate = { certificateChain: { inlineString: chain }, privateKey: { inlineString: key } }
  return makeResource('secret', name, { name, tlsCertificate })
}

/** A TLS listener on 127.0.0.1: the certificate is the secret named as the SNI, the routes are of that name too. */
export function tlsListener(name: string, portValue: number, secrets: readonly string[]): NamedResource {
  const address = { socketAddress: { address: '127.0.0.1', portValue } }
  const filterChains = secrets.map((each) => {
    const certificates = { tlsCertificateSdsSecretConfigs: [{ name: each, sdsConfig: ads }] }
    const context = { commonTlsContext: certificates }
    return {
      name: each,
      filterChainMatch: { serverNames: [each] },
      transportSocket: {
        name: 'tls',
        typedConfig: packAny(`${X}.transport_sockets.tls.v3.DownstreamTlsContext`, context),
      },
      filters: [
        typedExtension('hcm', `${X}.filters.network.http_connection_manager.v3.HttpConnectionManager`, {
          statPrefix: 'tls',
          rds: { routeConfigName: each, configSource: ads },
          httpFilters: [typedExtension('router', `${X}.filters.http.router.v3.Router`, {})],
        }),
      ],
    }
  })
  const inspector = typedExtension('sni', `${X}.filters.listener.tls_inspector.v3.TlsInspector`, {})
  return makeResource('listener', name, { name, address, filterChains, listenerFilters: [inspector] })
}

/** A route configuration by RDS that answers every host with `body`. */
export function answerRoute(name: string, body: string): NamedResource {
  const routes = [{ match: { prefix: '/' }, directResponse: { status: 200, body: { inlineString: body } } }]
  return makeResource('route', name, { name, virtualHosts: [{ name, domains: ['*'], routes }] })
}

/** A route configuration that Envoy refuses. */
export function badRoute(name: string): NamedResource {
  const routes = [{ match: { safeRegex: { regex: '((' } }, directResponse: { status: 200 } }]
  return makeResource('route', name, { name, virtualHosts: [{ name, domains: ['*'], routes }] })
}

/** A store for one Gateway that tests write in one line. */
export class TestStore {
  readonly store = new ResourceStore()
  readonly gateway: string

  constructor(gateway = 'test/gateway') {
    this.gateway = gateway
    this.store.markSynced()
  }

  /** One epoch: resources of the Gateway and endpoints that came or changed, those that went, and what it is called. */
  put(resources: Iterable<NamedResource>, gone: readonly NamedResource[] = [], revision?: string): void {
    const changes = [
      ...[...resources].map((resource) => ({ type: resource.type, name: resource.name, resource })),
      ...gone.map(({ type, name }) => ({ type, name, resource: undefined })),
    ]
    this.store.apply({
      resources: changes
        .filter(({ type }) => type !== 'endpoint')
        .map((change) => ({ gateway: this.gateway, ...change })),
      endpoints: changes.filter(({ type }) => type === 'endpoint'),
      revisions: revision === undefined ? [] : [{ gateway: this.gateway, label: revision }],
    })
  }

  remove(...gone: readonly NamedResource[]): void {
    this.put([], gone)
  }
}
