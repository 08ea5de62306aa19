/** Chance that can be repeated: the same seed gives the same throws. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 up to 1. */
  next(): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** True with that probability. */
  isHit(probability: number): boolean {
    return this.next() < probability
  }

  /** One of the choices. Throws when there is none. */
  pick<T>(choices: readonly T[]): T {
    const index = this.below(choices.length)
    if (index >= choices.length) throw new Error('nothing to choose from')
    return choices[index] as T
  }
}
