/** ir.TlsTermination -> the transport socket of a filter chain. */
import { packAny } from '../../envoy/any.ts'
import { envoy } from '../../envoy/gen/xds.js'
import type { TlsTermination } from '../../ir/listener.ts'
import { tlsDefaults } from '../edge-defaults.ts'
import { adsSource } from './config-source.ts'

/** Certificates come by SDS over ADS, in order: Envoy picks by server name and key type among them. */
export function emitTls(tls: TlsTermination): envoy.config.core.v3.ITransportSocket {
  const { TlsProtocol } = envoy.extensions.transport_sockets.tls.v3.TlsParameters
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: packAny('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: TlsProtocol[tlsDefaults.minimumVersion] },
        tlsCertificateSdsSecretConfigs: tls.certificates.map((name) => ({ name, sdsConfig: adsSource() })),
        alpnProtocols: tlsDefaults.alpn,
      },
    }),
  }
}
