import { describe, expect, test } from 'vitest'
import { codecs } from './gen/xds.js'
import { MESSAGE_NAMES, messageNameOf, typeUrlOf, XDS_TYPES, xdsTypeOfUrl, xdsTypeUrl } from './types.ts'

describe('xDS types', () => {
  test('every kind has a type URL that leads back to it', () => {
    expect(XDS_TYPES.map((type) => xdsTypeOfUrl(xdsTypeUrl(type)))).toEqual(XDS_TYPES)
    expect([...XDS_TYPES].sort()).toEqual(Object.keys(MESSAGE_NAMES).sort())
  })

  test('every kind is a message of the generated module', () => {
    for (const name of Object.values(MESSAGE_NAMES)) expect(Object.keys(codecs)).toContain(name)
  })

  test('a type URL that is not served is no kind', () => {
    expect(xdsTypeOfUrl('type.googleapis.com/envoy.service.runtime.v3.Runtime')).toBeUndefined()
  })

  test('a message name is what follows the last slash', () => {
    expect(typeUrlOf('a.B')).toBe('type.googleapis.com/a.B')
    expect(messageNameOf('example.com/x/a.B')).toBe('a.B')
    expect(messageNameOf('a.B')).toBe('a.B')
  })
})
