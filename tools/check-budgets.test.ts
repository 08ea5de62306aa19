import { describe, expect, test } from 'vitest'
import { measureFile } from './check-budgets/measure.ts'
import { budgetProblems, budgetReport } from './check-budgets.ts'
import { type SourceTexts, withParsed } from './source-tree.ts'

const measure = (texts: SourceTexts) => withParsed(texts, (files) => files.map(measureFile))
const problems = (texts: SourceTexts) => budgetProblems(measure(texts))
const linesOf = (count: number) => 'let a\n'.repeat(count)
const functionOf = (lines: number) => `export function f() {\n${'  g()\n'.repeat(lines - 2)}}\n`

describe('budgetProblems', () => {
  test('a file of 500 lines passes and one of 501 does not', () => {
    expect(problems({ 'src/lib/a.ts': linesOf(500) })).toEqual([])
    expect(problems({ 'src/lib/a.ts': linesOf(501) })).toEqual([
      'src/lib/a.ts: 501 lines, the limit is 500; split it by concept',
    ])
  })

  test('a function of 80 lines passes and one of 81 does not', () => {
    expect(problems({ 'src/lib/a.ts': functionOf(80) })).toEqual([])
    expect(problems({ 'src/lib/a.ts': `// first\n${functionOf(81)}` })).toEqual([
      'src/lib/a.ts:2: function of 81 lines, the limit is 80',
    ])
  })

  test.each(['const f = () => {', 'class A { f() {', 'const a = { f() {'])('%j starts a function', (head) => {
    const tail = head.startsWith('const f') ? '}' : '}}'
    expect(problems({ 'src/lib/a.ts': `${head}\n${'g()\n'.repeat(80)}${tail}` })).toHaveLength(1)
  })

  test.each(["describe('x', () => {", "describe.each([1])('x', () => {"])(
    'the callback of %j may be longer',
    (head) => {
      expect(problems({ 'src/lib/a.test.ts': `${head}\n${'g()\n'.repeat(100)}})` })).toEqual([])
      expect(problems({ 'src/lib/a.test.ts': `test('x', () => {\n${'g()\n'.repeat(100)}})` })).toHaveLength(1)
    },
  )

  test('a file of the IR has 250 lines and all of it 1,000', () => {
    expect(problems({ 'src/ir/a.ts': linesOf(251) })).toHaveLength(1)
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => [`src/ir/${name}.ts`, linesOf(201)])
    expect(problems(Object.fromEntries(files))).toEqual([
      'src/ir: 1005 lines, the limit is 1000; a feature is leaking into it',
    ])
  })

  test.each([
    ['const a: any = 1', 'any'],
    ['const a = b!', 'non-null assertion (!)'],
    ['enum A { B }', 'enum'],
    ['namespace A { export const b = 1 }', 'namespace'],
    ['// @ts-ignore', 'a comment that silences the compiler'],
    ['// @ts-expect-error', 'a comment that silences the compiler'],
  ])('%j is refused', (text, what) => {
    expect(problems({ 'src/lib/a.ts': `\n${text}\nconst b = 1` })).toEqual([`src/lib/a.ts:2: ${what}`])
  })

  test('words in strings and negations are not refused', () => {
    expect(problems({ 'src/lib/a.ts': "const a = ['any', !b, 'enum', '@ts-ignore', b != c]" })).toEqual([])
  })

  test('a test may assert that something does not compile', () => {
    expect(problems({ 'src/lib/a.test.ts': '// @ts-expect-error a number is no name\nconst b = 1' })).toEqual([])
  })
})

describe('budgetReport', () => {
  test('shares are counted over source without tests', () => {
    const source =
      '// why\nconst a = { b: 1 } as const\nconst c = a as unknown as D\nfunction f(x: readonly D[]) {\n}\n'
    expect(budgetReport(measure({ 'src/lib/a.ts': source, 'src/lib/a.test.ts': linesOf(10) }))).toEqual([
      'source: 1 files, 5 lines; tests: 1 files, 10 lines',
      'file median / p95 / max: 5 / 5 / 5 (target 120 / 350 / 500)',
      'function median / p95 / max: 2 / 2 / 2 (target 8 / 40 / 80)',
      'comment share: 20 % (target 15-25)',
      'as per kloc: 400.0 (target 3)',
      'readonly per kloc: 200.0 (target 25)',
      'test lines / source lines: 2.00 (target 1.5-2.5)',
    ])
  })

  test('nothing at all is reported as zeros', () => {
    expect(budgetReport([])[1]).toBe('file median / p95 / max: 0 / 0 / 0 (target 120 / 350 / 500)')
  })
})
