import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareObjectRefs,
  describeObject,
  namespacedNameKey,
  type ObjectRef,
  objectKey,
  parseNamespacedNameKey,
} from './object-ref.ts'

const part = fc.stringMatching(/^[a-z0-9.-]{0,12}$/)
const anyRef = fc.record({ group: part, kind: part, namespace: part, name: part })

describe('keys', () => {
  test('a namespaced name survives its key', () => {
    fc.assert(
      fc.property(part, part, (namespace, name) => {
        expect(parseNamespacedNameKey(namespacedNameKey({ namespace, name }))).toEqual({ namespace, name })
      }),
    )
  })

  test('two objects share a key only when every part is equal', () => {
    fc.assert(
      fc.property(anyRef, anyRef, (a, b) => {
        const same = a.group === b.group && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name
        expect(objectKey(a) === objectKey(b)).toBe(same)
      }),
    )
  })
})

describe('describeObject', () => {
  test.each<[ObjectRef, string]>([
    [{ group: '', kind: 'Service', namespace: 'shop', name: 'cart' }, 'Service shop/cart'],
    [{ group: 'g', kind: 'GatewayClass', namespace: '', name: 'fairlead' }, 'GatewayClass fairlead'],
  ])('%o is written %s', (ref, text) => {
    expect(describeObject(ref)).toBe(text)
  })
})

describe('compareObjectRefs', () => {
  test('orders by group, then kind, then namespace, then name', () => {
    const sorted: ObjectRef[] = [
      { group: '', kind: 'Service', namespace: 'a', name: 'z' },
      { group: '', kind: 'Service', namespace: 'b', name: 'a' },
      { group: '', kind: 'Service', namespace: 'b', name: 'b' },
      { group: 'g', kind: 'Gateway', namespace: 'a', name: 'a' },
      { group: 'g', kind: 'HTTPRoute', namespace: 'a', name: 'a' },
    ]
    expect([...sorted].reverse().sort(compareObjectRefs)).toEqual(sorted)
    expect(sorted.map((ref) => compareObjectRefs(ref, { ...ref }))).toEqual([0, 0, 0, 0, 0])
  })
})
