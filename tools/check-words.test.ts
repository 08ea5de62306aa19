import { describe, expect, test } from 'vitest'
import { checkWords, wordsOf } from './check-words.ts'
import { type SourceTexts, withParsed } from './source-tree.ts'

const check = (texts: SourceTexts) => withParsed(texts, checkWords)

describe('checkWords', () => {
  test('an empty word in a file name is refused', () => {
    expect(check({ 'src/lib/string-utils.ts': 'export const a = 1' })).toEqual([
      'src/lib/string-utils.ts: "utils" names no concept; name the file after what it holds',
    ])
  })

  test.each([
    'export class StreamManager {}',
    'export function routeHelper() {}',
    'export const [a] = [1], EventHandler = 2',
    'export interface CommonFields {}',
    'export type DateUtil = string',
  ])('%j is refused', (text) => {
    expect(check({ 'src/lib/a.ts': text })).toHaveLength(1)
  })

  test('what is not exported, and words that only hold an empty one, pass', () => {
    const text = 'const helper = 1\nexport const utilityShare = helper\nexport function f(handler: () => void) {}'
    expect(check({ 'src/lib/a.ts': text })).toEqual([])
  })
})

describe('wordsOf', () => {
  test.each([
    ['parseHTTPRoute', ['parse', 'httproute']],
    ['parse-http-route', ['parse', 'http', 'route']],
    ['MAX_BYTES', ['max', 'bytes']],
    ['tick.order.test', ['tick', 'order', 'test']],
  ])('%s', (name, words) => {
    expect(wordsOf(name)).toEqual(words)
  })
})
