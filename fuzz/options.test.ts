import { describe, expect, test } from 'vitest'
import { parseOptions } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, () => 42)

describe('parseOptions', () => {
  test('runs five minutes with a seed of chance when nothing is said', () => {
    expect(parse()).toMatchObject({ seed: 42, minutes: 5, sets: Number.POSITIVE_INFINITY, platform: 'standalone' })
  })

  test('has no limit of time beside a number of sets', () => {
    expect(parse('--sets', '10', '--seed', '7')).toMatchObject({ seed: 7, sets: 10, minutes: Number.POSITIVE_INFINITY })
    expect(parse('--sets', '10', '--minutes', '0.5')).toMatchObject({ sets: 10, minutes: 0.5 })
  })

  test.each([
    ['--minutes', '0'],
    ['--minutes', ''],
    ['--seed', '1.5'],
    ['--sets', '-1'],
    ['--platform', 'mesh'],
  ])('refuses %s "%s" by name', (option, text) => {
    expect(() => parse(`${option}=${text}`)).toThrow(`${option}: "${text}"`)
  })
})
