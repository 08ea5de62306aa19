/** What was given to the connection of one client and has not been taken by it. */

/** What all clients together have not taken. */
export interface UnreadTotal {
  bytes: number
}

/** The connection of one client, and who is told how it goes. */
export interface OutboxOptions {
  readonly write: (bytes: Buffer, done: () => void) => void
  readonly total: UnreadTotal
  /** A client that takes nothing for so long is stuck. */
  readonly timeoutMs: number
  /** Nothing more is to be sent for now; false ends it. */
  readonly onCongestion: (isCongested: boolean) => void
  readonly onStuck: () => void
}

const mebibyte = 1024 * 1024
/** More than that, and nothing is computed for the client until half of it has gone. */
const maxUnreadBytes = 4 * mebibyte
/** The same while clients leave more than `maxTotalBytes` unread. */
const maxUnreadBytesInNeed = mebibyte / 4
const maxTotalBytes = 64 * mebibyte

/** Sends, counts, and says when it is too much. */
export class Outbox {
  readonly #options: OutboxOptions
  #unreadBytes = 0
  #isCongested = false
  #isEnded = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  send(bytes: Buffer): void {
    if (this.#isEnded) return
    this.#count(bytes.length)
    this.#options.write(bytes, () => this.#taken(bytes.length))
    if (this.#timer === undefined) this.#watch()
    if (this.#isCongested || this.#unreadBytes <= this.#maxBytes) return
    this.#isCongested = true
    this.#options.onCongestion(true)
  }

  /** What is under way counts no more. */
  end(): void {
    this.#isEnded = true
    clearTimeout(this.#timer)
    this.#count(-this.#unreadBytes)
  }

  get #maxBytes(): number {
    return this.#options.total.bytes > maxTotalBytes ? maxUnreadBytesInNeed : maxUnreadBytes
  }

  #taken(bytes: number): void {
    if (this.#isEnded) return
    this.#count(-bytes)
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#unreadBytes > 0) this.#watch()
    if (!this.#isCongested || this.#unreadBytes > this.#maxBytes / 2) return
    this.#isCongested = false
    this.#options.onCongestion(false)
  }

  #count(bytes: number): void {
    this.#unreadBytes += bytes
    this.#options.total.bytes += bytes
  }

  #watch(): void {
    this.#timer = setTimeout(this.#options.onStuck, this.#options.timeoutMs).unref()
  }
}
