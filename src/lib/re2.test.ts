import { describe, expect, test } from 'vitest'
import { maxObjectProgramSize, RegexBudget } from './re2.ts'

const faultOf = (regex: string) => new RegexBudget().fault(regex)

describe('one expression', () => {
  test.each([
    '/v[0-9]+/.*',
    '[a-z]{1,63}',
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    '(?i)abc',
    '\\pL+',
    'x{1000}',
    'x'.repeat(4096),
    '{',
    '',
    '\\x{FF}\\xff\\377\\pL\\p{Greek}\\P{^Lu}\\p{Any}',
    'é+',
    // Quoted, or behind a backslash of its own.
    '\\Q\\x{100}\\p{LC}\\E',
    '\\Q\\p{LC}',
    '\\\\x{10}',
  ])('accepts %s', (regex) => expect(faultOf(regex)).toBeUndefined())

  test.each([
    { regex: '(', why: 'missing closing ): `(`' },
    { regex: '(?=x)', why: 'invalid or unsupported Perl syntax: `(?=`' },
    { regex: '(a)\\1', why: 'invalid escape sequence: `\\1`' },
    { regex: '*', why: 'missing argument to repetition operator: `*`' },
    { regex: 'x{1001}', why: 'invalid repeat count: `{1001}`' },
    { regex: '((x{100}){100}){100}', why: 'invalid repeat count: `{100}`' },
    { regex: '\\x{100}', why: '`\\x{100}` is no byte, and Envoy matches bytes: write those of its UTF-8 form' },
    {
      regex: 'a[\\x00-\\x{10FFFF}]',
      why: '`\\x{10FFFF}` is no byte, and Envoy matches bytes: write those of its UTF-8 form',
    },
    { regex: '\\400', why: '`\\400` is no byte, and Envoy matches bytes: write those of its UTF-8 form' },
    { regex: '\\p{LC}', why: '`\\p{LC}` is no class that Envoy knows' },
    { regex: '\\P{^Lc}', why: '`\\P{^Lc}` is no class that Envoy knows' },
    { regex: '\\p{Garay}', why: '`\\p{Garay}` is no class that Envoy knows' },
    { regex: '[z-a]', why: 'invalid character class range: `z-a`' },
  ])('refuses $regex', ({ regex, why }) => expect(faultOf(regex)).toEqual({ kind: 'syntax', why }))

  test.each([`(${'x'.repeat(100)}){999}`, `(${'(abc|[a-z]+){10}'.repeat(40)}){20}`])(
    'refuses %s for its size',
    (regex) => expect(faultOf(regex)).toEqual({ kind: 'too-large' }),
  )
})

describe('the expressions of one object', () => {
  /** How many of these are let in, one after the other. */
  function letIn(regexOf: (index: number) => string, count: number): number {
    const budget = new RegexBudget()
    return Array.from({ length: count }, (_, index) => budget.fault(regexOf(index))).filter(
      (fault) => fault === undefined,
    ).length
  }

  test('are as many as a route has matches when they are like those of names', () => {
    expect(letIn((index) => `/v${index}/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`, 128)).toBe(128)
  })

  test('have a size together', () => {
    const count = letIn((index) => `x${index}{1000}`, 4_000)
    expect(count).toBeGreaterThan(40)
    expect(count).toBeLessThanOrEqual(maxObjectProgramSize / 1_000)
  })

  test('have a length together, also when none of them is good', () => {
    const budget = new RegexBudget()
    const faults = Array.from({ length: 100 }, (_, index) => budget.fault(`${'x'.repeat(4_000)}${index}(`))
    expect(faults.findIndex((fault) => fault?.kind === 'spent')).toBe(13)
  })

  test('cost the same when they are known already', () => {
    const use = () => {
      const budget = new RegexBudget()
      return Array.from({ length: 60 }, () => budget.fault('known{1000}')).filter((fault) => fault === undefined).length
    }
    expect(use()).toBe(use())
  })
})
