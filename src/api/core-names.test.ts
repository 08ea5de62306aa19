import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalIPv6,
  cidrProblem,
  ipProblem,
  isConfigKey,
  isFullyQualified,
  isPortName,
  specialAddress,
} from './core-names.ts'

describe('addresses of core kinds', () => {
  test('the canonical form agrees with the platform (RFC 5952)', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((text) => !text.includes('.')),
        (text) => {
          expect(`[${canonicalIPv6(text)}]`).toBe(new URL(`http://[${text}]`).hostname)
        },
      ),
    )
  })

  test.each([
    ['10.0.0.1', undefined],
    ['2001:db8::1', undefined],
    ['::ffff:1.2.3.4', 'is an IPv4 address in the form of IPv6'],
    ['::ffff:102:304', 'is an IPv4 address in the form of IPv6'],
    ['01.2.3.4', 'is no IP address'],
    ['fe80::1%eth0', 'is no IP address'],
  ])('%s: %s', (text, problem) => {
    expect(ipProblem(text)).toBe(problem)
  })

  test.each([
    ['10.0.0.0/8', undefined],
    ['0.0.0.0/0', undefined],
    ['10.0.0.1/32', undefined],
    ['2001:db8::/32', undefined],
    ['10.0.0.1/8', 'has bits behind the length of its prefix'],
    ['2001:db8::1/64', 'has bits behind the length of its prefix'],
    ['10.0.0.0/33', 'is no range of addresses'],
    ['10.0.0.0/08', 'is no range of addresses'],
    ['10.0.0.0', 'is no range of addresses'],
    ['10.0.0.0/8/8', 'is no range of addresses'],
  ])('%s: %s', (text, problem) => {
    expect(cidrProblem(text)).toBe(problem)
  })

  test.each([
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.1.1', 'link-local'],
    ['224.0.0.9', 'link-local'],
    ['224.0.1.1', undefined],
    ['febf::1', 'link-local'],
    ['fec0::1', undefined],
    ['ff02::1', 'link-local'],
    ['ff05::1', undefined],
    ['10.0.0.1', undefined],
  ])('%s is %s', (text, special) => {
    expect(specialAddress(text)).toBe(special)
  })
})

describe('names of core kinds', () => {
  test.each(['http', 'a', '8080a', 'a-b', 'a23456789012345'])('%s is the name of a port', (name) => {
    expect(isPortName(name)).toBe(true)
  })

  test.each(['', '80', 'A', 'a--b', '-a', 'a-', 'a234567890123456'])('%j is not', (name) => {
    expect(isPortName(name)).toBe(false)
  })

  test.each([
    ['a', true],
    ['.a', true],
    ['.', false],
    ['..', false],
    ['..a', false],
    ['a b', false],
    ['', false],
  ])('whether %j is a key of data: %s', (key, isKey) => {
    expect(isConfigKey(key)).toBe(isKey)
  })

  test.each([
    ['a.b', true],
    ['a.b.', true],
    ['a', false],
    ['a..b', false],
    ['A.b', false],
  ])('whether %j is fully qualified: %s', (name, isQualified) => {
    expect(isFullyQualified(name)).toBe(isQualified)
  })
})
