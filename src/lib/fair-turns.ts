/** Turns for work that anybody may ask for: few at once, and nobody gets more of them by asking more often. */

export interface FairTurnsOptions {
  /** Most turns that are taken at once. */
  readonly concurrent: number
  /** Most that wait, of one asker and altogether. */
  readonly waitingEach: number
  readonly waitingAll: number
}

/** Askers take turns: one of each, then the next of each. */
export class FairTurns {
  readonly #options: FairTurnsOptions
  /** Who waits, by asker, in the order in which they are next. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #taken = 0
  #waitingCount = 0

  constructor(options: FairTurnsOptions) {
    this.#options = options
  }

  /** Resolves to true with a turn, which must be given back; at once to false when too many wait. */
  take(asker: string): Promise<boolean> {
    const { concurrent, waitingEach, waitingAll } = this.#options
    if (this.#taken < concurrent) {
      this.#taken += 1
      return Promise.resolve(true)
    }
    const mine = this.#waiting.get(asker) ?? []
    if (mine.length >= waitingEach || this.#waitingCount >= waitingAll) return Promise.resolve(false)
    this.#waitingCount += 1
    this.#waiting.set(asker, mine)
    return new Promise((resolve) => mine.push(() => resolve(true)))
  }

  /** Gives a turn back, to whoever is next. */
  give(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#taken -= 1
      return
    }
    const [asker, waiting] = next
    const begin = waiting.shift()
    this.#waitingCount -= 1
    this.#waiting.delete(asker)
    if (waiting.length > 0) this.#waiting.set(asker, waiting)
    begin?.()
  }
}
