import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPath, type PathSegment, parsePath } from './field-path.ts'

describe('field paths', () => {
  test.each<[readonly PathSegment[], string]>([
    [[], ''],
    [['spec', 'rules', 0, 'matches', 1, 'path'], 'spec.rules[0].matches[1].path'],
    [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
    [['data', 'tls.crt'], 'data["tls.crt"]'],
    [['data', '7'], 'data["7"]'],
  ])('%j is written %s', (segments, path) => {
    expect(formatPath(segments)).toBe(path)
    expect(parsePath(path)).toEqual(segments)
  })

  test('every path survives writing and reading', () => {
    const segment = fc.oneof(fc.string(), fc.nat(999))
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments)
      }),
    )
  })

  test('what cannot be read is left out', () => {
    expect(parsePath('spec.rules[x].path')).toEqual(['spec', 'rules'])
  })
})
