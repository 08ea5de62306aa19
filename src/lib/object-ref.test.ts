import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeObject, type ObjectRef, objectKey } from './object-ref.ts'

const part = fc.stringMatching(/^[a-z0-9.-]{0,12}$/)
const anyRef = fc.record({ group: part, kind: part, namespace: part, name: part })

describe('keys', () => {
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
