/**
 * How often one object is written. The first change goes out at once, since somebody waits for it. Every write of a
 * Gateway wakes everybody who watches Gateways, and a thousand routes that come one by one change its counts a thousand
 * times: so more changes in a row wait ever longer, and counts alone longer than what conditions say.
 */
import { structuralEqual } from '../lib/equal.ts'

type Fields = Readonly<Record<string, unknown>>

const firstGapMs = 100
const maxGapMs = 1_000
/** Counts wait for 0.5 s, 3 s, 18 s, then this, or until nothing changed for `calmMs`: five writes do for 40 s of changes. */
const firstCountsGapMs = 500
const maxCountsGapMs = 20_000
const calmMs = 1_000
/** After that time without a change the next one goes out at once again. */
const quietMs = 2_000
/** So many writes of the same are chance; more mean that somebody undoes them. */
const chanceWrites = 4
const maxFightGapMs = 60_000
/** Undone after that time: another fight. */
const peaceMs = 10 * maxFightGapMs

/** When the next write of one object is due. Times are those of performance.now. */
export class WritePace {
  #lastChangeMs = -Infinity
  #lastTryMs = -Infinity
  #lastWriteMs = -Infinity
  /** Nothing is looked at before, unless something changes. */
  heldUntilMs = -Infinity
  /** Tries in a row. */
  #tries = 0
  /** Writes since the last change. */
  #repeats = 0

  /** Something else is to be written. */
  changed(nowMs: number): void {
    if (nowMs - Math.max(this.#lastChangeMs, this.#lastTryMs) > quietMs) this.#tries = 0
    this.#lastChangeMs = nowMs
    this.heldUntilMs = -Infinity
    this.#repeats = 0
  }

  tried(nowMs: number): void {
    this.#lastTryMs = nowMs
    this.#tries += 1
  }

  /** It was taken. True when this is the first time that it looks as if somebody undid it before. */
  wrote(nowMs: number): boolean {
    if (nowMs - this.#lastWriteMs > peaceMs) this.#repeats = 0
    this.#lastWriteMs = nowMs
    this.#repeats += 1
    return this.#repeats === chanceWrites + 1
  }

  get dueMs(): number {
    return this.#lastTryMs + this.#gapMs()
  }

  /** For a change of counts alone. */
  get countsDueMs(): number {
    if (this.#tries === 0) return this.dueMs
    const grownMs = this.#lastTryMs + Math.min(maxCountsGapMs, firstCountsGapMs * 6 ** (this.#tries - 1))
    return Math.max(this.dueMs, Math.min(grownMs, this.#lastChangeMs + calmMs))
  }

  #gapMs(): number {
    if (this.#tries === 0) return 0
    const fights = this.#repeats - chanceWrites
    if (fights > 0) return Math.min(maxFightGapMs, maxGapMs * 2 ** fights)
    return Math.min(maxGapMs, firstGapMs * 2 ** (this.#tries - 1))
  }
}

/** True when the changed fields differ from the status in nothing but the counts of attached routes. */
export function isOnlyCounts(status: Fields | undefined, changed: Fields): boolean {
  const fields = Object.keys(changed)
  return (
    fields.length === 1 &&
    fields[0] === 'listeners' &&
    structuralEqual(withoutCounts(status?.listeners), withoutCounts(changed.listeners))
  )
}

function withoutCounts(listeners: unknown): unknown {
  if (!Array.isArray(listeners)) return listeners
  return listeners.map((listener: unknown) =>
    typeof listener === 'object' && listener !== null ? { ...listener, attachedRoutes: 0 } : listener,
  )
}
