/** Pauses between tries: exponential with full jitter, so that clients that failed together do not come back together. */

/** How long to pause. */
export interface BackoffOptions {
  /** Upper bound of the first pause; doubles with each. Default: 500 ms. */
  readonly baseMs?: number | undefined
  /** Default: 20 s. */
  readonly maxMs?: number | undefined
  /** Shortest pause: whatever chance says, there is no tight loop. Default: 100 ms. */
  readonly minMs?: number | undefined
  /** From 0 to 1. Default: Math.random. */
  readonly random?: (() => number) | undefined
}

/** Counts failures in a row. */
export class Backoff {
  readonly #baseMs: number
  readonly #maxMs: number
  readonly #minMs: number
  readonly #random: () => number
  #failures = 0

  constructor({ baseMs = 500, maxMs = 20_000, minMs = 100, random = Math.random }: BackoffOptions = {}) {
    this.#baseMs = baseMs
    this.#maxMs = maxMs
    this.#minMs = minMs
    this.#random = random
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Counts a failure and returns the pause before the next try, in ms: never less than the server asked for. */
  next(retryAfterMs = 0): number {
    const bound = Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return Math.max(this.#minMs, retryAfterMs + this.#random() * bound)
  }

  /** Tells of a success. */
  reset(): void {
    this.#failures = 0
  }
}
