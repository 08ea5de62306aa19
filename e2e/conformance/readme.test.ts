import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ConformanceSummary } from './summary.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('README tells what the last run of the suite said', () => {
  const summary = JSON.parse(read('conformance/summary.json')) as ConformanceSummary
  const readme = read('README.md')
  for (const [name, { core, extended }] of Object.entries(summary.profiles)) {
    const ofAll = ({ passed, failed, skipped }: typeof core) => `${passed} of ${passed + failed + skipped}`
    expect(readme).toContain(`| ${name} | ${ofAll(core)} | ${ofAll(extended)}`)
  }
})
