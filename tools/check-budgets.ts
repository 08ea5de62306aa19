/**
 * Fails on files and functions beyond the hard limits and on any, `!`, enums and silenced compiler errors. Prints the
 * sizes and shares that the conventions name as targets; those never fail.
 *
 *   node tools/check-budgets.ts
 */
import { join } from 'node:path'
import { type FileSizes, measureFile } from './check-budgets/measure.ts'
import { readSources, withParsed } from './source-tree.ts'

/** Hard limits in lines. */
export const limits = { file: 500, function: 80, irFile: 250, irTotal: 1000 }

const isTest = (path: string) => path.endsWith('.test.ts')
const isIr = (path: string) => path.startsWith('src/ir/') && !isTest(path)

/** What is over a hard limit or forbidden, one line each. */
export function budgetProblems(files: readonly FileSizes[]): readonly string[] {
  const problems = files.flatMap((file) => {
    const limit = isIr(file.path) ? limits.irFile : limits.file
    return [
      ...(file.lines > limit ? [`${file.path}: ${file.lines} lines, the limit is ${limit}; split it by concept`] : []),
      ...file.functions
        .filter(({ lines }) => lines > limits.function)
        .map(({ line, lines }) => `${file.path}:${line}: function of ${lines} lines, the limit is ${limits.function}`),
      ...file.forbidden.map(({ line, what }) => `${file.path}:${line}: ${what}`),
    ]
  })
  const irLines = sum(files.filter(({ path }) => isIr(path)).map(({ lines }) => lines))
  if (irLines <= limits.irTotal) return problems
  return [...problems, `src/ir: ${irLines} lines, the limit is ${limits.irTotal}; a feature is leaking into it`]
}

/** The printed part: one line per figure with its target. */
export function budgetReport(files: readonly FileSizes[]): readonly string[] {
  const source = files.filter(({ path }) => path.startsWith('src/') && !isTest(path))
  const tests = files.filter(({ path }) => path.startsWith('src/') && isTest(path))
  const lines = sum(source.map((file) => file.lines))
  const testLines = sum(tests.map((file) => file.lines))
  const perKloc = (count: number) => ((1000 * count) / Math.max(lines, 1)).toFixed(1)
  const spread = (sizes: readonly number[]) => [0.5, 0.95, 1].map((share) => quantile(sizes, share)).join(' / ')
  return [
    `source: ${source.length} files, ${lines} lines; tests: ${tests.length} files, ${testLines} lines`,
    `file median / p95 / max: ${spread(source.map((file) => file.lines))} (target 120 / 350 / 500)`,
    `function median / p95 / max: ${spread(source.flatMap(functionLines))} (target 8 / 40 / 80)`,
    `comment share: ${((100 * sum(source.map((file) => file.commentLines))) / Math.max(lines, 1)).toFixed(0)} % (target 15-25)`,
    `as per kloc: ${perKloc(sum(source.map((file) => file.casts)))} (target 3)`,
    `readonly per kloc: ${perKloc(sum(source.map((file) => file.readonlys)))} (target 25)`,
    `test lines / source lines: ${(testLines / Math.max(lines, 1)).toFixed(2)} (target 1.5-2.5)`,
  ]
}

const functionLines = (file: FileSizes) => file.functions.map(({ lines }) => lines)

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** The value below which `share` of the numbers lie; 0 of none. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

if (import.meta.main) {
  const texts = readSources(join(import.meta.dirname, '..'), ['src', 'tools', 'bench', 'fuzz', 'e2e'])
  const files = withParsed(texts, (parsed) => parsed.map(measureFile))
  for (const line of budgetReport(files)) process.stdout.write(`${line}\n`)
  const problems = budgetProblems(files)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
