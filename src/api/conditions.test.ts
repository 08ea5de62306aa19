import { describe, expect, test } from 'vitest'
import { conditionTypes, missingGrant, missingObject, type Problem, reasons, toCondition } from './conditions.ts'

const resolved = { reason: reasons.ResolvedRefs, message: 'all references are resolved' }
const problem = (over: Partial<Problem>): Problem => ({
  condition: 'ResolvedRefs',
  reason: 'BackendNotFound',
  message: 'no such Service',
  field: 'spec.rules[0].backendRefs[0]',
  ...over,
})

describe('toCondition', () => {
  test('is True when no problem is of its type', () => {
    expect(toCondition('ResolvedRefs', [problem({ condition: 'Accepted' })], resolved, 3)).toEqual({
      type: 'ResolvedRefs',
      status: 'True',
      observedGeneration: 3,
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    })
  })

  test('is False with the first reason and says every problem', () => {
    const second = problem({ reason: 'InvalidKind', message: 'not a Service', field: '' })
    expect(toCondition('ResolvedRefs', [problem({}), second], resolved, 1)).toEqual({
      type: 'ResolvedRefs',
      status: 'False',
      observedGeneration: 1,
      reason: 'BackendNotFound',
      message: 'spec.rules[0].backendRefs[0]: no such Service\nnot a Service',
    })
  })

  test('cuts a message to what the API server takes (Condition.message)', () => {
    const { message } = toCondition('ResolvedRefs', [problem({ message: 'x'.repeat(40_000) })], resolved, 1)
    expect(message).toHaveLength(32_768)
    expect(message.endsWith('…')).toBe(true)
  })

  test('holds no half of a character: the API server would store another one, and every look at it would differ', () => {
    const { message } = toCondition('ResolvedRefs', [problem({ message: '😀'.repeat(20_000) })], resolved, 1)
    expect(message.isWellFormed()).toBe(true)
  })
})

describe('constants', () => {
  test('are spelt as their names', () => {
    for (const table of [conditionTypes, reasons]) {
      expect(Object.values(table)).toEqual(Object.keys(table))
    }
  })
})

describe('messages of references', () => {
  const cart = { group: '', kind: 'Service', namespace: 'shop', name: 'cart' }

  test('say which grant is missing', () => {
    expect(missingGrant({ group: 'g', kind: 'HTTPRoute', namespace: 'web' }, cart)).toBe(
      'no ReferenceGrant in "shop" lets HTTPRoute from "web" use Service "cart"; add one',
    )
  })

  test('say which object is missing', () => {
    expect(missingObject(cart)).toBe('Service shop/cart does not exist; create it or correct the reference')
  })
})
