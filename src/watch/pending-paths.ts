/** A path that has to be looked at. Times in ms of one clock. */
export interface PendingPath {
  readonly path: string
  /** When to look. */
  dueAtMs: number
  /** What the file was at the last look; equal at the next one means that it rests. */
  signature: string | undefined
  /** Since when its content has been held back as perhaps half-written. */
  heldSinceMs: number | undefined
}

/** The paths that have to be looked at, and when. No clock: the time comes in. */
export class PendingPaths {
  readonly #paths = new Map<string, PendingPath>()

  get size(): number {
    return this.#paths.size
  }

  /** Something happened at the path: look at once. */
  touch(path: string, nowMs: number): void {
    const known = this.#paths.get(path)
    if (known === undefined) {
      this.#paths.set(path, { path, dueAtMs: nowMs, signature: undefined, heldSinceMs: undefined })
      return
    }
    known.dueAtMs = nowMs
    known.signature = undefined
  }

  /** The paths to look at now. They stay pending until `done`. */
  due(nowMs: number): readonly PendingPath[] {
    return [...this.#paths.values()].filter((pending) => pending.dueAtMs <= nowMs)
  }

  /** The path needs no more looks. */
  done(path: string): void {
    this.#paths.delete(path)
  }

  /** When the next path is due; undefined when none is pending. */
  nextAtMs(): number | undefined {
    let next: number | undefined
    for (const { dueAtMs } of this.#paths.values()) {
      if (next === undefined || dueAtMs < next) next = dueAtMs
    }
    return next
  }
}
