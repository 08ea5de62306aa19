import { encodeMessage } from './encode.ts'

/** Key of the metadata that no filter reads: it only makes bytes differ. */
export const SALT_KEY = 'fairlead.salt'

/**
 * Returns the bytes of a ScopedRouteConfiguration that means the same and differs in content. Envoy ignores SRDS bytes
 * that it has seen, even when it refused them, so what shall be tried again carries a new salt. Protobuf merges a
 * message field that occurs twice: the fragment adds one entry to RouteConfiguration.metadata of the inline
 * route_configuration. Only for scopes whose route configuration is inline.
 */
export function saltScope(bytes: Uint8Array, salt: string): Uint8Array {
  const filterMetadata = { [SALT_KEY]: { fields: { salt: { stringValue: salt } } } }
  const fragment = encodeMessage('envoy.config.route.v3.ScopedRouteConfiguration', {
    routeConfiguration: { metadata: { filterMetadata } },
  })
  const salted = new Uint8Array(bytes.length + fragment.length)
  salted.set(bytes)
  salted.set(fragment, bytes.length)
  return salted
}
