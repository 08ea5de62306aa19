import { describe, expect, test } from 'vitest'
import { packAny } from './any.ts'
import { encodeMessage } from './encode.ts'
import { codecs } from './gen/xds.js'
import { jsonToMessage, messageToJson } from './json.ts'
import { makeResource } from './resource.ts'
import { durationOf } from './wrappers.ts'

const X = 'envoy.extensions'
const HCM = `${X}.filters.network.http_connection_manager.v3.HttpConnectionManager` as const

describe('messageToJson', () => {
  test('expands an Any inside an Any', () => {
    const router = packAny(`${X}.filters.http.router.v3.Router`, { suppressEnvoyHeaders: true })
    const manager = packAny(HCM, { statPrefix: 'http', httpFilters: [{ name: 'router', typedConfig: router }] })
    const listener = makeResource('listener', 'l', {
      name: 'l',
      filterChains: [{ filters: [{ name: 'hcm', typedConfig: manager }] }],
    })
    expect(messageToJson('listener', listener.bytes)).toEqual({
      name: 'l',
      filterChains: [
        {
          filters: [
            {
              name: 'hcm',
              typedConfig: {
                '@type': `type.googleapis.com/${HCM}`,
                statPrefix: 'http',
                httpFilters: [{ name: 'router', typedConfig: { '@type': router.typeUrl, suppressEnvoyHeaders: true } }],
              },
            },
          ],
        },
      ],
    })
  })

  test('keeps the bytes of an Any whose type is not known', () => {
    const typeUrl = 'type.googleapis.com/envoy.config.core.v3.NotYet'
    const bytes = encodeMessage('envoy.config.core.v3.TypedExtensionConfig', {
      name: 'x',
      typedConfig: { typeUrl, value: Uint8Array.of(1, 2) },
    })
    expect(messageToJson('envoy.config.core.v3.TypedExtensionConfig', bytes)).toEqual({
      name: 'x',
      typedConfig: { '@type': typeUrl, value: 'AQI=' },
    })
  })

  test('keeps the number of an enum value without a name', () => {
    const bytes = Uint8Array.of(0x10, 99) // Cluster.type, field 2, a discovery type that does not exist
    expect(messageToJson('cluster', bytes)).toEqual({ type: 99 })
  })

  test('writes the special forms of ProtoJSON: wrappers, durations, enums, bytes, 64-bit integers, Struct', () => {
    const { bytes } = makeResource('cluster', 'c', {
      connectTimeout: durationOf(1500),
      type: 3,
      perConnectionBufferLimitBytes: { value: 0 },
      metadata: { filterMetadata: { a: { fields: { z: { numberValue: 1 }, b: { nullValue: 0 } } } } },
      lbPolicy: 0,
    })
    expect(messageToJson('cluster', bytes)).toEqual({
      type: 'EDS',
      connectTimeout: '1.500s',
      perConnectionBufferLimitBytes: 0,
      metadata: { filterMetadata: { a: { b: null, z: 1 } } },
    })
    const range = encodeMessage('envoy.type.v3.Int64Range', { start: 5, end: 2 ** 40 })
    expect(messageToJson('envoy.type.v3.Int64Range', range)).toEqual({ start: '5', end: '1099511627776' })
  })

  test('orders fields by number and map entries by key, whatever the order of the bytes', () => {
    const last = encodeMessage('envoy.config.route.v3.Route', { typedPerFilterConfig: { a: {} }, name: 'r' })
    const first = encodeMessage('envoy.config.route.v3.Route', {
      typedPerFilterConfig: { b: {} },
      match: { prefix: '/' },
    })
    const json = messageToJson('envoy.config.route.v3.Route', Buffer.concat([first, last]))
    expect(JSON.stringify(json)).toBe('{"match":{"prefix":"/"},"typedPerFilterConfig":{"a":{},"b":{}},"name":"r"}')
  })

  test('takes a kind of resource, a type URL or a message name', () => {
    const { bytes } = makeResource('secret', 's', { name: 's' })
    const name = `${X}.transport_sockets.tls.v3.Secret`
    for (const type of ['secret', name, `type.googleapis.com/${name}`]) {
      expect(messageToJson(type, bytes)).toEqual({ name: 's' })
    }
    expect(() => messageToJson('no.Such', bytes)).toThrow('no.Such is not in proto/')
  })
})

describe('jsonToMessage', () => {
  test('is what messageToJson came from', () => {
    const typedPerFilterConfig = { a: packAny(`${X}.filters.http.cors.v3.CorsPolicy`, { maxAge: '1' }) }
    const { bytes } = makeResource('route', 'r', { name: 'r', typedPerFilterConfig })
    expect(Buffer.from(jsonToMessage('route', messageToJson('route', bytes)))).toEqual(Buffer.from(bytes))
  })

  test('gives the same bytes whatever the order of the JSON', () => {
    const type = 'envoy.config.core.v3.Metadata'
    const forth = jsonToMessage(type, { filterMetadata: { a: { x: 1, y: [{ p: 1, q: 2 }] }, b: {} } })
    const back = jsonToMessage(type, { filterMetadata: { b: {}, a: { y: [{ q: 2, p: 1 }], x: 1 } } })
    expect(forth).toEqual(back)
  })

  test('reads a bootstrap in snake case and knows the messages that only a bootstrap has', () => {
    const json = {
      node: { id: 'n' },
      admin: { address: { pipe: { path: '@admin' } } },
      stats_config: { stats_matcher: { inclusion_list: { patterns: [{ prefix: 'http.' }] } } },
      overload_manager: {
        resource_monitors: [
          {
            name: 'envoy.resource_monitors.fixed_heap',
            typed_config: {
              '@type': `type.googleapis.com/${X}.resource_monitors.fixed_heap.v3.FixedHeapConfig`,
              max_heap_size_bytes: 1000,
            },
          },
        ],
      },
    }
    const bytes = jsonToMessage('envoy.config.bootstrap.v3.Bootstrap', json)
    expect(messageToJson('envoy.config.bootstrap.v3.Bootstrap', bytes)).toMatchObject({
      node: { id: 'n' },
      overloadManager: { resourceMonitors: [{ typedConfig: { maxHeapSizeBytes: '1000' } }] },
    })
    expect(Object.keys(codecs)).not.toContain('envoy.config.bootstrap.v3.Bootstrap')
  })

  test('refuses a field that does not exist', () => {
    expect(() => jsonToMessage('cluster', { nam: 'x' })).toThrow('nam')
  })
})
