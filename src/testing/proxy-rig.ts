/** An Envoy that runs from a bootstrap of ours, for tests of the bootstrap itself. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bootstrap, type BootstrapOptions, buildBootstrap } from '../infra/bootstrap.ts'
import { LocalEnvoy } from '../infra/local-envoy.ts'
import { gatewayKey } from '../ir/names.ts'
import { silentLogger } from '../lib/logger.ts'
import { overloadDefaults, statsInclusion } from '../translate/edge-defaults.ts'
import { envoyBinary } from './envoy-binary.ts'
import { freePort } from './envoy-rig.ts'

/** An Envoy of the Gateway infra/edge. */
export interface RunningProxy {
  readonly adminPort: number
  stop(): Promise<void>
}

/** Starts one. `options` are those that a test is about; `change` may add to the bootstrap. */
export async function startProxy(
  options: Pick<BootstrapOptions, 'xds' | 'health'>,
  change: (bootstrap: Bootstrap) => Bootstrap = (bootstrap) => bootstrap,
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-proxy-'))
  const adminPort = await freePort()
  const bootstrap = buildBootstrap({
    gateway: gatewayKey('infra', 'edge'),
    nodeId: 'infra/edge-0',
    admin: { kind: 'loopback', port: adminPort },
    stats: statsInclusion,
    limits: overloadDefaults,
    ...options,
  })
  const envoy = new LocalEnvoy({
    binary: envoyBinary(),
    bootstrap: change(bootstrap),
    folder,
    concurrency: 1,
    logger: silentLogger(),
  })
  envoy.start()
  return {
    adminPort,
    stop: async () => {
      await envoy.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
