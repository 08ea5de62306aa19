import { describe, expect, test } from 'vitest'
import { assert, must, unreachable } from './assert.ts'

describe('assert', () => {
  test('a false condition throws and is called a bug', () => {
    expect(() => assert(false, 'two owners')).toThrow('bug: two owners')
  })

  test('a true condition passes', () => {
    expect(() => assert(true, 'two owners')).not.toThrow()
  })
})

describe('must', () => {
  test('falsy values other than undefined are values', () => {
    expect([must(0, 'x'), must('', 'x'), must(false, 'x')]).toEqual([0, '', false])
  })

  test('undefined throws', () => {
    expect(() => must(undefined, 'no owner')).toThrow('bug: no owner')
  })
})

describe('unreachable', () => {
  test('the value is named', () => {
    const value: unknown = { kind: 'new' }
    expect(() => unreachable(value as never)).toThrow('{"kind":"new"}')
  })
})
