/** `fairlead up` as a process of its own, on a copy of the quickstart with free ports. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { envoyBinary } from './envoy-binary.ts'
import { freePort } from './envoy-rig.ts'

const root = join(import.meta.dirname, '..', '..')

/** One line of its log. */
export interface LogEvent {
  readonly msg: string
  readonly [field: string]: unknown
}

/** The ports of the copy, by what they are in the original. */
export interface Ports {
  readonly http: number
  readonly https: number
  readonly backend1: number
  readonly backend2: number
  readonly admin: number
  readonly xds: number
  readonly envoyAdmin: number
}

/** A running `fairlead up`. */
export class UpRig {
  readonly folder: string
  readonly ports: Ports
  readonly events: LogEvent[] = []
  readonly #child: ChildProcessByStdio<null, null, Readable>
  readonly #wakes = new Set<() => void>()
  #hasEnded = false

  private constructor(folder: string, ports: Ports, flags: readonly string[]) {
    this.folder = folder
    this.ports = ports
    const addresses = ['--xds-address', `127.0.0.1:${ports.xds}`, '--admin-address', `127.0.0.1:${ports.admin}`]
    const args = ['up', '-f', join(folder, 'objects'), ...addresses, '--envoy-admin-port', String(ports.envoyAdmin)]
    const env = { ...process.env, FAIRLEAD_ENVOY: envoyBinary(), FAIRLEAD_CACHE: join(folder, 'cache') }
    this.#child = spawn(process.execPath, [join(root, 'src', 'main.ts'), ...args, '--sample-backends', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    })
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#onLine(line))
    this.#child.once('close', () => {
      this.#hasEnded = true
      this.#wake()
    })
  }

  static async start(flags: readonly string[] = [], change: (ports: Ports) => void = () => {}): Promise<UpRig> {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-up-'))
    const [http = 0, https = 0, backend1 = 0, backend2 = 0, admin = 0, xds = 0, envoyAdmin = 0] = await Promise.all(
      Array.from({ length: 7 }, () => freePort()),
    )
    const ports = { http, https, backend1, backend2, admin, xds, envoyAdmin }
    cpSync(join(root, 'examples', 'quickstart'), join(folder, 'objects'), { recursive: true })
    for (const name of readdirSync(join(folder, 'objects'))) {
      const path = join(folder, 'objects', name)
      const text = readFileSync(path, 'utf8')
      const numbers: Readonly<Record<string, number>> = { 8080: http, 8443: https, 9001: backend1, 9002: backend2 }
      writeFileSync(
        path,
        text.replace(/\b(8080|8443|9001|9002)\b/g, (number) => String(numbers[number] ?? number)),
      )
    }
    change(ports)
    return new UpRig(folder, ports, flags)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Changes the text of a file. */
  edit(name: string, from: string | RegExp, to: string): void {
    const path = join(this.folder, 'objects', name)
    const text = readFileSync(path, 'utf8')
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`${name} has no ${String(from)}`)
    writeFileSync(path, changed)
  }

  /** Adds a file. */
  add(name: string, text: string): void {
    writeFileSync(join(this.folder, 'objects', name), text)
  }

  /** The first event from `since` on that `isWanted`; throws when the process ends without one. */
  async event(isWanted: (event: LogEvent) => boolean, since = 0): Promise<LogEvent> {
    for (;;) {
      const found = this.events.slice(since).find(isWanted)
      if (found !== undefined) return found
      if (this.#hasEnded)
        throw new Error(`fairlead ended: ${this.events.map((event) => JSON.stringify(event)).join('\n')}`)
      await new Promise<void>((resolve) => this.#wakes.add(resolve))
    }
  }

  /** Sends a signal and waits for the end. Resolves to the exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close')
      this.#child.kill(signal)
      await closed
    }
    return this.#child.exitCode
  }

  async dispose(): Promise<void> {
    await this.end('SIGINT')
    rmSync(this.folder, { recursive: true, force: true })
  }

  #onLine(line: string): void {
    try {
      const event: unknown = JSON.parse(line)
      if (typeof event === 'object' && event !== null && 'msg' in event)
        this.events.push({ ...event, msg: String(event.msg) })
    } catch {
      this.events.push({ msg: line }) // Not a log line: what a failed start prints.
    }
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
    this.#wakes.clear()
  }
}
