import { hashContent } from '../lib/hash.ts'
import { encodeMessage, type PlainMessage } from './encode.ts'
import { MESSAGE_NAMES, type XdsType } from './types.ts'

/** A resource as it is served: encoded once, compared and versioned by content. */
export interface NamedResource {
  readonly type: XdsType
  readonly name: string
  /** Content hash of `bytes`. */
  readonly version: string
  /** The encoded message: the value of the Any that carries it. */
  readonly bytes: Uint8Array
  /** Clusters that must be warm before this is sent. */
  readonly clusters?: readonly string[] | undefined
  /** Keys of the objects that this was made from. */
  readonly origins?: readonly string[] | undefined
  /**
   * `warm-up`: fills scoped routes before any port opens. `after-scopes`: sent only when every scope of the node was
   * acknowledged or given up, because traffic is served from the first scopes that arrive.
   */
  readonly gate?: 'warm-up' | 'after-scopes' | undefined
  /**
   * What is served in its place when Envoy refuses it and never took an earlier version: same name, fails closed. A
   * method that is the same function for every resource of a kind, so that equal resources compare equal.
   */
  readonly standIn?: ((this: NamedResource) => NamedResource) | undefined
}

/** Facts about a resource that are not part of its message. */
export type ResourceFacts = Pick<NamedResource, 'clusters' | 'origins' | 'gate' | 'standIn'>

/** The plain message of each kind of resource. */
export type ResourceMessage<T extends XdsType> = PlainMessage<(typeof MESSAGE_NAMES)[T]>

/** Encodes the message of a resource. `name` is what proxies ask for; the message names itself in a field of its own. */
export function makeResource<T extends XdsType>(
  type: T,
  name: string,
  message: ResourceMessage<T>,
  facts: ResourceFacts = {},
): NamedResource {
  const bytes = encodeMessage<(typeof MESSAGE_NAMES)[T]>(MESSAGE_NAMES[type], message)
  return resourceOfBytes(type, name, bytes, facts)
}

/**
 * A resource of a message that is encoded already. The bytes are copied: encoders cut small results from shared blocks
 * of 64 KiB, and one resource that lives long would keep its whole block alive.
 */
export function resourceOfBytes(
  type: XdsType,
  name: string,
  bytes: Uint8Array,
  { clusters, origins, gate, standIn }: ResourceFacts = {},
): NamedResource {
  return {
    type,
    name,
    version: hashContent(bytes),
    bytes: new Uint8Array(bytes),
    ...(clusters === undefined ? {} : { clusters }),
    ...(origins === undefined ? {} : { origins }),
    ...(gate === undefined ? {} : { gate }),
    ...(standIn === undefined ? {} : { standIn }),
  }
}
