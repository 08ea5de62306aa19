import { hashContent } from '../lib/hash.ts'
import { encodeMessage, type PlainMessage, writeBytes } from './encode.ts'
import { MESSAGE_NAMES, type XdsType, xdsTypeUrl } from './types.ts'

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
  /** Other scopes that this one sends requests on to: they must be there before this is sent. */
  readonly scopes?: readonly string[] | undefined
  /** Of a scope: the table that it is a part of. Of a listener: the tables that its chains ask. */
  readonly tables?: readonly string[] | undefined
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
export type ResourceFacts = Pick<NamedResource, 'clusters' | 'scopes' | 'tables' | 'origins' | 'gate' | 'standIn'>

/** The plain message of each kind of resource. */
export type ResourceMessage<T extends XdsType> = PlainMessage<(typeof MESSAGE_NAMES)[T]>

/** Encodes the message of a resource. `name` is what proxies ask for; the message names itself in a field of its own. */
export function makeResource<T extends XdsType>(
  type: T,
  name: string,
  message: ResourceMessage<T>,
  facts: ResourceFacts = {},
): NamedResource {
  return resourceOfBytes(type, name, encodeMessage<(typeof MESSAGE_NAMES)[T]>(MESSAGE_NAMES[type], message), facts)
}

/** A resource of a message that is encoded already; the bytes are copied into its frame. */
export function resourceOfBytes(
  type: XdsType,
  name: string,
  bytes: Uint8Array,
  { clusters, scopes, tables, origins, gate, standIn }: ResourceFacts = {},
): NamedResource {
  const version = hashContent(bytes)
  const frame = writeFrame({ type, name, version, bytes })
  const resource: NamedResource = {
    type,
    name,
    version,
    bytes: frame.subarray(frame.length - bytes.length),
    ...(clusters === undefined ? {} : { clusters }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(tables === undefined ? {} : { tables }),
    ...(origins === undefined ? {} : { origins }),
    ...(gate === undefined ? {} : { gate }),
    ...(standIn === undefined ? {} : { standIn }),
  }
  frames.set(resource, frame)
  return resource
}

/** Frames by the resource they were made with, which holds the same memory: with 5,000 routes two copies would count. */
const frames = new WeakMap<NamedResource, Uint8Array>()

const LENGTH_DELIMITED = 2
const tagOf = (field: number) => (field << 3) | LENGTH_DELIMITED

/** Field numbers on the way from DeltaDiscoveryResponse down to the bytes of the message. */
const RESPONSE_RESOURCES = tagOf(2)
const RESOURCE_VERSION = tagOf(1)
const RESOURCE_RESOURCE = tagOf(2)
const RESOURCE_NAME = tagOf(3)
const ANY_TYPE_URL = tagOf(1)
const ANY_VALUE = tagOf(2)

/** The message comes last, so that `bytes` is the end of the frame. */
function writeFrame({ type, name, version, bytes }: NamedResource): Uint8Array {
  return writeBytes((writer) => {
    writer.uint32(RESPONSE_RESOURCES).fork()
    writer.uint32(RESOURCE_NAME).string(name).uint32(RESOURCE_VERSION).string(version)
    writer.uint32(RESOURCE_RESOURCE).fork().uint32(ANY_TYPE_URL).string(xdsTypeUrl(type))
    writer.uint32(ANY_VALUE).bytes(bytes).ldelim().ldelim()
  })
}

/** The frame that a resource was made with; one is made for a resource that was put together by hand. */
export function frameOf(resource: NamedResource): Uint8Array {
  const known = frames.get(resource)
  if (known !== undefined) return known
  const frame = writeFrame(resource)
  frames.set(resource, frame)
  return frame
}
