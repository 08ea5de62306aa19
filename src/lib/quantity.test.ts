import { expect, test } from 'vitest'
import { parseQuantity } from './quantity.ts'

test.each([
  ['0', 0],
  ['128Mi', 128 * 1024 * 1024],
  ['1Gi', 1024 ** 3],
  ['1.5Gi', 1.5 * 1024 ** 3],
  ['1Ki', 1024],
  ['500M', 500e6],
  ['2k', 2000],
  ['250m', 0.25],
  ['1e3', 1000],
  ['1E6', 1e6],
  ['1E', 1e18],
  ['.5', 0.5],
  ['5.', 5],
])('%s is %d', (text, number) => expect(parseQuantity(text)).toBe(number))

test.each(['', 'x', '1 Gi', '1KI', '1ki', '-1', '1Gi ', '1ee3', 'Gi'])('%j is no quantity', (text) =>
  expect(parseQuantity(text)).toBeUndefined(),
)
