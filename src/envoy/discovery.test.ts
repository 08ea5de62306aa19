import { describe, expect, test } from 'vitest'
import {
  assembleDeltaResponse,
  decodeDeltaRequest,
  decodeDeltaResponse,
  encodeDeltaRequest,
  encodeResourceFrame,
} from './discovery.ts'
import { encodeMessage } from './encode.ts'
import { makeResource } from './resource.ts'
import { xdsTypeUrl } from './types.ts'

const typeUrl = xdsTypeUrl('cluster')
const a = makeResource('cluster', 'a', { name: 'a' })
const b = makeResource('cluster', 'b', { name: 'b', edsClusterConfig: { serviceName: 'x'.repeat(300) } })

describe('assembleDeltaResponse', () => {
  test('reads as the whole message encoded at once does, and is as long', () => {
    const frames = [a, b].map(encodeResourceFrame)
    const parts = { typeUrl, nonce: '7', removed: ['c', 'd'] }
    const message = encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryResponse', {
      resources: [a, b].map(({ name, version, bytes }) => ({ name, version, resource: { typeUrl, value: bytes } })),
      typeUrl,
      nonce: '7',
      removedResources: ['c', 'd'],
    })
    const decoded = decodeDeltaResponse(assembleDeltaResponse({ ...parts, frames }))
    expect(decoded).toEqual(decodeDeltaResponse(Buffer.from(message)))
    expect(assembleDeltaResponse({ ...parts, frames })).toHaveLength(message.length)
  })

  test('carries each resource under its name, version and type', () => {
    const response = decodeDeltaResponse(
      assembleDeltaResponse({ typeUrl, nonce: '1', frames: [encodeResourceFrame(b)], removed: [] }),
    )
    const [resource] = response.resources
    expect(resource?.name).toBe('b')
    expect(resource?.version).toBe(b.version)
    expect(resource?.resource?.typeUrl).toBe(typeUrl)
    expect(Buffer.compare(resource?.resource?.value ?? new Uint8Array(), b.bytes)).toBe(0)
  })

  test('can be empty but for type and nonce', () => {
    const response = decodeDeltaResponse(assembleDeltaResponse({ typeUrl, nonce: '2', frames: [], removed: [] }))
    expect(response).toMatchObject({ typeUrl, nonce: '2', resources: [], removedResources: [] })
  })
})

describe('resource frames', () => {
  test('are made of the fields of a resource that was put together by hand, too', () => {
    const renamed = { ...a, name: 'renamed' }
    const frames = [encodeResourceFrame(renamed)]
    const response = decodeDeltaResponse(assembleDeltaResponse({ typeUrl, nonce: '1', frames, removed: [] }))
    expect(response.resources[0]).toMatchObject({ name: 'renamed', version: a.version })
    expect(Buffer.compare(response.resources[0]?.resource?.value ?? Buffer.of(0), a.bytes)).toBe(0)
  })

  test('are made once for each resource object', () => {
    expect(encodeResourceFrame(a)).toBe(encodeResourceFrame(a))
  })

  test('differ between a resource and its successor of the same name', () => {
    const next = makeResource('cluster', 'a', { name: 'a', altStatName: 'z' })
    expect(Buffer.compare(encodeResourceFrame(next), encodeResourceFrame(a))).not.toBe(0)
  })
})

describe('requests', () => {
  test('a delta request keeps node, subscriptions, versions and refusal', () => {
    const request = {
      node: { id: 'n', metadata: { fields: { gateway: { stringValue: 'g' } } } },
      typeUrl,
      resourceNamesSubscribe: ['*'],
      resourceNamesUnsubscribe: ['old'],
      initialResourceVersions: { a: '1' },
      responseNonce: '4',
      errorDetail: { code: 3, message: 'bad' },
    }
    const decoded = decodeDeltaRequest(encodeDeltaRequest(request))
    expect(decoded).toMatchObject(request)
  })

  test('a first delta request has no refusal', () => {
    expect(decodeDeltaRequest(encodeDeltaRequest({ typeUrl })).errorDetail).toBeUndefined()
  })

  test('bytes that are no request throw', () => {
    expect(() => decodeDeltaRequest(Uint8Array.of(0x0a, 0x7f))).toThrow(RangeError)
  })
})
