import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'

describe('LineSplitter', () => {
  test('lines survive any cut, also inside of a character', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 9 })), (lines, sizes) => {
        const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(''))
        const splitter = new LineSplitter()
        const got: string[] = []
        for (let from = 0, i = 0; from < bytes.length; i++) {
          const size = sizes[i % Math.max(1, sizes.length)] ?? bytes.length
          got.push(...splitter.push(bytes.subarray(from, from + size)))
          from += size
        }
        expect(got).toEqual(lines.filter((text) => text !== ''))
      }),
    )
  })

  test('what has no end yet is no line', () => {
    const splitter = new LineSplitter()
    expect(splitter.push(new TextEncoder().encode('{"a":'))).toEqual([])
    expect(splitter.push(new TextEncoder().encode('1}\n{'))).toEqual(['{"a":1}'])
  })
})
