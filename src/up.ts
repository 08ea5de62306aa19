/** `fairlead up`: a control plane that runs until it is told to stop. */
import type { Config } from './config.ts'
import { exitCodes } from './cli/flags.ts'
import { LogReporter } from './cli/log-reporter.ts'
import type { Reporter } from './cli/reporter.ts'
import { Screen } from './cli/screen.ts'
import { runControlPlane } from './control-plane.ts'
import { createLogger, type Logger } from './lib/logger.ts'

/** Serves until `stopped` resolves, then ends what it started. Resolves to the exit code. */
export async function runUp(config: Config, stopped: Promise<void>): Promise<number> {
  const { reporter, logger } = outputOf(config)
  const running = await runControlPlane(config, { reporter, logger })
  if (!running.ok) {
    process.stderr.write(`${running.error}\n`)
    return exitCodes.failed
  }
  await stopped
  await running.value.stop()
  return exitCodes.ok
}

function outputOf({ output, logLevel }: Config): { readonly reporter: Reporter; readonly logger: Logger } {
  if (output === 'json') {
    const logger = createLogger({ level: logLevel, format: 'json' })
    return { logger, reporter: new LogReporter(logger.child({ component: 'up' })) }
  }
  const colour = process.stdout.isTTY === true && process.stdout.hasColors() && process.env.NO_COLOR === undefined
  // The screen tells what changes and what is refused; the log on it is for what is our fault, unless more is asked for.
  const level = logLevel === 'info' ? 'error' : logLevel
  const logger = createLogger({ level, format: 'pretty', colour })
  return { logger, reporter: new Screen((text) => void process.stdout.write(text), colour) }
}
