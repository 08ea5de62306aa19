/** `Service.spec.ports[].appProtocol` -> how Envoy speaks to the port (GEP-1911). */
import type { UpstreamProtocol } from '../../ir/names.ts'
import { err, ok, type Result } from '../../lib/result.ts'

/**
 * The upstream protocol, or the names that are understood. WebSocket is HTTP/1.1 with an upgrade; protocols that mean
 * TLS to the backend are refused because they need a BackendTLSPolicy. Names outside `kubernetes.io/` are HTTP/1.1.
 */
export function upstreamProtocol(appProtocol: string | undefined): Result<UpstreamProtocol, string> {
  switch (appProtocol?.toLowerCase()) {
    case 'kubernetes.io/h2c':
    case 'grpc':
    case 'http2':
      return ok('h2c')
    case 'kubernetes.io/wss':
    case 'https':
    case 'tls':
      return err('use "http", "kubernetes.io/h2c" or "kubernetes.io/ws"; TLS to a backend is not supported yet')
    default:
      return ok('http1')
  }
}
