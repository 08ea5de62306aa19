/** Problems as a JUnit report, which CI systems show as tests: a suite for each file, a case for each object in it. */
import { describeObject } from '../lib/object-ref.ts'
import { compareBy } from '../lib/sorted.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import { sentence } from './validate-sarif.ts'

/** What is known about one object of a file; `name` is that of the file for what is about no object. */
interface Case {
  readonly name: string
  readonly problems: readonly Diagnostic[]
}

/** An object that was read. */
export interface ReadObject {
  readonly file: string
  /** `HTTPRoute shop/orders`. */
  readonly name: string
}

/** The report as XML. Errors fail their case, warnings are its output; an object without either passes. */
export function junitReport(objects: readonly ReadObject[], problems: readonly Diagnostic[]): string {
  const files = new Map<string, Map<string, Diagnostic[]>>()
  const caseOf = (file: string, name: string): Diagnostic[] => {
    const cases = files.get(file) ?? new Map<string, Diagnostic[]>()
    files.set(file, cases)
    const known = cases.get(name) ?? []
    cases.set(name, known)
    return known
  }
  for (const { file, name } of objects) caseOf(file, name)
  for (const problem of problems) caseOf(problem.file, nameOf(problem)).push(problem)
  const suites = inOrder(files).map(([file, cases]) =>
    suite(
      file,
      inOrder(cases).map(([name, own]) => ({ name, problems: own })),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="fairlead validate">\n${suites.join('')}</testsuites>\n`
}

function inOrder<V>(byName: ReadonlyMap<string, V>): readonly (readonly [string, V])[] {
  return [...byName].sort(compareBy(([name]) => name))
}

function nameOf({ object, file }: Diagnostic): string {
  return object === undefined ? file : describeObject(object)
}

function suite(file: string, cases: readonly Case[]): string {
  const failures = cases.filter(({ problems }) => problems.some(({ severity }) => severity === 'error')).length
  const head = `<testsuite name=${quoted(file)} tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`
  return `  ${head}\n${cases.map((one) => testCase(file, one)).join('')}  </testsuite>\n`
}

function testCase(file: string, { name, problems }: Case): string {
  const attributes = `classname=${quoted(file)} name=${quoted(name)}`
  if (problems.length === 0) return `    <testcase ${attributes}/>\n`
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  const failure =
    errors[0] === undefined
      ? ''
      : `      <failure type=${quoted(errors[0].reason)} message=${quoted(sentence(errors[0]))}>${lines(errors)}</failure>\n`
  const output = warnings.length === 0 ? '' : `      <system-out>${lines(warnings)}</system-out>\n`
  return `    <testcase ${attributes}>\n${failure}${output}    </testcase>\n`
}

function lines(problems: readonly Diagnostic[]): string {
  return escaped(problems.map((one) => `${one.file}:${one.line}:${one.column}: ${sentence(one)}`).join('\n'))
}

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/** XML 1.0 has no place for other control characters, escaped or not. */
function escaped(text: string): string {
  return text
    .replace(/[<>&"]/g, (character) => entities[character] ?? '')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}
