import { describe, expect, test } from 'vitest'
import { decodeMessage } from './encode.ts'
import { makeResource } from './resource.ts'
import { SALT_KEY, saltScope } from './salt.ts'

const NAME = 'envoy.config.route.v3.ScopedRouteConfiguration'

const scope = makeResource('scoped-route', '80|a.com', {
  name: '80|a.com',
  key: { fragments: [{ stringKey: '80|a.com' }] },
  routeConfiguration: {
    name: '80|a.com',
    validateClusters: { value: false },
    virtualHosts: [{ name: 'a.com', domains: ['*'], routes: [{ name: 'r', match: { prefix: '/' } }] }],
    metadata: { filterMetadata: { own: { fields: { x: { boolValue: true } } } } },
  },
})

describe('saltScope', () => {
  test('adds one metadata entry and leaves all else as it was (protobuf: embedded messages merge)', () => {
    const plain = decodeMessage(NAME, scope.bytes)
    const salted = decodeMessage(NAME, saltScope(scope.bytes, 'one'))
    const metadata = salted.routeConfiguration?.metadata?.filterMetadata ?? {}
    expect(metadata[SALT_KEY]?.fields.salt?.stringValue).toBe('one')
    expect(metadata.own).toEqual(plain.routeConfiguration?.metadata?.filterMetadata.own)
    const unsalted = { ...salted.routeConfiguration, metadata: undefined }
    expect(unsalted).toEqual({ ...plain.routeConfiguration, metadata: undefined })
    expect([salted.name, salted.key]).toEqual([plain.name, plain.key])
  })

  test('gives other bytes for other salts, the same for the same', () => {
    expect(saltScope(scope.bytes, 'one')).toEqual(saltScope(scope.bytes, 'one'))
    expect(saltScope(scope.bytes, 'one')).not.toEqual(saltScope(scope.bytes, 'two'))
  })

  test('a second salt replaces the first (protobuf: the last map entry of a key wins)', () => {
    const twice = decodeMessage(NAME, saltScope(saltScope(scope.bytes, 'one'), 'two'))
    expect(twice.routeConfiguration?.metadata?.filterMetadata[SALT_KEY]?.fields.salt?.stringValue).toBe('two')
    expect(twice.routeConfiguration?.virtualHosts).toHaveLength(1)
  })

  test('leaves the given bytes alone', () => {
    const before = Buffer.from(scope.bytes)
    saltScope(scope.bytes, 'one')
    expect(Buffer.compare(before, scope.bytes)).toBe(0)
  })
})
