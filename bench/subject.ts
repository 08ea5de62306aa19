/** A process that is measured and takes commands over IPC: the control plane, or the server of one plain table. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { WorkloadOptions } from '../src/testing/workload.ts'

export interface StartOptions {
  readonly workload: WorkloadOptions
  readonly count: number
  readonly xdsPort: number
  /** The binary of the Envoy that the program starts. */
  readonly envoy: string
  /** Objects are read from the files of this folder, and edits are edits of files. Default: they are injected. */
  readonly folder?: string | undefined
}

export type Command =
  | { readonly kind: 'start'; readonly options: StartOptions }
  /** One edit of a route. Answered at once. */
  | { readonly kind: 'edit'; readonly index: number; readonly stamp: string }
  /** Edits one after another, each when the one before was acknowledged. */
  | { readonly kind: 'edits'; readonly indexes: readonly number[]; readonly stamp: string }
  /** Edits without a pause, one a turn of the event loop. Answered when the last is injected. */
  | { readonly kind: 'burst'; readonly indexes: readonly number[]; readonly stamp: string }
  /** Ends the Envoy; the process itself goes with the connection to its parent. */
  | { readonly kind: 'stop' }
  /** Endpoint changes one after another, each when the one before was acknowledged. */
  | { readonly kind: 'endpoints'; readonly indexes: readonly number[] }

/** What a command answers. Times are of the clock that all processes share. */
export interface Reply {
  /** When the change, or the last of several, went in. */
  readonly injectedMs: number
  /** Time from each change to its acknowledgement. */
  readonly ackedMs: readonly number[]
  /** CPU time that the process used for the command. */
  readonly cpuMs: number
  /** Bytes written to proxies during the command, framing included. */
  readonly sentBytes: number
  readonly envoyPid: number
}

export type SubjectProgram = 'control-plane' | 'plain-table'

interface Request {
  readonly id: number
  readonly command: Command
}

type Message = { readonly id: number; readonly reply: Reply } | { readonly id: number; readonly error: string }

/** A program of this folder in a process of its own. */
export class Subject {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>()
  #lastId = 0

  constructor(program: SubjectProgram, execArgv: readonly string[] = []) {
    this.#child = fork(join(import.meta.dirname, `${program}.ts`), {
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message) => this.#take(message as Message))
    this.#child.once('exit', (code, signal) => {
      const error = new Error(`${program} ended with ${signal ?? `code ${code}`}`)
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
  }

  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error('the process did not start')
    return pid
  }

  send(command: Command): Promise<Reply> {
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<Reply>()
    this.#waiting.set(id, waiting)
    const request: Request = { id, command }
    this.#child.send(request)
    return waiting.promise
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    await this.send({ kind: 'stop' })
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }

  #take(message: Message): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) waiting?.reject(new Error(message.error))
    else waiting?.resolve(message.reply)
  }
}

/** What a measured program does. */
export interface Driver {
  start(options: StartOptions): Promise<void>
  /** Begins a change and returns at once. */
  edit(index: number, stamp: string): void
  setEndpoints(index: number, addresses: readonly string[]): void
  /** Resolves when the proxy has acknowledged the next response. */
  nextAck(): Promise<void>
  sentBytes(): number
  envoyPid(): number
  /** Ends the Envoy. */
  stop(): Promise<void>
}
