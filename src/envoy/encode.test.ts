import { describe, expect, expectTypeOf, test } from 'vitest'
import { packAny, typedExtension } from './any.ts'
import { decodeMessage, encodeMessage, type PlainMessage } from './encode.ts'
import { envoy } from './gen/xds.js'

const ROUTER = 'envoy.extensions.filters.http.router.v3.Router'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('encodeMessage', () => {
  test('writes the fields that are set, by number', () => {
    const bytes = encodeMessage('envoy.config.route.v3.DirectResponseAction', {
      body: { inlineString: 'no' },
      status: 404,
    })
    // status: field 1, varint 404; body: field 2, DataSource.inline_string: field 3
    expect(hex(bytes)).toBe('0894031204' + '1a026e6f')
  })

  test('equals what the generated codec writes', () => {
    const route: envoy.config.route.v3.IRoute = { name: 'r', match: { pathSeparatedPrefix: '/a' } }
    const expected = envoy.config.route.v3.Route.encode(route).finish()
    expect(hex(encodeMessage('envoy.config.route.v3.Route', route))).toBe(hex(expected))
  })

  test('skips defaults and undefined, keeps an empty message and a default in a oneof', () => {
    const name = 'envoy.config.route.v3.RouteMatch'
    expect(hex(encodeMessage(name, { headers: [], caseSensitive: undefined }))).toBe('')
    expect(hex(encodeMessage(name, { grpc: {} }))).toBe('4200')
    expect(hex(encodeMessage(name, { prefix: '' }))).toBe('0a00')
  })

  test('gives the same bytes whatever the order of fields and map entries', () => {
    const a = packAny(ROUTER, {})
    const b = packAny(ROUTER, { suppressEnvoyHeaders: true })
    const forth = encodeMessage('envoy.config.route.v3.Route', { name: 'r', typedPerFilterConfig: { a, b } })
    const back = encodeMessage('envoy.config.route.v3.Route', { typedPerFilterConfig: { b, a }, name: 'r' })
    expect(hex(forth)).toBe(hex(back))
    expect(Object.keys(decodeMessage('envoy.config.route.v3.Route', back).typedPerFilterConfig)).toEqual(['a', 'b'])
  })

  test('gives bytes that later calls leave alone, after a failed one too', () => {
    const first = encodeMessage('envoy.config.route.v3.Route', { name: 'first' })
    const bad = { match: Object.defineProperty({}, 'prefix', { get: () => expect.unreachable(), enumerable: true }) }
    expect(() => encodeMessage('envoy.config.route.v3.Route', bad)).toThrow()
    const second = encodeMessage('envoy.config.route.v3.Route', { name: 'other' })
    expect([first, second].map((bytes) => Buffer.from(bytes.subarray(2)).toString())).toEqual(['first', 'other'])
  })

  test('accepts frozen objects', () => {
    const match = Object.freeze({ prefix: '/' })
    expect(hex(encodeMessage('envoy.config.route.v3.Route', Object.freeze({ match })))).toBe('0a030a012f')
  })

  test('only takes the plain form of the named message', () => {
    expectTypeOf<PlainMessage<'envoy.config.route.v3.Route'>>().toEqualTypeOf<envoy.config.route.v3.IRoute>()
    // @ts-expect-error: a cluster is no route
    encodeMessage('envoy.config.route.v3.Route', { lbPolicy: 1 })
  })
})

describe('decodeMessage', () => {
  test('leaves out what was not sent: undefined, empty or zero', () => {
    const route = decodeMessage('envoy.config.route.v3.Route', new Uint8Array())
    expect(route.match).toBeUndefined()
    expect(route.route).toBeUndefined()
    expect(route.name).toBe('')
    expect(route.requestHeadersToAdd).toEqual([])
    expect(route.typedPerFilterConfig).toEqual({})
  })

  test('reads 64-bit integers as numbers', () => {
    const bytes = encodeMessage('google.protobuf.Duration', { seconds: 5_000_000_000, nanos: 1 })
    expect(decodeMessage('google.protobuf.Duration', bytes).seconds).toBe(5_000_000_000)
  })

  test('refuses bytes that are cut off', () => {
    const bytes = encodeMessage('envoy.config.route.v3.Route', { name: 'long enough' })
    expect(() => decodeMessage('envoy.config.route.v3.Route', bytes.subarray(0, -1))).toThrow(RangeError)
  })
})

describe('packAny', () => {
  test('holds the type URL and the bytes', () => {
    const { typeUrl, value } = packAny(ROUTER, { suppressEnvoyHeaders: true })
    expect(typeUrl).toBe(`type.googleapis.com/${ROUTER}`)
    expect(decodeMessage(ROUTER, value).suppressEnvoyHeaders).toBe(true)
  })

  test('typedExtension adds the name', () => {
    expect(typedExtension('router', ROUTER, {})).toEqual({ name: 'router', typedConfig: packAny(ROUTER, {}) })
  })
})
