import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formats, isIPv4, isIPv6 } from './formats.ts'

const nearAddress = fc.stringMatching(/^[0-9a-f:.]{0,24}$/)
const noZone = (text: string): boolean => !text.includes('%')

describe('addresses', () => {
  test('agree with the platform on IPv4', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), nearAddress), (text) => {
        expect(isIPv4(text)).toBe(nodeIsIPv4(text))
      }),
    )
  })

  test('agree with the platform on IPv6', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), nearAddress).filter(noZone), (text) => {
        expect(isIPv6(text)).toBe(nodeIsIPv6(text))
      }),
      { numRuns: 1000 },
    )
  })

  test.each(['01.2.3.4', '1.2.3', '1.2.3.256', '1.2.3.4 ', ''])('%j is no IPv4 address', (text) => {
    expect(isIPv4(text)).toBe(false)
  })

  test.each(['::', '::1', '1::', '::ffff:192.0.2.1', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', '1::8'])(
    '%s is an IPv6 address',
    (text) => {
      expect(isIPv6(text)).toBe(true)
    },
  )

  test.each(['', ':', ':::', '1:2', '1::2::3', '1:2:3:4:5:6:7:8:9', '::1.2.3', '1.2.3.4::', 'fe80::1%eth0', '12345::'])(
    '%j is no IPv6 address',
    (text) => {
      expect(isIPv6(text)).toBe(false)
    },
  )
})

describe('other formats', () => {
  test.each(['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123456Z', '2026-01-31t12:00:00+02:00'])(
    '%s is a time',
    (text) => {
      expect(formats['date-time'].test(text)).toBe(true)
    },
  )

  test.each(['2026-01-31', '2026-13-31T12:00:00Z', '12:00', 'now'])('%s is no time', (text) => {
    expect(formats['date-time'].test(text)).toBe(false)
  })

  test.each(['', 'YQ==', 'YWI=', 'YWJj', 'YWJj\r\nYWJj'])('%j is base64', (text) => {
    expect(formats.byte.test(text)).toBe(true)
  })

  test.each(['Y', 'YQ', 'YQ=', 'Y Q=', 'YQ==YQ==', '_-=='])('%j is no base64', (text) => {
    expect(formats.byte.test(text)).toBe(false)
  })
})
