import { describe, expect, test } from 'vitest'
import { checkLicences, isAllowed } from './check-licences.ts'

describe('isAllowed', () => {
  const allowed = new Set(['MIT', 'ISC'])
  test.each([
    ['MIT', true],
    ['GPL-3.0-only', false],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND GPL-3.0-only', false],
    ['MIT AND ISC', true],
    ['(GPL-3.0-only OR MIT AND ISC)', true],
    ['', false],
    ['SEE LICENSE IN LICENSE.md', false],
  ])('%j: %s', (expression, holds) => {
    expect(isAllowed(expression, allowed)).toBe(holds)
  })
})

describe('checkLicences', () => {
  const licences: Readonly<Record<string, string>> = {
    'node_modules/a': 'MIT',
    'node_modules/@s/b': 'MPL-2.0',
    'node_modules/a/node_modules/c': 'AGPL-3.0-only',
    'node_modules/d': '',
  }
  const check = (packages: Parameters<typeof checkLicences>[0]) => checkLicences(packages, (path) => licences[path])

  test('a permissive licence passes', () => {
    expect(check({ '': {}, 'node_modules/a': {} })).toEqual([])
  })

  test('weak copyleft passes in development and is refused at run time', () => {
    expect(check({ 'node_modules/@s/b': { dev: true } })).toEqual([])
    expect(check({ 'node_modules/@s/b': {} })).toEqual([
      '@s/b: licence MPL-2.0 is not allowed at run time; take another package or read it by hand',
    ])
  })

  test('copyleft of a package inside another one is refused', () => {
    expect(check({ 'node_modules/a/node_modules/c': { dev: true } })).toEqual([
      'c: licence AGPL-3.0-only is not allowed in development; take another package or read it by hand',
    ])
  })

  test('a package without a licence is refused', () => {
    expect(check({ 'node_modules/d': {} })[0]).toMatch(/^d: licence not stated is not allowed/)
  })

  test('an optional package that is not installed is passed over', () => {
    expect(check({ 'node_modules/other-platform': { optional: true } })).toEqual([])
  })
})
