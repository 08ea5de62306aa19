/** The control plane as an upstream of a proxy: how it is found, known and told who asks. */
import { isIP } from 'node:net'
import { dirname } from 'node:path'

/** Where the control plane serves xDS. */
export interface XdsEndpoint {
  /** An IP address or a DNS name. */
  readonly host: string
  readonly port: number
  /** Absent: plain text, for a control plane on the same machine. */
  readonly tls?: XdsTls | undefined
}

/** How a proxy knows the control plane and logs in. */
export interface XdsTls {
  /** The CAs that may have signed the control plane's certificate. */
  readonly caPem: string
  /** Name that the certificate must be for. */
  readonly serverName: string
  /** File with the proxy's token; read again whenever its folder's content is replaced, as the kubelet does. */
  readonly tokenPath: string
  /** Where the proxy finds `tokenSecretFile`, which must be written there. */
  readonly tokenSecretPath: string
}

/** Name of the cluster. */
export const xdsCluster = 'fairlead'
/** Name of the secret that holds the token. */
export const tokenSecret = 'xds-token'

const typeUrl = 'type.googleapis.com/'

/** HTTP/2 with keepalive, so that a dead connection is noticed and opened again. */
export function xdsUpstream({ host, port, tls }: XdsEndpoint): Readonly<Record<string, unknown>> {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return {
    name: xdsCluster,
    ...discovery(host),
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      [options]: {
        '@type': typeUrl + options,
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } },
        },
        ...(tls === undefined ? {} : { http_filters: [credentialInjector(tls.tokenSecretPath), upstreamCodec] }),
      },
    },
    ...(tls === undefined ? {} : { transport_socket: tlsSocket(tls) }),
    load_assignment: {
      cluster_name: xdsCluster,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
      ],
    },
  }
}

/**
 * The token as a secret that Envoy reads again when its file is replaced. Content of a file of its own (SDS from a file):
 * a secret in the bootstrap is read once.
 */
export function tokenSecretFile({ tokenPath }: XdsTls): Readonly<Record<string, unknown>> {
  const secret = { filename: tokenPath, watched_directory: { path: dirname(tokenPath) } }
  const type = 'envoy.extensions.transport_sockets.tls.v3.Secret'
  return { resources: [{ '@type': typeUrl + type, name: tokenSecret, generic_secret: { secret } }] }
}

/** A name is looked up again every 5 s, and sooner while it is unknown; a connection that stands outlives a change. */
function discovery(host: string): Readonly<Record<string, unknown>> {
  if (isIP(host) !== 0) return { type: 'STATIC' }
  const typed_config = {
    '@type': `${typeUrl}envoy.extensions.clusters.dns.v3.DnsCluster`,
    dns_lookup_family: 'ALL',
    dns_refresh_rate: '5s',
    dns_failure_refresh_rate: { base_interval: '1s', max_interval: '5s' },
    all_addresses_in_single_endpoint: true,
  }
  return { cluster_type: { name: 'envoy.cluster.dns', typed_config } }
}

function tlsSocket({ caPem, serverName }: XdsTls): Readonly<Record<string, unknown>> {
  const type = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl + type,
      sni: serverName,
      common_tls_context: {
        alpn_protocols: ['h2'],
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        validation_context: {
          trusted_ca: { inline_string: caPem },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: serverName } }],
        },
      },
    },
  }
}

/** Adds `authorization: Bearer <token>` to every stream; without a token none is opened. */
function credentialInjector(secretFile: string): Readonly<Record<string, unknown>> {
  const injector = 'envoy.extensions.filters.http.credential_injector.v3.CredentialInjector'
  const generic = 'envoy.extensions.http.injected_credentials.generic.v3.Generic'
  const credential = {
    '@type': typeUrl + generic,
    credential: {
      name: tokenSecret,
      sds_config: { path_config_source: { path: secretFile }, resource_api_version: 'V3' },
    },
    header: 'authorization',
    header_value_prefix: 'Bearer ',
  }
  return {
    name: 'envoy.filters.http.credential_injector',
    typed_config: {
      '@type': typeUrl + injector,
      overwrite: true,
      credential: { name: 'envoy.http.injected_credentials.generic', typed_config: credential },
    },
  }
}

const upstreamCodec = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: { '@type': `${typeUrl}envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec` },
}
