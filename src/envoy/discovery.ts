import { decodeMessage, encodeMessage } from './encode.ts'
import type { envoy } from './gen/xds.js'
import { frameOf, type NamedResource } from './resource.ts'

/** What a proxy sends on a delta stream. */
export type DeltaRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest
/** What is sent on a delta stream. */
export type DeltaResponse = envoy.service.discovery.v3.DeltaDiscoveryResponse

const V3 = 'envoy.service.discovery.v3'

/** Decodes what a proxy sent on a delta stream. Throws on bytes that are not protobuf. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  return decodeMessage(`${V3}.DeltaDiscoveryRequest`, bytes)
}

/** Encodes a request as a proxy would. */
export function encodeDeltaRequest(request: envoy.service.discovery.v3.IDeltaDiscoveryRequest): Buffer {
  return asBuffer(encodeMessage(`${V3}.DeltaDiscoveryRequest`, request))
}

/** Decodes a delta response, as a proxy would. */
export function decodeDeltaResponse(bytes: Uint8Array): DeltaResponse {
  return decodeMessage(`${V3}.DeltaDiscoveryResponse`, bytes)
}

/**
 * The bytes that put a resource into a DeltaDiscoveryResponse: field 2 with tag and length. Made once for each resource
 * object; the same bytes go to every proxy.
 */
export function encodeResourceFrame(resource: NamedResource): Uint8Array {
  return frameOf(resource)
}

/** The parts of a delta response. */
export interface DeltaResponseParts {
  readonly typeUrl: string
  readonly nonce: string
  /** From encodeResourceFrame, in the order in which the proxy shall see them. */
  readonly frames: readonly Uint8Array[]
  /** Names of resources that are no more. */
  readonly removed: readonly string[]
}

/** Puts a delta response together; no resource is encoded again. */
export function assembleDeltaResponse(parts: DeltaResponseParts): Buffer {
  const { typeUrl, nonce, removed } = parts
  const head = encodeMessage(`${V3}.DeltaDiscoveryResponse`, { typeUrl, nonce })
  const tail = encodeMessage(`${V3}.DeltaDiscoveryResponse`, { removedResources: removed })
  return Buffer.concat([head, ...parts.frames, tail])
}

/** Bytes as the Buffer that gRPC wants, without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
