import { describe, expect, test } from 'vitest'
import { regexProblem } from './re2.ts'

describe('regexProblem', () => {
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
  ])('accepts %s', (regex) => expect(regexProblem(regex)).toBeUndefined())

  test.each([
    { regex: '(', why: 'missing closing ): `(`' },
    { regex: '(?=x)', why: 'invalid or unsupported Perl syntax: `(?=`' },
    { regex: '(a)\\1', why: 'invalid escape sequence: `\\1`' },
    { regex: '*', why: 'missing argument to repetition operator: `*`' },
    { regex: 'x{1001}', why: 'invalid repeat count: `{1001}`' },
    { regex: '((x{100}){100}){100}', why: 'invalid repeat count: `{100}`' },
    { regex: '[z-a]', why: 'invalid character class range: `z-a`' },
    { regex: `(${'x'.repeat(100)}){999}`, why: 'it repeats too much' },
    { regex: `(${'(abc|[a-z]+){10}'.repeat(40)}){20}`, why: 'it repeats too much' },
  ])('refuses $regex', ({ regex, why }) => expect(regexProblem(regex)).toBe(why))
})
