/** The program: arguments in, exit code out. Only `up` and `controller` load a control plane. */
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import type { ControllerFlags, UpFlags } from './cli/flags.ts'
import { exitCodes } from './cli/flags.ts'
import { runCli } from './cli/main.ts'

/** `GatewayClass.spec.controllerName` of what is served here. */
const controllerName = 'fairlead.dev/gateway-controller'

/** Time in which what was written last goes out. */
const lingerMs = 200

async function up(flags: UpFlags): Promise<number> {
  const { readConfig } = await import('./config.ts')
  const isTerminal = process.stdout.isTTY === true
  const config = readConfig(flags, process.env, { isTerminal, controllerName })
  if (!config.ok) {
    for (const problem of config.error) process.stderr.write(`${problem}\n`)
    return exitCodes.usage
  }
  const { runUp } = await import('./up.ts')
  return runUp(config.value, stopSignal())
}

async function controller(flags: ControllerFlags): Promise<number> {
  const { readControllerConfig } = await import('./controller-config.ts')
  const config = readControllerConfig(flags, controllerName)
  if (!config.ok) {
    for (const problem of config.error) process.stderr.write(`${problem}\n`)
    return exitCodes.usage
  }
  const { runController } = await import('./controller.ts')
  const code = await runController(config.value, { version: version(), stopped: stopSignal() })
  // A connection that is only being made, to an API server that hangs, can be ended by nothing else.
  setTimeout(() => process.exit(code), lingerMs).unref()
  return code
}

/** Resolves when we are asked to stop. A second signal ends us at once. */
async function stopSignal(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  await Promise.race(signals.map((signal) => once(process, signal)))
  for (const signal of signals) process.once(signal, () => process.exit(exitCodes.failed))
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof file === 'object' && file !== null && 'version' in file ? String(file.version) : 'unknown'
}

process.exitCode = await runCli(process.argv.slice(2), {
  version: version(),
  controllerName,
  terminal: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
  up,
  controller,
})
