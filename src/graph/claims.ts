import { compareStrings } from '../lib/sorted.ts'
import { must } from '../lib/assert.ts'
import type { Store } from './store.ts'

/**
 * Which input key owns each output key of a derive. Two inputs may claim one output: the smallest input key wins, and
 * the other takes over when the winner lets go, so the result does not depend on the order of events.
 */
export class Claims<O> {
  readonly #store: Store<O>
  /** Output key to input key, only where they differ: the usual one-to-one derive needs no entry. */
  readonly #owners = new Map<string, string>()
  /** Output keys with more than one claim: all of them by input key. */
  readonly #contests = new Map<string, Map<string, O>>()

  constructor(store: Store<O>) {
    this.#store = store
  }

  /** Output keys with more than one claim. */
  get conflicts(): number {
    return this.#contests.size
  }

  /** The input key that owns an output key. */
  owner(outputKey: string): string | undefined {
    return this.#store.has(outputKey) ? (this.#owners.get(outputKey) ?? outputKey) : undefined
  }

  /** Sets the output that an input key makes. */
  claim(outputKey: string, inputKey: string, value: O): void {
    const contest = this.#contests.get(outputKey)
    if (contest !== undefined) {
      contest.set(inputKey, value)
      this.#award(outputKey, contest)
      return
    }
    const owner = this.owner(outputKey)
    if (owner === undefined || owner === inputKey) {
      this.#own(outputKey, inputKey, value)
      return
    }
    const held = must(this.#store.get(outputKey), `${this.#store.name}: "${outputKey}" is owned but empty`)
    const opened = new Map([
      [owner, held],
      [inputKey, value],
    ])
    this.#contests.set(outputKey, opened)
    this.#award(outputKey, opened)
  }

  /** Takes back the output that an input key made. */
  release(outputKey: string, inputKey: string): void {
    const contest = this.#contests.get(outputKey)
    if (contest === undefined) {
      this.#owners.delete(outputKey)
      this.#store.drop(outputKey)
      return
    }
    contest.delete(inputKey)
    this.#award(outputKey, contest)
    if (contest.size === 1) this.#contests.delete(outputKey)
  }

  #award(outputKey: string, contest: ReadonlyMap<string, O>): void {
    const winner = must(contest.keys().reduce(smaller), 'a contest without claims')
    this.#own(outputKey, winner, must(contest.get(winner), 'a claim without value'))
  }

  #own(outputKey: string, inputKey: string, value: O): void {
    this.#store.put(outputKey, value)
    if (outputKey === inputKey) this.#owners.delete(outputKey)
    else this.#owners.set(outputKey, inputKey)
  }
}

function smaller(a: string, b: string): string {
  return compareStrings(a, b) <= 0 ? a : b
}
