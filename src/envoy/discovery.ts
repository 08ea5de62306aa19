import { decodeMessage, encodeMessage } from './encode.ts'
import type { envoy } from './gen/xds.js'
import { frameOf, type NamedResource } from './resource.ts'
import { xdsTypeUrl } from './types.ts'

/** What a proxy sends on a delta stream. */
export type DeltaRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest
/** What is sent on a delta stream. */
export type DeltaResponse = envoy.service.discovery.v3.DeltaDiscoveryResponse
/** What a client sends on a state-of-the-world stream. */
export type SotwRequest = envoy.service.discovery.v3.DiscoveryRequest
/** What is sent on a state-of-the-world stream. */
export type SotwResponse = envoy.service.discovery.v3.DiscoveryResponse

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

/** Decodes what a client sent on a state-of-the-world stream. Throws on bytes that are not protobuf. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  return decodeMessage(`${V3}.DiscoveryRequest`, bytes)
}

/** Encodes a state-of-the-world request as a client would. */
export function encodeSotwRequest(request: envoy.service.discovery.v3.IDiscoveryRequest): Buffer {
  return asBuffer(encodeMessage(`${V3}.DiscoveryRequest`, request))
}

/** Decodes a state-of-the-world response, as a client would. */
export function decodeSotwResponse(bytes: Uint8Array): SotwResponse {
  return decodeMessage(`${V3}.DiscoveryResponse`, bytes)
}

/**
 * The bytes that put a resource into a DeltaDiscoveryResponse: field 2 with tag and length. Made once for each resource
 * object; the same bytes go to every proxy.
 */
export function encodeResourceFrame(resource: NamedResource): Uint8Array {
  return frameOf(resource)
}

/** The bytes that put a resource into a state-of-the-world DiscoveryResponse: field 2 with tag and length. */
export function encodeAnyFrame({ type, bytes }: NamedResource): Uint8Array {
  return encodeMessage(`${V3}.DiscoveryResponse`, { resources: [{ typeUrl: xdsTypeUrl(type), value: bytes }] })
}

/** The parts of a delta response. */
export interface DeltaResponseParts {
  readonly typeUrl: string
  readonly nonce: string
  /** From encodeResourceFrame, in the order in which the proxy shall see them. */
  readonly frames: readonly Uint8Array[]
  /** Names of resources that are no more. */
  readonly removed: readonly string[]
  /** Shown by the proxy's admin pages; nothing depends on it. */
  readonly systemVersionInfo?: string | undefined
}

/** Puts a delta response together; no resource is encoded again. */
export function assembleDeltaResponse(parts: DeltaResponseParts): Buffer {
  const { typeUrl, nonce, removed, systemVersionInfo } = parts
  const head = encodeMessage(`${V3}.DeltaDiscoveryResponse`, { systemVersionInfo, typeUrl, nonce })
  const tail = encodeMessage(`${V3}.DeltaDiscoveryResponse`, { removedResources: removed })
  return Buffer.concat([head, ...parts.frames, tail])
}

/** The parts of a state-of-the-world response. */
export interface SotwResponseParts {
  readonly typeUrl: string
  readonly nonce: string
  /** Version of the whole set of resources. */
  readonly versionInfo: string
  /** From encodeAnyFrame. */
  readonly frames: readonly Uint8Array[]
}

/** Puts a state-of-the-world response together; no resource is encoded again. */
export function assembleSotwResponse({ typeUrl, nonce, versionInfo, frames }: SotwResponseParts): Buffer {
  return Buffer.concat([encodeMessage(`${V3}.DiscoveryResponse`, { versionInfo, typeUrl, nonce }), ...frames])
}

/** Bytes as the Buffer that gRPC wants, without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
