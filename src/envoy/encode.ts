import { codecs, type DecodedMessages, type PlainMessages } from './gen/xds.js'

/** Full name of a message that the generated module can encode, such as `envoy.config.route.v3.Route`. */
export type MessageName = keyof PlainMessages

/** The plain object that stands for a message: camelCase fields, all optional. */
export type PlainMessage<N extends MessageName> = PlainMessages[N]

/** What decoding a message returns. */
export type DecodedMessage<N extends MessageName> = DecodedMessages[N]

/** Encodes a plain object. Equal objects give equal bytes: fields go by number, map entries by key. */
export function encodeMessage<N extends MessageName>(name: N, message: PlainMessage<N>): Uint8Array {
  return codecs[name].encode(message).finish()
}

/** Decodes a message. Throws on bytes that are not protobuf; unknown fields are kept aside. */
export function decodeMessage<N extends MessageName>(name: N, bytes: Uint8Array): DecodedMessage<N> {
  return codecs[name].decode(bytes)
}
