const EXT = 'envoy.extensions'

/** Full names of the messages that the server itself encodes or decodes while it runs. */
export const RUNTIME_ROOTS: readonly string[] = [
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryResponse',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.service.discovery.v3.DeltaDiscoveryResponse',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.route.v3.ScopedRouteConfiguration',
  'envoy.config.route.v3.FilterConfig',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  `${EXT}.access_loggers.file.v3.FileAccessLog`,
  `${EXT}.access_loggers.stream.v3.StdoutAccessLog`,
  `${EXT}.filters.http.cors.v3.Cors`,
  `${EXT}.filters.http.cors.v3.CorsPolicy`,
  `${EXT}.filters.http.header_mutation.v3.HeaderMutation`,
  `${EXT}.filters.http.header_mutation.v3.HeaderMutationPerRoute`,
  `${EXT}.filters.http.lua.v3.Lua`,
  `${EXT}.filters.http.lua.v3.LuaPerRoute`,
  `${EXT}.filters.http.rbac.v3.RBAC`,
  `${EXT}.filters.http.rbac.v3.RBACPerRoute`,
  `${EXT}.filters.http.router.v3.Router`,
  `${EXT}.filters.http.set_filter_state.v3.Config`,
  `${EXT}.filters.http.stateful_session.v3.StatefulSession`,
  `${EXT}.filters.http.stateful_session.v3.StatefulSessionPerRoute`,
  `${EXT}.filters.listener.http_inspector.v3.HttpInspector`,
  `${EXT}.filters.listener.original_dst.v3.OriginalDst`,
  `${EXT}.filters.listener.proxy_protocol.v3.ProxyProtocol`,
  `${EXT}.filters.listener.tls_inspector.v3.TlsInspector`,
  `${EXT}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
  `${EXT}.filters.network.rbac.v3.RBAC`,
  `${EXT}.filters.network.set_filter_state.v3.Config`,
  `${EXT}.filters.network.tcp_proxy.v3.TcpProxy`,
  `${EXT}.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
  `${EXT}.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig`,
  `${EXT}.http.original_ip_detection.xff.v3.XffConfig`,
  `${EXT}.http.stateful_session.cookie.v3.CookieBasedSessionState`,
  `${EXT}.http.stateful_session.header.v3.HeaderBasedSessionState`,
  `${EXT}.load_balancing_policies.least_request.v3.LeastRequest`,
  `${EXT}.load_balancing_policies.maglev.v3.Maglev`,
  `${EXT}.load_balancing_policies.random.v3.Random`,
  `${EXT}.load_balancing_policies.ring_hash.v3.RingHash`,
  `${EXT}.load_balancing_policies.round_robin.v3.RoundRobin`,
  `${EXT}.load_balancing_policies.wrr_locality.v3.WrrLocality`,
  `${EXT}.local_address_selectors.filter_state_override.v3.Config`,
  `${EXT}.matching.common_inputs.network.v3.DestinationIPInput`,
  `${EXT}.matching.common_inputs.network.v3.DestinationPortInput`,
  `${EXT}.matching.common_inputs.network.v3.NetworkNamespaceInput`,
  `${EXT}.matching.common_inputs.network.v3.ServerNameInput`,
  `${EXT}.matching.common_inputs.network.v3.SourceIPInput`,
  `${EXT}.request_id.uuid.v3.UuidRequestIdConfig`,
  `${EXT}.retry.host.previous_hosts.v3.PreviousHostsPredicate`,
  `${EXT}.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
  `${EXT}.transport_sockets.raw_buffer.v3.RawBuffer`,
  `${EXT}.transport_sockets.tls.cert_mappers.filter_state_override.v3.Config`,
  `${EXT}.transport_sockets.tls.cert_mappers.sni.v3.SNI`,
  `${EXT}.transport_sockets.tls.cert_mappers.static_name.v3.StaticName`,
  `${EXT}.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config`,
  `${EXT}.transport_sockets.tls.v3.DownstreamTlsContext`,
  `${EXT}.transport_sockets.tls.v3.Secret`,
  `${EXT}.transport_sockets.tls.v3.UpstreamTlsContext`,
  `${EXT}.upstreams.http.v3.HttpProtocolOptions`,
  'xds.type.matcher.v3.IPMatcher',
]

/** Full names of the messages that are written as JSON only, by way of the descriptors: never in the runtime module. */
export const JSON_ROOTS: readonly string[] = [
  'envoy.config.bootstrap.v3.Bootstrap',
  'envoy.config.overload.v3.ScaleTimersOverloadActionConfig',
  `${EXT}.bootstrap.internal_listener.v3.InternalListener`,
  `${EXT}.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
  `${EXT}.resource_monitors.fixed_heap.v3.FixedHeapConfig`,
]

/** gRPC services whose definition goes into proto/. */
export const SERVICES: readonly string[] = ['envoy.service.discovery.v3.AggregatedDiscoveryService']

/** Fields that hold one of these messages are left out: each leads into a tree that nothing of ours sets. */
export const OMITTED_TYPES: ReadonlySet<string> = new Set([
  // QUIC and HTTP/3
  'envoy.config.core.v3.AlternateProtocolsCacheOptions',
  'envoy.config.core.v3.Http3ProtocolOptions',
  'envoy.config.core.v3.QuicProtocolOptions',
  'envoy.config.listener.v3.UdpListenerConfig',
  // Other ways to be configured
  'envoy.config.core.v3.GrpcService.GoogleGrpc',
  'envoy.config.core.v3.SelfConfigSource',
  'envoy.config.endpoint.v3.LedsClusterLocalityConfig',
  'envoy.config.listener.v3.ApiListener',
  'envoy.config.listener.v3.Listener.FcdsConfig',
  'envoy.config.route.v3.Vhds',
  'envoy.service.discovery.v3.DynamicParameterConstraints',
  'envoy.service.discovery.v3.ResourceLocator',
  'envoy.service.discovery.v3.ResourceName',
  'xds.core.v3.Authority',
  'xds.core.v3.CollectionEntry',
  // Tracing and logging services
  'envoy.config.accesslog.v3.ExtensionFilter',
  'envoy.config.route.v3.Tracing',
  'envoy.config.trace.v3.Tracing',
  'envoy.config.trace.v3.Tracing.Http',
  'envoy.type.tracing.v3.CustomTag',
  `${EXT}.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing`,
  // Load balancing and health that we do not speak
  'envoy.config.cluster.v3.Cluster.LbSubsetConfig',
  'envoy.config.cluster.v3.Cluster.QueuingPolicies',
  'envoy.config.core.v3.EventServiceConfig',
  'envoy.config.core.v3.HealthCheck.CustomHealthCheck',
  // Routes
  'envoy.config.route.v3.ClusterSpecifierPlugin',
  'envoy.config.route.v3.HedgePolicy',
  'envoy.config.route.v3.RateLimit',
  'envoy.config.route.v3.VirtualCluster',
  'envoy.config.common.mutation_rules.v3.HeaderMutationRules',
  // TLS plug-ins
  `${EXT}.transport_sockets.tls.v3.CertificateProviderPluginInstance`,
  `${EXT}.transport_sockets.tls.v3.CommonTlsContext.CertificateProvider`,
  `${EXT}.transport_sockets.tls.v3.CommonTlsContext.CertificateProviderInstance`,
  `${EXT}.transport_sockets.tls.v3.PrivateKeyProvider`,
  `${EXT}.transport_sockets.tls.v3.TlsKeyLog`,
  // CEL
  'cel.expr.CheckedExpr',
  'cel.expr.ParsedExpr',
  'google.api.expr.v1alpha1.CheckedExpr',
  'google.api.expr.v1alpha1.Expr',
  'xds.type.v3.CelExpression',
  'envoy.config.core.v3.CelExpressionConfig',
  // Bootstrap
  'envoy.config.bootstrap.v3.FatalAction',
  'envoy.config.core.v3.DnsResolutionConfig',
])

/** Single fields that are left out, as message.field. Deprecated fields are left out everywhere. */
export const OMITTED_FIELDS: ReadonlySet<string> = new Set([
  'envoy.config.bootstrap.v3.Bootstrap.certificate_provider_instances',
  'envoy.config.bootstrap.v3.Bootstrap.hds_config',
  'envoy.config.bootstrap.v3.Bootstrap.listener_manager',
  'envoy.config.bootstrap.v3.Bootstrap.perf_tracing_file_path',
  'envoy.config.bootstrap.v3.Bootstrap.xds_config_tracker_extension',
  'envoy.config.bootstrap.v3.Bootstrap.xds_delegate_extension',
])
