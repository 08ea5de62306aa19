/** One Envoy for many object sets, with the bootstrap of the product: started once, and its end is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bootstrap, buildBootstrap } from '../src/infra/bootstrap.ts'
import { gatewayKey } from '../src/ir/names.ts'
import { envoyBinary } from '../src/testing/envoy-binary.ts'
import { overloadDefaults, statsInclusion } from '../src/translate/edge-defaults.ts'

/** An Envoy that serves Gateway `default/gw`. */
export interface FuzzedProxy {
  readonly pid: number
  /** How it ended; undefined while it runs. */
  ended(): string | undefined
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>
  /** The last it wrote. */
  log(): string
  rssMib(): number
  stop(): Promise<void>
}

const maxLogChars = 100_000

/** Changes the bootstrap, to see that what then goes wrong is found. */
export type Tamper = (bootstrap: Bootstrap) => Bootstrap

/** Starts it; its admin interface is a socket in a folder of its own, so that it takes no port. */
export async function startProxy(xdsPort: number, tamper: Tamper = (same) => same): Promise<FuzzedProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-fuzz-'))
  const config = join(folder, 'bootstrap.json')
  const bootstrap = buildBootstrap({
    gateway: gatewayKey('default', 'gw'),
    nodeId: 'fuzz',
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { kind: 'unix', path: join(folder, 'admin.sock') },
    stats: statsInclusion,
    limits: overloadDefaults,
  })
  writeFileSync(config, JSON.stringify(tamper(bootstrap)))
  // Replaced listeners go within a second: thousands of them would else stand for ten minutes.
  const drain = ['--drain-strategy', 'immediate', '--drain-time-s', '1']
  const args = ['-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'warning', ...drain]
  const child = spawn(envoyBinary(), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-maxLogChars)
  })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  return {
    pid,
    exited: once(child, 'exit'),
    ended: () => endOf(child),
    log: () => log,
    rssMib: () => rssOf(pid),
    stop: async () => {
      await kill(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function endOf({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (signalCode !== null) return `signal ${signalCode}`
  return exitCode === null ? undefined : `exit code ${exitCode}`
}

async function kill(child: ChildProcess): Promise<void> {
  if (endOf(child) !== undefined) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? '0') / 1024)
}
