import { Writer } from 'protobufjs/minimal.js'
import { codecs, type DecodedMessages, type PlainMessages } from './gen/xds.js'

/** Full name of a message that the generated module can encode, such as `envoy.config.route.v3.Route`. */
export type MessageName = keyof PlainMessages

/** The plain object that stands for a message: camelCase fields, all optional. */
export type PlainMessage<N extends MessageName> = PlainMessages[N]

/** What decoding a message returns. */
export type DecodedMessage<N extends MessageName> = DecodedMessages[N]

/** A writer whose buffer has grown past this is not used again. */
const MAX_KEPT_BYTES = 1 << 20

/** The writer that no call is using at the moment. */
let idleWriter: Writer | undefined

/**
 * Returns what `write` wrote, in memory of its own: protobufjs would cut it from shared blocks of 64 KiB, and one small
 * resource that lives long would keep its whole block alive.
 */
export function writeBytes(write: (writer: Writer) => void): Uint8Array<ArrayBuffer> {
  const writer = idleWriter ?? Writer.create()
  idleWriter = undefined // Taken; after a throw its state is unknown, so it is not given back.
  write(writer)
  const bytes = writer.finishInto(new Uint8Array(writer.pos))
  if (writer.buf.length <= MAX_KEPT_BYTES) idleWriter = writer.reset()
  return bytes
}

/** Encodes a plain object. Equal objects give equal bytes: fields go by number, map entries by key. */
export function encodeMessage<N extends MessageName>(name: N, message: PlainMessage<N>): Uint8Array<ArrayBuffer> {
  return writeBytes((writer) => codecs[name].encode(message, writer))
}

/** Decodes a message. Throws on bytes that are not protobuf; unknown fields are kept aside. */
export function decodeMessage<N extends MessageName>(name: N, bytes: Uint8Array): DecodedMessage<N> {
  return codecs[name].decode(bytes)
}
