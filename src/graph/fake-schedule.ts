/** A scheduler that runs nothing by itself: tests turn the event loop by hand. */
export class FakeSchedule {
  readonly #turns: (() => void)[] = []

  /** What a graph takes as `schedule`. */
  readonly schedule = (turn: () => void): void => {
    this.#turns.push(turn)
  }

  /** Number of turns that wait. */
  get waiting(): number {
    return this.#turns.length
  }

  /** Runs the turns that wait now; false when there were none. */
  turn(): boolean {
    const turns = this.#turns.splice(0)
    for (const run of turns) run()
    return turns.length > 0
  }

  /** Turns until nothing is left. */
  run(): void {
    while (this.turn()) if (this.#turns.length > 1) throw new Error('two turns wait at once')
  }
}
