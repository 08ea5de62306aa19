import type { WatchNotices } from './watch-notices.ts'

interface Failure {
  /** What it is about. */
  readonly subject: string
  readonly message: string
}

interface Standing {
  /** Newest. */
  message: string
  /** Who sees it. */
  readonly watches: Set<string>
  /** Until it is told, and then until another message may be. */
  timer: NodeJS.Timeout | undefined
  isTold: boolean
}

/** A broken connection is opened again, and an API server that starts refuses this and that: neither is worth a line. */
const graceMs = 5_000
/** The cause may change while it stands: so often that is told. */
const retellMs = 30_000

/** Notices of failures that may pass by themselves: told when they last, and once for all watches that see the same. */
export class LastingNotices {
  readonly #notices: WatchNotices
  readonly #subjects = new Map<string, string>()
  readonly #standing = new Map<string, Standing>()

  constructor(notices: WatchNotices) {
    this.#notices = notices
  }

  /** A watch failed. */
  failed(watch: string, { subject, message }: Failure): void {
    if (this.#subjects.get(watch) !== subject) this.over(watch)
    this.#subjects.set(watch, subject)
    const standing = this.#standing.get(subject) ?? this.#stand(subject, message)
    standing.message = message
    standing.watches.add(watch)
    if (standing.isTold && standing.timer === undefined) this.#tell(subject, standing)
  }

  /** A watch does not fail any more, or not by that. */
  over(watch: string): void {
    const subject = this.#subjects.get(watch)
    if (subject === undefined) return
    this.#subjects.delete(watch)
    const standing = this.#standing.get(subject)
    standing?.watches.delete(watch)
    if (standing === undefined || standing.watches.size > 0) return
    clearTimeout(standing.timer)
    this.#standing.delete(subject)
    if (standing.isTold) this.#notices.set(subject, undefined)
  }

  /** Tells nothing any more. */
  close(): void {
    for (const { timer } of this.#standing.values()) clearTimeout(timer)
  }

  #stand(subject: string, message: string): Standing {
    const standing: Standing = { message, watches: new Set(), timer: undefined, isTold: false }
    this.#standing.set(subject, standing)
    standing.timer = setTimeout(() => this.#tell(subject, standing), graceMs).unref()
    return standing
  }

  #tell(subject: string, standing: Standing): void {
    standing.isTold = true
    standing.timer = setTimeout(() => {
      standing.timer = undefined
    }, retellMs).unref()
    this.#notices.set(subject, standing.message)
  }
}
