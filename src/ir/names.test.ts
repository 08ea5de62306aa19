import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fallbackScopeName, fleetName, labelValue, scopeName, scopeResourceName, tableName } from './names.ts'

const labels = fc.stringMatching(/^[a-z0-9-]{1,20}$/)
const hosts = fc
  .tuple(fc.boolean(), fc.array(labels, { minLength: 1, maxLength: 6 }))
  .map(([isWildcard, parts]) => `${isWildcard ? '*.' : ''}${parts.join('.')}`)
const tables = fc
  .tuple(fc.integer({ min: 1, max: 65_535 }), fc.option(labels, { nil: undefined }))
  .map(([port, listener]) => tableName(port, listener))
const scopes = fc.oneof(
  fc.tuple(tables, hosts).map(([table, host]) => scopeName(table, host)),
  tables.map(fallbackScopeName),
)

describe('scopeResourceName', () => {
  test('a short key is its own name', () => {
    expect(scopeResourceName(scopeName(tableName(8080), 'shop.example.com'))).toBe('8080|shop.example.com')
    expect(scopeResourceName(fallbackScopeName(tableName(443, 'wild')))).toBe('443/wild|/')
  })

  test('no name is longer than what Envoy copies without an allocation', () => {
    fc.assert(fc.property(scopes, (scope) => Buffer.byteLength(scopeResourceName(scope)) <= 22))
  })

  test('two scopes never have one name', () => {
    fc.assert(
      fc.property(fc.uniqueArray(scopes, { minLength: 2, maxLength: 30 }), (keys) => {
        expect(new Set(keys.map(scopeResourceName)).size).toBe(keys.length)
      }),
    )
  })
})

/** What the API server takes as a name of a Gateway or a GatewayClass, short ones over few letters more often. */
const objectNames = fc.oneof(
  fc.stringMatching(/^[a1]([a1.-]{0,2}[a1])?$/).filter((name) => !/[.-]\.|\.-/.test(name)),
  fc.integer({ min: 40, max: 253 }).map((length) => 'a'.repeat(length)),
  fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
)

describe('fleetName', () => {
  test.each([
    ['edge', 'fairlead', 'edge-fairlead'],
    ['a--b', 'fairlead', 'a--b-fairlead'],
    ['edge', 'in-house', 'edge-in-house--09qis754ne24'],
    ['shop.example', 'fairlead', 'shop-example-fairlead--2pov1frtccht'],
    ['1st', 'fairlead', 'gw-1st-fairlead--94qoaci2g8hk'],
    ['x'.repeat(253), 'fairlead', `${'x'.repeat(49)}--4ffutb6ved60`],
  ])('of %s and %s is %s', (gateway, className, name) => expect(fleetName(gateway, className)).toBe(name))

  test('is always a DNS label of RFC 1035, as a Service needs', () => {
    fc.assert(
      fc.property(objectNames, objectNames, (gateway, className) => {
        expect(fleetName(gateway, className)).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/)
      }),
    )
  })

  test('two pairs never have one name', () => {
    const pairs = fc.uniqueArray(fc.tuple(objectNames, objectNames), {
      minLength: 2,
      selector: (pair) => pair.join('/'),
    })
    fc.assert(
      fc.property(pairs, (given) => {
        expect(new Set(given.map(([gateway, className]) => fleetName(gateway, className))).size).toBe(given.length)
      }),
    )
  })
})

describe('labelValue', () => {
  test('is the name itself as long as that fits', () => {
    expect(labelValue('shop.example')).toBe('shop.example')
    expect(labelValue('x'.repeat(63))).toBe('x'.repeat(63))
  })

  test('is always a value that a label takes, and differs where names differ', () => {
    const longNames = fc.uniqueArray(fc.stringMatching(/^[ab]([ab.-]{58,251}[ab])$/), { minLength: 2 })
    fc.assert(
      fc.property(longNames, (names) => {
        for (const name of names) expect(labelValue(name)).toMatch(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
        expect(new Set(names.map(labelValue)).size).toBe(names.length)
      }),
    )
  })
})
