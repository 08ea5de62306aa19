/**
 * Everything that must hold before tests are worth running: format and lint, types, layers, budgets, words, licences.
 * Runs all of it and fails at the end, so that one run shows everything.
 *
 *   node tools/check.ts
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules', '.bin', name)

const checks: readonly (readonly [title: string, program: string, args: readonly string[]])[] = [
  ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
  ['types', bin('tsc'), ['-p', '.']],
  ['layers', process.execPath, ['tools/check-layers.ts']],
  ['budgets', process.execPath, ['tools/check-budgets.ts']],
  ['words', process.execPath, ['tools/check-words.ts']],
  ['licences', process.execPath, ['tools/check-licences.ts']],
]

const failed = checks.filter(([title, program, args]) => {
  const startedAt = performance.now()
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (error !== undefined) process.stdout.write(`${error.message}\n`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? 'ok' : 'FAILED'} ${title} (${seconds} s)\n`)
  return status !== 0
})

if (failed.length > 0) {
  process.stdout.write(`failed: ${failed.map(([title]) => title).join(', ')}\n`)
  process.exitCode = 1
}
