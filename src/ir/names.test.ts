import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fallbackScopeName, scopeName, scopeResourceName, tableName } from './names.ts'

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
