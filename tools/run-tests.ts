/**
 * Runs the tests and ends with the line `N passed, N failed` alone on a line (`, N skipped` after it if there are any).
 *
 *   node tools/run-tests.ts [--project=NAME] [words that the path of a test file holds]
 */
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'
import { plainProjects } from '../vitest.config.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { project: { type: 'string', multiple: true, default: plainProjects } },
})
const vitest = await startVitest('test', positionals, { run: true, watch: false, project: values.project })
const modules = vitest.state.getTestModules()
const tests = modules.flatMap((module) => [...module.children.allTests()])
const count = (state: string) => tests.filter((test) => test.result().state === state).length
// A file that cannot be loaded and a set-up that fails have no failed test, and an error outside of a test belongs to
// none: each is one failure.
const groups = modules.flatMap((module) => [module, ...module.children.allSuites()])
const broken = groups.filter((group) => group.errors().length > 0).length + vitest.state.getUnhandledErrors().length
const failed = count('failed') + broken
const skipped = count('skipped')
await vitest.close()
if (failed > 0 || tests.length === 0) process.exitCode = 1
process.stdout.write(`\n${count('passed')} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`)
process.exit()
