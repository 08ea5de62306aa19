import { encodeMessage, type MessageName, type PlainMessage } from './encode.ts'
import type { envoy, google } from './gen/xds.js'
import { typeUrlOf } from './types.ts'

/** An Any that is complete: its type URL and the encoded message. */
export interface PackedAny extends google.protobuf.IAny {
  readonly typeUrl: string
  readonly value: Uint8Array
}

/** Encodes a message into an Any: `packAny('envoy.extensions.filters.http.router.v3.Router', {})`. */
export function packAny<N extends MessageName>(name: N, message: PlainMessage<N>): PackedAny {
  return { typeUrl: typeUrlOf(name), value: encodeMessage(name, message) }
}

/** A named extension: what filters, access loggers, matchers and load balancing policies are configured by. */
export function typedExtension<N extends MessageName>(
  name: string,
  messageName: N,
  message: PlainMessage<N>,
): envoy.config.core.v3.ITypedExtensionConfig & { readonly name: string; readonly typedConfig: PackedAny } {
  return { name, typedConfig: packAny(messageName, message) }
}
