/** `fairlead controller` as a process of its own, with the rights that an installation gives it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { freePort } from '../../src/testing/envoy-rig.ts'
import { until } from '../../src/testing/envoy-rig.ts'
import { nowMs } from '../processes.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const startTimeoutMs = 300_000

export interface ControllerOptions {
  readonly kubeconfig: string
  readonly xdsPort: number
  /** Folder for a CPU profile. */
  readonly profile?: string | undefined
}

/** One run of it. */
export class Controller {
  readonly pid: number
  readonly begunMs = nowMs()
  readonly #child: ChildProcess
  readonly #probePort: number
  /** How often each message was logged, by `level: message`. */
  readonly logged = new Map<string, number>()
  #rest = ''

  private constructor(child: ChildProcess, probePort: number) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.#probePort = probePort
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  static async start({ kubeconfig, xdsPort, profile }: ControllerOptions): Promise<Controller> {
    const [probePort, adminPort] = [await freePort(), await freePort()]
    const nodeFlags = [
      '--max-semi-space-size=4',
      ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
    ]
    const xds = `127.0.0.1:${xdsPort}`
    const flags = ['--kubeconfig', kubeconfig, '--xds-address', xds, '--xds-host', xds]
    const admin = ['--probe-address', `127.0.0.1:${probePort}`, '--admin-address', `127.0.0.1:${adminPort}`]
    const child = spawn(process.execPath, [...nodeFlags, main, 'controller', ...flags, ...admin], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    })
    await once(child, 'spawn')
    return new Controller(child, probePort)
  }

  /** Time from its start until it said that it was ready. */
  async readyMs(): Promise<number> {
    await until(
      () => this.#get('/readyz'),
      (status) => status === '200',
      { what: 'readiness', timeoutMs: startTimeoutMs },
    )
    return nowMs() - this.begunMs
  }

  /** Sum of the series of a metric, by the labels that are asked for. */
  async sum(name: string, labels = ''): Promise<number> {
    const text = await this.#text('/metrics')
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    return lines
      .filter((line) => line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** SIGTERM; time until the process was gone. */
  async stop(): Promise<number> {
    const begunMs = nowMs()
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await exited
    }
    return nowMs() - begunMs
  }

  async #get(path: string): Promise<string> {
    try {
      return String((await fetch(`http://127.0.0.1:${this.#probePort}${path}`)).status)
    } catch {
      return 'does not listen' // It has not come so far.
    }
  }

  async #text(path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#probePort}${path}`)).text()
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const { level, msg } = Object(JSON.parse(line))
      const key = `${level}: ${msg}`
      this.logged.set(key, (this.logged.get(key) ?? 0) + 1)
    }
  }
}
