/** The HTTP connection manager of a filter chain. */
import { packAny, typedExtension } from '../../envoy/any.ts'
import { envoy } from '../../envoy/gen/xds.js'
import { bool, durationOf, uint32 } from '../../envoy/wrappers.ts'
import type { FilterChain } from '../../ir/listener.ts'
import { type GatewayKey, routeConfigName } from '../../ir/names.ts'
import { httpDefaults } from '../edge-defaults.ts'
import type { AnyFeature } from '../features/feature.ts'
import { adsSource } from './config-source.ts'
import { luaFilters } from './lua.ts'
import { scopeHeader, soleScopeValue } from './route-config.ts'

const v3 = envoy.extensions.filters.network.http_connection_manager.v3
type Hcm = envoy.extensions.filters.network.http_connection_manager.v3.IHttpConnectionManager
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter

/** Name of the network filter, as Envoy registers it. */
export const hcmFilterName = 'envoy.filters.network.http_connection_manager'

/** Full name of its configuration message. */
export const hcmMessageName = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

/** What the connection manager of a chain must know about its place. */
export interface HcmPlace {
  readonly gateway: GatewayKey
  readonly port: number
  readonly chain: FilterChain
}

/** The connection manager of a chain that serves. */
export function emitHcm(place: HcmPlace, features: readonly AnyFeature[]): envoy.config.listener.v3.IFilter {
  return networkFilter({
    statPrefix: String(place.port),
    ...routeSource(place),
    httpFilters: httpFilters(place.chain, features),
    ...connectionOptions,
  })
}

/** A connection manager that only subscribes to the scopes: the same `scoped_rds` bytes share one subscription. */
export function emitSubscribingHcm(): envoy.config.listener.v3.IFilter {
  return networkFilter({ statPrefix: 'warm-up', scopedRoutes: scopedRoutes(), httpFilters: [routerFilter()] })
}

function networkFilter(hcm: Hcm): envoy.config.listener.v3.IFilter {
  return { name: hcmFilterName, typedConfig: packAny(hcmMessageName, hcm) }
}

function routeSource({ gateway, chain }: HcmPlace): Hcm {
  return chain.routes === 'scopes'
    ? { scopedRoutes: scopedRoutes(), earlyHeaderMutationExtensions: [setScopeHeader(chain)] }
    : { rds: { configSource: adsSource(), routeConfigName: routeConfigName(gateway, chain.table) } }
}

/** Equal for every connection manager of a node: which table is meant is part of the key. */
function scopedRoutes(): envoy.extensions.filters.network.http_connection_manager.v3.IScopedRoutes {
  return {
    name: 'scopes',
    // The port that a Host header may have is no part of the key; no other part of it holds a colon.
    scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: scopeHeader, elementSeparator: ':', index: 0 } }] },
    rdsConfigSource: adsSource(),
    scopedRds: { scopedRdsConfigSource: adsSource() },
  }
}

/** Runs before the first route is chosen and after a trailing dot is gone. What the client sent is overwritten. */
function setScopeHeader({ table, soleHost }: FilterChain): envoy.config.core.v3.ITypedExtensionConfig {
  const messageName = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'
  const value = soleHost === undefined ? `${table}|%REQ(:AUTHORITY)%` : soleScopeValue(table, soleHost)
  const header = { key: scopeHeader, value }
  const appendAction = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
  return typedExtension('envoy.http.early_header_mutation.header_mutation', messageName, {
    mutations: [{ append: { header, appendAction } }],
  })
}

/** In the order of the registry. Lua is first: a filter behind it sees the route that will serve. */
function httpFilters(chain: FilterChain, features: readonly AnyFeature[]): readonly HttpFilter[] {
  return [
    ...(chain.routes === 'scopes' ? luaFilters() : []),
    ...features.flatMap(({ filter }) => filter?.() ?? []),
    routerFilter(),
  ]
}

function routerFilter(): HttpFilter {
  return typedExtension('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {
    suppressEnvoyHeaders: httpDefaults.suppressEnvoyHeaders,
  })
}

const connectionOptions: Hcm = {
  useRemoteAddress: bool(httpDefaults.useRemoteAddress),
  xffNumTrustedHops: httpDefaults.xffTrustedHops,
  internalAddressConfig: {
    cidrRanges: httpDefaults.internalAddresses.map(({ addressPrefix, prefixLen }) => ({
      addressPrefix,
      prefixLen: uint32(prefixLen),
    })),
  },
  normalizePath: bool(httpDefaults.normalizePath),
  mergeSlashes: httpDefaults.mergeSlashes,
  pathWithEscapedSlashesAction: v3.HttpConnectionManager.PathWithEscapedSlashesAction[httpDefaults.escapedSlashes],
  stripTrailingHostDot: httpDefaults.stripTrailingHostDot,
  httpProtocolOptions: { acceptHttp_10: httpDefaults.acceptHttp10 },
  commonHttpProtocolOptions: {
    idleTimeout: durationOf(httpDefaults.idleTimeoutMs),
    headersWithUnderscoresAction:
      envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction[httpDefaults.headersWithUnderscores],
  },
  http2ProtocolOptions: {
    maxConcurrentStreams: uint32(httpDefaults.http2MaxConcurrentStreams),
    initialStreamWindowSize: uint32(httpDefaults.http2StreamWindowBytes),
    initialConnectionWindowSize: uint32(httpDefaults.http2ConnectionWindowBytes),
  },
  streamIdleTimeout: durationOf(httpDefaults.streamIdleTimeoutMs),
  requestHeadersTimeout: durationOf(httpDefaults.requestHeadersTimeoutMs),
  generateRequestId: bool(httpDefaults.generateRequestId),
  preserveExternalRequestId: httpDefaults.preserveExternalRequestId,
  serverHeaderTransformation: v3.HttpConnectionManager.ServerHeaderTransformation[httpDefaults.serverHeader],
  upgradeConfigs: httpDefaults.upgrades.map((upgradeType) => ({ upgradeType })),
}
