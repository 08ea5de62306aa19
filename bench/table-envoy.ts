/** The Envoy that is served by one plain table: the bootstrap of the product, and a listener of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bootstrap, buildBootstrap } from '../src/infra/bootstrap.ts'
import { gatewayKey } from '../src/ir/names.ts'
import { overloadDefaults, statsInclusion } from '../src/translate/edge-defaults.ts'

/** Name of the one RouteConfiguration of the server of a plain table. */
export const tableName = 'table'

const extensions = 'type.googleapis.com/envoy.extensions.'

export interface TableEnvoy {
  readonly pid: number
  stop(): Promise<void>
}

export interface TableEnvoyOptions {
  readonly binary: string
  readonly xdsPort: number
  /** What it listens on. */
  readonly port: number
}

/** Starts it; it is not ready yet. */
export async function startTableEnvoy(options: TableEnvoyOptions): Promise<TableEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const config = join(folder, 'bootstrap.json')
  writeFileSync(config, JSON.stringify(bootstrapOf(options, folder)))
  const args = ['--config-path', config, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
  const child = spawn(options.binary, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  await once(child, 'spawn')
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function bootstrapOf({ xdsPort, port }: TableEnvoyOptions, folder: string): Bootstrap {
  const bootstrap = buildBootstrap({
    gateway: gatewayKey('bench', 'edge'),
    nodeId: 'bench',
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { kind: 'unix', path: join(folder, 'admin.sock') },
    stats: statsInclusion,
    limits: overloadDefaults,
  })
  const { static_resources: resources, dynamic_resources: dynamic } = bootstrap
  return {
    ...bootstrap,
    dynamic_resources: { ...Object(dynamic), lds_config: undefined },
    static_resources: { ...Object(resources), listeners: [tableListener(port)] },
  }
}

/** A listener whose routes are one plain table by RDS. */
function tableListener(port: number): Readonly<Record<string, unknown>> {
  const source = { ads: {}, resource_api_version: 'V3' }
  const manager = {
    '@type': `${extensions}filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'table',
    rds: { route_config_name: tableName, config_source: source },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${extensions}filters.http.router.v3.Router` },
      },
    ],
  }
  return {
    name: 'table',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  }
}
