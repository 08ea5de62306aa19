import type { Logger } from '../lib/logger.ts'

/** Something that an operator should know. */
export interface Notice {
  /** `error`: something that is there, or must be, is not in use as it is. `warning`: all else. */
  readonly severity: 'error' | 'warning'
  readonly message: string
}

/** Told of a notice that came, changed, or with undefined went. */
export type NoticeListener = (subject: string, message: string | undefined) => void

/** What an operator should know about what is watched, by subject: a kind, or an object as `<Kind>/<namespace>/<name>`. */
export class WatchNotices {
  readonly #notices = new Map<string, Notice>()
  readonly #logger: Logger
  readonly #listener: NoticeListener

  constructor(logger: Logger, listener: NoticeListener) {
    this.#logger = logger
    this.#listener = listener
  }

  /** Subjects in the order in which they came. */
  entries(): ReadonlyMap<string, Notice> {
    return this.#notices
  }

  /** Logged once for as long as it stands. */
  set(subject: string, message: string | undefined, severity: Notice['severity'] = 'error'): void {
    if (this.#notices.get(subject)?.message === message) return
    if (message === undefined) {
      this.#notices.delete(subject)
      this.#logger.info({ subject }, 'what was wrong with this is over')
    } else {
      this.#notices.set(subject, { severity, message })
      this.#logger.warn({ subject, problem: message }, 'something is wrong with what is watched')
    }
    this.#listener(subject, message)
  }
}
