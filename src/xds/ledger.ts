import { compareNumbers } from '../lib/sorted.ts'

/**
 * Counts what is outstanding by the epoch that caused it, so that "everything that was pending at epoch e has been
 * settled" is one comparison.
 */
export class Ledger {
  /** In ascending order of epochs. */
  #open = new Map<number, number>()
  #newest = Number.NEGATIVE_INFINITY

  /** Notes one outstanding change of `epoch`. Epochs mostly ascend; an older one costs a sort of the open epochs. */
  open(epoch: number): void {
    const isNew = !this.#open.has(epoch)
    this.#open.set(epoch, (this.#open.get(epoch) ?? 0) + 1)
    if (isNew && epoch < this.#newest) this.#open = new Map([...this.#open].sort(([a], [b]) => compareNumbers(a, b)))
    this.#newest = Math.max(this.#newest, epoch)
  }

  /** Notes that a change opened at `epoch` was acknowledged or given up. */
  settle(epoch: number): void {
    const count = this.#open.get(epoch) ?? 0
    if (count > 1) this.#open.set(epoch, count - 1)
    else this.#open.delete(epoch)
  }

  /** The oldest epoch with an outstanding change; infinite when there is none. */
  get floor(): number {
    for (const epoch of this.#open.keys()) return epoch
    return Number.POSITIVE_INFINITY
  }
}
