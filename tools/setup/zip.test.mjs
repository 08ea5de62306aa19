import { describe, expect, test } from 'vitest'
import { zipOf } from './sandbox.mjs'
import { zipMember } from './zip.mjs'

describe('zipMember', () => {
  const text = Buffer.from('envoy '.repeat(1000))
  const archive = zipOf([
    ['first', Buffer.from('1'), 0],
    ['folder/packed', text, 8],
    ['last', Buffer.from('3'), 0],
  ])

  test.each([
    ['first', Buffer.from('1')],
    ['folder/packed', text],
    ['last', Buffer.from('3')],
  ])('%s is found', (name, bytes) => {
    expect(zipMember(archive, name).equals(bytes)).toBe(true)
  })

  test('a member that is not there is named', () => {
    expect(() => zipMember(archive, 'packed')).toThrow('the zip archive has no member packed')
  })

  test('what is no zip archive is refused', () => {
    expect(() => zipMember(Buffer.from('<html>not found, sorry about that</html>'), 'a')).toThrow('not a zip archive')
  })

  test('a member packed in an unknown way is refused', () => {
    expect(() => zipMember(zipOf([['a', text, 12]]), 'a')).toThrow('packed by method 12')
  })
})
