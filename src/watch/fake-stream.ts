import type { KubeStream } from './kube-client.ts'

const encoder = new TextEncoder()

/** A stream that a test feeds, holds back, breaks and ends. */
export class FakeStream implements KubeStream {
  readonly #chunks: Uint8Array[] = []
  readonly #onClose: () => void
  #ending: 'open' | 'ended' | Error = 'open'
  #wake: (() => void) | undefined
  #isSilent = false

  constructor(onClose: () => void) {
    this.#onClose = onClose
  }

  /** Sends a text in pieces of so many bytes; the last may be smaller. */
  send(text: string, chunkBytes: number): void {
    const bytes = encoder.encode(text)
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      this.#chunks.push(bytes.subarray(from, Math.min(from + chunkBytes, bytes.length)))
    }
    this.#wakeUp()
  }

  /** While silent, what is sent waits, and so does the end. */
  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent
    this.#wakeUp()
  }

  end(): void {
    if (this.#ending === 'open') this.#ending = 'ended'
    this.#wakeUp()
  }

  /** The connection is gone: what was not read is lost. */
  fail(error: Error): void {
    this.#chunks.length = 0
    this.#isSilent = false
    if (this.#ending === 'open') this.#ending = error
    this.#wakeUp()
  }

  close(): void {
    this.#chunks.length = 0
    this.#isSilent = false
    this.end()
    this.#onClose()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#isSilent ? undefined : this.#chunks.shift()
        if (chunk !== undefined) {
          yield chunk
        } else if (this.#ending !== 'open' && !this.#isSilent) {
          if (this.#ending instanceof Error) throw this.#ending
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.#onClose()
    }
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
