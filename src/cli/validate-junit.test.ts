import { describe, expect, test } from 'vitest'
import { junitReport } from './validate-junit.ts'

describe('junitReport', () => {
  test('writes no character that XML has no place for', () => {
    const report = junitReport(
      [],
      [
        {
          severity: 'error',
          file: 'a&b.yaml',
          line: 1,
          column: 1,
          reason: 'InvalidYaml',
          message: 'a\u0000<\ud800>\u{1f600}',
        },
      ],
    )
    expect(report).toContain('message="a\ufffd&lt;\ufffd&gt;\u{1f600}"')
    expect(report).toContain('name="a&amp;b.yaml"')
  })

  test('counts a case once, however many errors it has', () => {
    const problem = { severity: 'error', file: 'a', line: 1, column: 1, reason: 'InvalidYaml', message: 'x' } as const
    expect(junitReport([], [problem, problem])).toContain('tests="1" failures="1"')
  })

  test('has a suite for each file and a case for each object, in order, with its own problems', () => {
    const problem = { severity: 'error', line: 1, column: 1, reason: 'InvalidYaml', message: 'x' } as const
    const object = { group: 'g', kind: 'HTTPRoute', namespace: 'shop' }
    const report = junitReport(
      [
        { file: 'b', name: 'HTTPRoute shop/two' },
        { file: 'b', name: 'HTTPRoute shop/one' },
        { file: 'a', name: 'HTTPRoute shop/three' },
      ],
      [
        { ...problem, file: 'b', object: { ...object, name: 'two' } },
        { ...problem, file: 'b', severity: 'warning', object: { ...object, name: 'one' } },
      ],
    )
    const marks = report.match(/<testsuite name="."[^>]*>|<testcase [^>]*>|<failure|<system-out/g)
    expect(marks).toEqual([
      '<testsuite name="a" tests="1" failures="0" errors="0" skipped="0">',
      '<testcase classname="a" name="HTTPRoute shop/three"/>',
      '<testsuite name="b" tests="2" failures="1" errors="0" skipped="0">',
      '<testcase classname="b" name="HTTPRoute shop/one">',
      '<system-out',
      '<testcase classname="b" name="HTTPRoute shop/two">',
      '<failure',
    ])
  })
})
