import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bootstrap, buildBootstrap } from '../src/infra/bootstrap.ts'
import { gatewayKey } from '../src/ir/names.ts'
import { overloadDefaults, statsInclusion } from '../src/translate/edge-defaults.ts'
import { tableListener } from './table-envoy.ts'

/** The Envoy that is measured: one worker, the bootstrap of the product. */
export interface BenchEnvoy {
  readonly pid: number
  stop(): Promise<void>
}

export interface BenchEnvoyOptions {
  readonly binary: string
  readonly xdsPort: number
  /** Serve one plain table on this port instead of what a Gateway says. */
  readonly tablePort?: number | undefined
  readonly verbose: boolean
}

/** Starts it; it is not ready yet. */
export async function startBenchEnvoy(options: BenchEnvoyOptions): Promise<BenchEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const config = join(folder, 'bootstrap.json')
  writeFileSync(config, JSON.stringify(bootstrapOf(options, folder)))
  const args = ['--config-path', config, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning']
  const child = spawn(options.binary, args, { stdio: ['ignore', 'ignore', options.verbose ? 'inherit' : 'ignore'] })
  await once(child, 'spawn')
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function bootstrapOf({ xdsPort, tablePort }: BenchEnvoyOptions, folder: string): Bootstrap {
  const bootstrap = buildBootstrap({
    gateway: gatewayKey('bench', 'edge'),
    nodeId: 'bench',
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { kind: 'unix', path: join(folder, 'admin.sock') },
    stats: statsInclusion,
    limits: overloadDefaults,
  })
  if (tablePort === undefined) return bootstrap
  const { static_resources: resources, dynamic_resources: dynamic } = bootstrap
  return {
    ...bootstrap,
    dynamic_resources: { ...Object(dynamic), lds_config: undefined },
    static_resources: { ...Object(resources), listeners: [tableListener(tablePort)] },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
