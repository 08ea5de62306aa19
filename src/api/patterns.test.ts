import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { gatewayApiKinds } from './gen/schemas.ts'
import { compilePattern, describePattern } from './patterns.ts'
import type { Schema } from './schema.ts'

function patternsIn(schema: Schema): readonly string[] {
  if (schema.type === 'string') return schema.pattern === undefined ? [] : [schema.pattern]
  if (schema.type === 'array') return patternsIn(schema.items)
  if (schema.type === 'map') return patternsIn(schema.values)
  return schema.type === 'object' ? Object.values(schema.properties).flatMap(patternsIn) : []
}

const patterns = [
  ...new Set(
    gatewayApiKinds.flatMap(({ channels }) =>
      Object.values(channels).flatMap((versions) => Object.values(versions).flatMap(patternsIn)),
    ),
  ),
].sort()

const letters = fc.string({ unit: fc.constantFrom(...'aZ09-.*:/ \t%2f!_~\x7fé\n'.split('')), maxLength: 12 })

describe('patterns of the schemas', () => {
  test('are the ones that were checked for catastrophic backtracking; check a new one before adding it here', () => {
    expect(patterns).toMatchInlineSnapshot(`
      [
        "(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)",
        "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
        "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?",
        "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$",
        "^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$",
        "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
        "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$",
        "^[!-~]+([\\t ]?[!-~]+)*$",
        "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
        "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$",
        "^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\/[A-Za-z0-9]+$",
        "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
      ]
    `)
  })

  test.each(patterns)('%s decides as RE2 does', (source) => {
    const mine = compilePattern(source)
    const re2 = RE2JS.compile(source)
    fc.assert(
      fc.property(
        fc.oneof(
          letters,
          fc.stringMatching(mine).map((text) => text.slice(0, 20)),
        ),
        (text) => {
          expect(mine.test(text)).toBe(re2.matcher(text).find())
        },
      ),
    )
  })

  test('a header value of 4,096 characters that ends badly is refused at once (RE2 takes linear time)', () => {
    expect(compilePattern('^[!-~]+([\\t ]?[!-~]+)*$').test(`${'a'.repeat(4096)}\n`)).toBe(false)
  })

  test('have words each, but for those of statuses, which nobody writes', () => {
    const ofStatus = [
      '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
      patterns.find((pattern) => pattern.includes('*/)?(([')),
    ]
    const ofLabels = '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$'
    const wordless = patterns.filter((pattern) => describePattern(pattern).startsWith('text that matches'))
    expect(wordless.filter((pattern) => pattern !== ofLabels)).toEqual(ofStatus.toSorted())
  })

  test('an unknown pattern is shown as it is', () => {
    expect(describePattern('^x$')).toBe('text that matches ^x$')
  })
})
