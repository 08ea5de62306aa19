import type { Logger } from '../lib/logger.ts'

/** Told of a notice that came, changed, or with undefined went. */
export type NoticeListener = (subject: string, message: string | undefined) => void

/** What an operator should know about what is watched, by subject: a kind, or an object as `<Kind>/<namespace>/<name>`. */
export class WatchNotices {
  readonly #messages = new Map<string, string>()
  readonly #logger: Logger
  readonly #listener: NoticeListener

  constructor(logger: Logger, listener: NoticeListener) {
    this.#logger = logger
    this.#listener = listener
  }

  /** Subjects in the order in which they came. */
  entries(): ReadonlyMap<string, string> {
    return this.#messages
  }

  /** Logged once for as long as it stands. */
  set(subject: string, message: string | undefined): void {
    if (this.#messages.get(subject) === message) return
    if (message === undefined) {
      this.#messages.delete(subject)
      this.#logger.info({ subject }, 'what was wrong with this is over')
    } else {
      this.#messages.set(subject, message)
      this.#logger.warn({ subject, problem: message }, 'something is wrong with what is watched')
    }
    this.#listener(subject, message)
  }
}
