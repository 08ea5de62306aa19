import type { Logger } from '../lib/logger.ts'

type Facts = Readonly<Record<string, unknown>>

const linesPerMinute = 20

/** Writes what clients do wrong into the log, only so many lines each minute: anybody in the cluster can cause them. */
export class RefusalLog {
  readonly #logger: Logger
  readonly #now: () => number
  #minute = 0
  #written = 0
  #untold = 0

  /** `now`: monotonic, in ms. */
  constructor(logger: Logger, now: () => number) {
    this.#logger = logger
    this.#now = now
  }

  /** It may not log in, or may not be who it says it is. */
  refused(facts: Facts): void {
    this.#write(facts, 'a client was turned away')
  }

  /** Its Gateway is not known, or not yet. */
  waits(facts: Facts): void {
    this.#write(facts, 'a proxy asks for a Gateway that has no configuration')
  }

  /** It speaks a newer xDS than we do, or another one. */
  unknownType(facts: Facts): void {
    this.#write(facts, 'proxy asks for an unknown type')
  }

  #write(facts: Facts, message: string): void {
    const minute = Math.floor(this.#now() / 60_000)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#written = 0
    }
    if (this.#written >= linesPerMinute) {
      this.#untold += 1
      return
    }
    this.#written += 1
    this.#logger.warn(this.#untold === 0 ? facts : { ...facts, untold: this.#untold }, message)
    this.#untold = 0
  }
}
