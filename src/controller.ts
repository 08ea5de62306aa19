/** `fairlead controller`: the control plane of a cluster, until it is told to stop. */
import { exitCodes } from './cli/flags.ts'
import { startClusterPlane } from './cluster-plane.ts'
import type { ControllerConfig } from './controller-config.ts'
import { createLogger } from './lib/logger.ts'

/** Serves until `stopped` resolves, then ends what it started; proxies run on. Resolves to the exit code. */
export async function runController(
  config: ControllerConfig,
  { version, stopped }: { readonly version: string; readonly stopped: Promise<void> },
): Promise<number> {
  const logger = createLogger({ level: config.logLevel, format: 'json' })
  const { namespace, controllerName, identity, envoyImage } = config
  logger.info({ version, node: process.version, namespace, controllerName, identity, envoyImage }, 'starting')
  const running = await startClusterPlane(config, logger)
  if (!running.ok) {
    process.stderr.write(`${running.error}\n`)
    return exitCodes.failed
  }
  await stopped
  logger.info('stopping')
  await running.value.stop()
  return exitCodes.ok
}
