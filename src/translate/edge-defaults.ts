/**
 * What every proxy at the edge does unless a policy says otherwise: one place, each value with its unit and reason.
 * The base is Envoy's guide "Configuring Envoy as an edge proxy" (v1.40); where we differ, the reason is here.
 */

/** Of every forwarded route. */
export const routeDefaults = {
  /** Milliseconds; 0 is no limit. Envoy's own 15 s would cut long answers that nobody limited (GEP-1742). */
  timeoutMs: 0,
  // No retry policy: a request that may have been processed is not sent twice unless a route asks for it.
} as const

/** Of every HTTP connection manager. */
export const httpDefaults = {
  /** The connection's peer is the client: X-Forwarded-For is extended, X-Forwarded-Proto and trusted headers are ours. */
  useRemoteAddress: true,
  /** Proxies in front whose X-Forwarded-For entries are believed. None: a client cannot choose its own address. */
  xffTrustedHops: 0,
  /**
   * No client is "internal": one in the same network may not steer Envoy with x-envoy-* request headers. An empty list
   * would mean the private ranges, so it names an address that no client can have.
   */
  internalAddresses: [{ addressPrefix: '255.255.255.255', prefixLen: 32 }],
  /** Dot segments are resolved before matching: `/a/../admin` is seen as `/admin`. */
  normalizePath: true,
  /** `//admin` is `/admin`, as most servers read it: a rule on a path holds for every spelling of it. */
  mergeSlashes: true,
  /** `%2F` and `%5C`: the client is redirected to the decoded path, so that proxy and server agree on what is asked. */
  escapedSlashes: 'UNESCAPE_AND_REDIRECT',
  /** Refused: servers that read `_` as `-` would take a header that no filter has seen (CGI, WSGI). */
  headersWithUnderscores: 'REJECT_REQUEST',
  /** `a.com.` is the host `a.com`, before anything is matched. A port is not looked at, but the backend sees it. */
  stripTrailingHostDot: true,
  ignorePortInHostMatching: true,
  /** HTTP/1.0 gets 426: without a Host header nothing can be routed, and nobody asked for it. */
  acceptHttp10: false,
  /** Upgrades that may pass, for every route: a filter chain decides about them before a route is chosen again. */
  upgrades: ['websocket'],
  /** Milliseconds until the whole request head must have come: slow heads hold memory. */
  requestHeadersTimeoutMs: 10_000,
  /** Milliseconds without a byte in either direction after which a stream is closed; also an idle WebSocket. */
  streamIdleTimeoutMs: 300_000,
  /** Milliseconds without a stream after which a client's connection is closed; longer than usual front proxies'. */
  idleTimeoutMs: 900_000,
  /** Streams of one HTTP/2 connection: Envoy's own 1,024 lets one client hold too much work. */
  http2MaxConcurrentStreams: 100,
  /** Bytes that one HTTP/2 stream, and all streams of a connection, may send unread. */
  http2StreamWindowBytes: 64 * 1024,
  http2ConnectionWindowBytes: 1024 * 1024,
  /** A request id goes to the backend for its logs; one that a client sent is replaced, so it cannot be forged. */
  generateRequestId: true,
  preserveExternalRequestId: false,
  /** The backend's own Server header passes; none is added, and no x-envoy-* header shows what runs here. */
  serverHeader: 'PASS_THROUGH',
  suppressEnvoyHeaders: true,
  // No access log: it is a policy, and standalone prints its own lines.
} as const

/** Of every bound listener. */
export const listenerDefaults = {
  /** Bytes buffered per connection and direction: a slow peer holds 32 KiB, not Envoy's 1 MiB. */
  perConnectionBufferBytes: 32 * 1024,
  /** Milliseconds until a TLS handshake must be done; Envoy has no limit of its own. */
  tlsHandshakeTimeoutMs: 10_000,
} as const

/** Of every terminated TLS connection. */
export const tlsDefaults = {
  /** Older versions are broken (RFC 8996). */
  minimumVersion: 'TLSv1_2',
  alpn: ['h2', 'http/1.1'],
} as const

/** Of every upstream. */
export const upstreamDefaults = {
  /** Milliseconds until a TCP connection stands. */
  connectTimeoutMs: 5_000,
  /**
   * Milliseconds without a request after which a connection is closed: less than the 5 s after which common servers
   * (Node, uvicorn, Apache) close theirs, or a request would now and then meet a closing connection, and none is retried.
   */
  idleTimeoutMs: 4_000,
  /** Bytes buffered per connection and direction. */
  perConnectionBufferBytes: 32 * 1024,
  http2StreamWindowBytes: 64 * 1024,
  http2ConnectionWindowBytes: 1024 * 1024,
  /**
   * Circuit breakers. Envoy's 1,024 connections, requests and pending requests fail a busy backend that is healthy; a
   * lower limit is a policy. These only stop a runaway; the proxy protects itself with `overloadDefaults`.
   */
  maxConnections: 65_536,
  maxPendingRequests: 65_536,
  maxRequests: 65_536,
  /** A route that asks for retries shall not meet Envoy's limit of 3 at once. */
  maxRetries: 1_024,
  /** Percent of healthy endpoints below which Envoy would use the unhealthy ones too. 0: never, readiness is obeyed. */
  healthyPanicThresholdPercent: 0,
  /**
   * Percent of endpoints that outlier detection may take out. Envoy's 10 takes out none of fewer than ten. Half always
   * stays: where all fail, as with a database behind them, an answer of theirs is better than none.
   */
  maxEjectionPercent: 50,
} as const

/** Of every proxy's bootstrap: limits of the whole Envoy. */
export const overloadDefaults = {
  /** Client connections of all listeners; more are closed at once. */
  maxDownstreamConnections: 50_000,
  /** Bytes of heap that the ratios below refer to. */
  maxHeapBytes: 2 * 1024 * 1024 * 1024,
  /** Ratios of the heap limit at which memory is given back, keep-alive ends, and new requests are refused. */
  shrinkHeapAt: 0.9,
  disableKeepaliveAt: 0.92,
  stopAcceptingRequestsAt: 0.95,
} as const

/** One pattern of a statistics inclusion list: `envoy.type.matcher.v3.StringMatcher` in short. */
export type StatsPattern = { readonly prefix: string } | { readonly regex: string }

/**
 * Statistics that Envoy keeps unless all are asked for. Each cluster has hundreds: 5,000 hosts cost 384 MiB with all
 * of them and 244 MiB with a list (architecture 15.7). HTTP figures are per port, since ports share their prefix.
 */
export const statsInclusion: readonly StatsPattern[] = [
  { prefix: 'server.' },
  { prefix: 'overload.' },
  { prefix: 'control_plane.' },
  { prefix: 'cluster_manager.' },
  { prefix: 'listener_manager.' },
  { regex: 'http\\.[0-9]+\\.(downstream_(rq|cx)_.*|no_route|no_cluster|rs_too_large)' },
  { regex: 'listener\\.[^.]*\\.(downstream_cx_[^.]*|ssl\\.(handshake|connection_error|fail_verify_.*))' },
]

/** Of every proxy's admin interface: it can stop the proxy and shows keys' metadata, so it never leaves the machine. */
export const adminDefaults = { address: '127.0.0.1' } as const
