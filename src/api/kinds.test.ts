import { describe, expect, test } from 'vitest'
import { apiVersionOf, findKind, kinds, schemaOf } from './kinds.ts'

describe('kinds', () => {
  test('are ordered by name, each once', () => {
    const names = kinds.map((kind) => kind.kind)
    expect(names).toEqual([...new Set(names)].sort())
  })

  test('are all found by name, with the schema of the version they are held in', () => {
    for (const kind of kinds) {
      expect(findKind(kind.kind)).toBe(kind)
      expect(schemaOf(kind, 'standard', kind.version)).toBeDefined()
      expect(schemaOf(kind, 'experimental', kind.version)).toBeDefined()
    }
  })

  test.each([
    ['HTTPRoute', 'gateway.networking.k8s.io/v1', 'httproutes', true],
    ['GatewayClass', 'gateway.networking.k8s.io/v1', 'gatewayclasses', false],
    ['EndpointSlice', 'discovery.k8s.io/v1', 'endpointslices', true],
    ['Namespace', 'v1', 'namespaces', false],
  ])('%s is %s, %s', (name, apiVersion, plural, namespaced) => {
    const kind = findKind(name)
    expect(kind === undefined ? undefined : apiVersionOf(kind)).toBe(apiVersion)
    expect(kind).toMatchObject({ plural, namespaced })
  })

  test('have no schema for what only the prototype of an object has', () => {
    const kind = findKind('HTTPRoute')
    expect(kind === undefined ? 'missing' : schemaOf(kind, 'standard', 'constructor')).toBeUndefined()
  })
})
