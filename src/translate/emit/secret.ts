/** A checked key pair -> envoy.extensions.transport_sockets.tls.v3.Secret. */
import { makeResource, type NamedResource } from '../../envoy/resource.ts'
import type { SecretName } from '../../ir/names.ts'

/** `chain` and `key` are PEM. The resource holds the key: whoever prints resources redacts those of type `secret`. */
export function emitSecret(name: SecretName, chain: string, key: string): NamedResource {
  return makeResource('secret', name, {
    name,
    tlsCertificate: { certificateChain: { inlineString: chain }, privateKey: { inlineString: key } },
  })
}
