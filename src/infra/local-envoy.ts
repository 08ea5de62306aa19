import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import type { Logger } from '../lib/logger.ts'
import type { Bootstrap } from './bootstrap.ts'
import { type EnvoyLine, envoyLogFormat, parseEnvoyLine } from './envoy-log.ts'

/** What one Envoy on this machine needs. */
export interface LocalEnvoyOptions {
  readonly binary: string
  readonly bootstrap: Bootstrap
  /** Folder of its own: bootstrap.json is written there, and it goes with `stop`. */
  readonly folder: string
  /** Worker threads. */
  readonly concurrency: number
  readonly logger: Logger
  /** Called when it has started (`pid`), and when it has ended without being asked to. */
  onChange?(change: EnvoyChange): void
  /** Pauses between starts and how long `stop` waits before it kills. */
  readonly limits?: Partial<SuperviseLimits> | undefined
}

/** A start or an end. */
export type EnvoyChange =
  | { readonly kind: 'started'; readonly pid: number }
  | {
      readonly kind: 'ended'
      /** `exit code 1`, `signal SIGKILL`, or why it could not be started. */
      readonly how: string
      /** The last thing it complained about. */
      readonly reason?: string | undefined
      readonly restartInMs: number
    }

/** Times in which an Envoy is started again and ended. */
export interface SuperviseLimits {
  readonly firstRestartMs: number
  readonly longestRestartMs: number
  /** After running for so long, the next restart is quick again. */
  readonly settledMs: number
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

const defaultLimits: SuperviseLimits = {
  firstRestartMs: 100,
  longestRestartMs: 10_000,
  settledMs: 10_000,
  graceMs: 5_000,
}

/**
 * Becomes Envoy, and leaves a watcher behind that reads a pipe from us: when the pipe closes without a word, we are gone
 * (even by SIGKILL), and the watcher ends Envoy. A word means that Envoy ended first, so its pid may be another's now.
 */
const startScript = `
( read -r word <&3 && exit 0
  kill -TERM $$; i=0
  while [ $i -lt 50 ] && kill -0 $$; do sleep 0.1; i=$((i + 1)); done
  kill -KILL $$ ) >/dev/null 2>&1 </dev/null &
exec "$@" 3<&-`

/** One Envoy of this machine that is started again whenever it ends, until it is stopped. */
export class LocalEnvoy {
  readonly #options: LocalEnvoyOptions
  readonly #limits: SuperviseLimits
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #restart: NodeJS.Timeout | undefined
  #quickEnds = 0
  #lastComplaint: string | undefined
  #isStopping = false

  constructor(options: LocalEnvoyOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Writes the bootstrap and starts Envoy. */
  start(): void {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.#options.folder, 'bootstrap.json'), JSON.stringify(this.#options.bootstrap, undefined, 2))
    this.#spawn()
  }

  /** Ends Envoy, first politely, and removes its folder. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#restart)
    const child = this.#child
    if (child !== undefined) {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), this.#limits.graceMs)
      await this.#ended
      clearTimeout(kill)
    }
    rmSync(this.#options.folder, { recursive: true, force: true })
  }

  #spawn(): void {
    const { binary, folder, concurrency } = this.#options
    const command = [
      binary,
      ...['--config-path', join(folder, 'bootstrap.json'), '--concurrency', String(concurrency)],
      ...['--disable-hot-restart', '--log-level', 'info', '--log-format', envoyLogFormat],
      // A connection of a replaced listener is closed with its next answer, not some time within ten minutes: what it
      // is routed by is old.
      ...['--drain-strategy', 'immediate'],
    ]
    // Detached: Ctrl-C in the terminal reaches us alone, and we end it in order.
    const child = spawn('/bin/sh', ['-c', startScript, 'sh', ...command], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const startedAtMs = performance.now()
    this.#child = child
    this.#lastComplaint = undefined
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => this.#onLine(parseEnvoyLine(line)))
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) this.#onEnd(error.message, startedAtMs, resolve)
      })
      child.once('exit', () => releaseWatcher(child))
      // After the last line that it wrote was read.
      child.once('close', (code, signal) => {
        this.#onEnd(signal === null ? `exit code ${code}` : `signal ${signal}`, startedAtMs, resolve)
      })
    })
    if (child.pid !== undefined) this.#options.onChange?.({ kind: 'started', pid: child.pid })
  }

  #onLine({ level, logger, message }: EnvoyLine): void {
    if (level === 'error' || level === 'warn') this.#lastComplaint = message
    this.#options.logger[level]({ logger, pid: this.pid, said: message }, 'envoy says')
  }

  #onEnd(how: string, startedAtMs: number, resolve: () => void): void {
    this.#child = undefined
    resolve()
    if (this.#isStopping) return
    const hadSettled = performance.now() - startedAtMs >= this.#limits.settledMs
    this.#quickEnds = hadSettled ? 0 : this.#quickEnds + 1
    const { firstRestartMs, longestRestartMs } = this.#limits
    const restartInMs = Math.min(firstRestartMs * 2 ** Math.max(0, this.#quickEnds - 1), longestRestartMs)
    this.#restart = setTimeout(() => this.#spawn(), restartInMs)
    this.#options.onChange?.({ kind: 'ended', how, reason: this.#lastComplaint, restartInMs })
  }
}

/** Tells the watcher that Envoy has ended and that there is nothing to end any more. */
function releaseWatcher(child: ChildProcess): void {
  const pipe = child.stdio[3]
  if (isWritable(pipe)) {
    pipe.on('error', () => {}) // The watcher is gone already: there is nobody to tell.
    pipe.end('ended\n')
  }
}

function isWritable(stream: unknown): stream is Writable {
  return typeof stream === 'object' && stream !== null && 'end' in stream && typeof stream.end === 'function'
}
