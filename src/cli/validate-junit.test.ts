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
})
