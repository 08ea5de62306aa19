import { describe, expect, test } from 'vitest'
import { hashContent, hashLabel } from './hash.ts'

describe('hashContent', () => {
  test('is the first 120 bits of SHA-256 in base64url', () => {
    // FIPS 180-2 B.1: SHA-256("abc") = ba7816bf 8f01cfea 414140de 5dae2223 ...
    const expected = Buffer.from('ba7816bf8f01cfea414140de5dae22', 'hex').toString('base64url')
    expect(hashContent('abc')).toBe(expected)
    expect(expected).toHaveLength(20)
  })

  test('of text equals that of its UTF-8 bytes', () => {
    expect(hashContent('grün')).toBe(hashContent(new TextEncoder().encode('grün')))
  })

  test('differs where one bit differs', () => {
    expect(hashContent(Uint8Array.of(1, 2, 3))).not.toBe(hashContent(Uint8Array.of(1, 2, 2)))
  })

  test('of nothing is a value too', () => {
    expect(hashContent(new Uint8Array())).toBe(hashContent(''))
  })
})

describe('hashLabel', () => {
  test('is the low five bits of each of the first 12 bytes of SHA-256', () => {
    // ba7816bf 8f01cfea 414140de -> 26 24 22 31 15 1 15 10 1 1 0 30
    expect(hashLabel('abc')).toBe('qomvf1fa110u')
  })

  test('differs where the text differs', () => expect(hashLabel('a/b')).not.toBe(hashLabel('a/c')))
})
