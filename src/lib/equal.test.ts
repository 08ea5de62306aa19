import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { structuralEqual } from './equal.ts'

class Money {
  readonly #cents: number
  constructor(cents: number) {
    this.#cents = cents
  }
  equals(other: unknown): boolean {
    return other instanceof Money && other.#cents === this.#cents
  }
}

class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
}

describe('structuralEqual', () => {
  test.each<[string, unknown, unknown, boolean]>([
    ['equal strings', 'a', 'a', true],
    ['a number and its string', 1, '1', false],
    ['NaN and NaN', Number.NaN, Number.NaN, true],
    ['NaN and undefined', Number.NaN, undefined, false],
    ['null and undefined', null, undefined, false],
    ['null and an object', null, {}, false],
    ['nested objects', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }, true],
    ['a difference deep down', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
    ['another key order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['another key of the same count', { a: undefined }, { b: undefined }, false],
    ['an inherited name against an own one', { a: 1 }, { toString: 1 }, false],
    ['undefined against absent', { a: undefined }, {}, false],
    ['a longer array', [1], [1, 2], false],
    ['an array against an object', [], {}, false],
    ['an object against an array', {}, [], false],
    ['equal bytes', new Uint8Array([1, 2]), Buffer.from([1, 2]), true],
    ['other bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
    ['bytes that are a prefix', new Uint8Array([1]), new Uint8Array([1, 2]), false],
    ['bytes against an array', new Uint8Array([1]), [1], false],
    ['a plain object and one without prototype', { a: 1 }, Object.assign(Object.create(null), { a: 1 }), true],
    ['instances with equal equals()', new Money(5), new Money(5), true],
    ['instances with differing equals()', new Money(5), new Money(6), false],
    ['instances that hide their state', new Secret('a'), new Secret('b'), false],
  ])('%s', (_title, a, b, equal) => {
    expect(structuralEqual(a, b)).toBe(equal)
  })

  test('maps, sets and dates are refused rather than called equal', () => {
    expect(() => structuralEqual(new Map([['a', 1]]), new Map())).toThrow('not plain data')
    expect(() => structuralEqual(new Set([1]), new Set())).toThrow('not plain data')
    expect(() => structuralEqual(new Date(0), new Date(1))).toThrow('not plain data')
  })

  test('a JSON value equals its copy and no other JSON text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(structuralEqual(a, structuredClone(a))).toBe(true)
        if (structuralEqual(a, b)) expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)))
      }),
    )
  })
})
