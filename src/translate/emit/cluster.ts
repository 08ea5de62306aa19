/** ir.Cluster -> envoy.config.cluster.v3.Cluster. */
import { packAny } from '../../envoy/any.ts'
import { envoy } from '../../envoy/gen/xds.js'
import { makeResource, type NamedResource } from '../../envoy/resource.ts'
import { durationOf, percent, uint32 } from '../../envoy/wrappers.ts'
import type { Cluster } from '../../ir/cluster.ts'
import type { OutlierDetection } from '../../ir/fleet.ts'
import type { UpstreamProtocol } from '../../ir/names.ts'
import { upstreamDefaults } from '../edge-defaults.ts'
import { adsSource } from './config-source.ts'

const httpOptions = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** Endpoints come by EDS under their own name, shared by the clusters of one Service port. */
export function emitCluster({ name, endpoints, protocol, upstream = {} }: Cluster): NamedResource {
  const { maxConnections = upstreamDefaults.maxConnections, maxRequestsPerConnection, outlierDetection } = upstream
  return makeResource('cluster', name, {
    name,
    type: envoy.config.cluster.v3.Cluster.DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: adsSource(), serviceName: endpoints },
    connectTimeout: durationOf(upstreamDefaults.connectTimeoutMs),
    perConnectionBufferLimitBytes: uint32(upstreamDefaults.perConnectionBufferBytes),
    // A slow endpoint gets less than its share.
    lbPolicy: envoy.config.cluster.v3.Cluster.LbPolicy.LEAST_REQUEST,
    commonLbConfig: { healthyPanicThreshold: percent(upstreamDefaults.healthyPanicThresholdPercent) },
    // An endpoint that left its slice is gone, however healthy it looks.
    ignoreHealthOnHostRemoval: true,
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: uint32(maxConnections),
          maxPendingRequests: uint32(upstreamDefaults.maxPendingRequests),
          maxRequests: uint32(upstreamDefaults.maxRequests),
          maxRetries: uint32(upstreamDefaults.maxRetries),
        },
      ],
    },
    ...(outlierDetection === undefined ? {} : { outlierDetection: emitOutlierDetection(outlierDetection) }),
    typedExtensionProtocolOptions: {
      [httpOptions]: packAny(httpOptions, {
        commonHttpProtocolOptions: {
          idleTimeout: durationOf(upstreamDefaults.idleTimeoutMs),
          ...(maxRequestsPerConnection === undefined
            ? {}
            : { maxRequestsPerConnection: uint32(maxRequestsPerConnection) }),
        },
        explicitHttpConfig: protocolConfig(protocol),
      }),
    },
  })
}

/** By failed requests alone: Envoy would also compare success rates of endpoints, which nobody asked for. */
function emitOutlierDetection({
  consecutive5xxErrors,
  intervalMs,
  baseEjectionTimeMs,
}: OutlierDetection): envoy.config.cluster.v3.IOutlierDetection {
  return {
    ...(consecutive5xxErrors === undefined ? {} : { consecutive_5xx: uint32(consecutive5xxErrors) }),
    ...(intervalMs === undefined ? {} : { interval: durationOf(intervalMs) }),
    ...(baseEjectionTimeMs === undefined ? {} : { baseEjectionTime: durationOf(baseEjectionTimeMs) }),
    maxEjectionPercent: uint32(upstreamDefaults.maxEjectionPercent),
    enforcingSuccessRate: uint32(0),
  }
}

function protocolConfig(
  protocol: UpstreamProtocol,
): envoy.extensions.upstreams.http.v3.HttpProtocolOptions.IExplicitHttpConfig {
  if (protocol === 'http1') return { httpProtocolOptions: {} }
  return {
    http2ProtocolOptions: {
      initialStreamWindowSize: uint32(upstreamDefaults.http2StreamWindowBytes),
      initialConnectionWindowSize: uint32(upstreamDefaults.http2ConnectionWindowBytes),
    },
  }
}
