import { type ChildProcess, spawn } from 'node:child_process'

/** How much of what it printed is kept for the message when it fails. */
const keptCharacters = 20_000

/**
 * A long-running program of a test. It can be started again after it was stopped, and never outlives this process: the
 * kernel ends it when this process dies, however that happens.
 */
export class Daemon {
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()
  #printed = ''

  constructor(program: string, args: readonly string[]) {
    this.#program = program
    this.#args = args
  }

  /** The last of what it printed. */
  get printed(): string {
    return this.#printed
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Does nothing while it runs. */
  start(): void {
    if (this.#child !== undefined) return
    const args = ['--pdeathsig', 'SIGKILL', this.#program, ...this.#args]
    const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const take = (text: string) => {
      this.#printed = (this.#printed + text).slice(-keptCharacters)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => take(`${error.message}\n`))
    this.#child = child
    this.#gone = new Promise((resolve) => {
      child.on('close', () => {
        if (this.#child === child) this.#child = undefined
        resolve()
      })
    })
  }

  /** Resolves when `isReady` answers true; throws what was printed when the program ends first. */
  async untilReady(isReady: () => Promise<boolean>): Promise<void> {
    while (!(await isReady())) {
      if (this.#child === undefined) throw new Error(`${this.#program} ended:\n${this.#printed.slice(-2000)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Ends it by force and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#gone
  }
}
