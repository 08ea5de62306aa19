// Gets everything that a command needs, then runs it. Runs on Node 20 and uses nothing that has to be installed. Quiet
// and fast when all is there.
//
//   node tools/setup.mjs [--no-envoy] [-- FILE.ts ARGS...]
import { setUpAndRun } from './setup/main.mjs'

const args = process.argv.slice(2)
const border = args.includes('--') ? args.indexOf('--') : args.length
const options = args.slice(0, border)
const unknown = options.find((option) => option !== '--no-envoy')
if (unknown === undefined) {
  await setUpAndRun(args.slice(border + 1), { envoy: !options.includes('--no-envoy') })
} else {
  process.stderr.write(`unknown option ${unknown}; known: --no-envoy, and -- before the command to run\n`)
  process.exitCode = 2
}
