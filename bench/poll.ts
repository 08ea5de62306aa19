import { type HttpAnswer, HttpConnection } from '../src/testing/http-connection.ts'
import { stampHeader } from '../src/testing/workload.ts'
import { nowMs } from './processes.ts'

const PAUSE_MS = 0.5
const cell = new Int32Array(new SharedArrayBuffer(4))

/** Asks again and again on one keep-alive connection. */
export class Poller {
  readonly #port: number
  #connection: HttpConnection

  constructor(port: number) {
    this.#port = port
    this.#connection = new HttpConnection({ port })
  }

  /** The answer; undefined when the connection was refused or cut. */
  async get(at: { readonly host: string; readonly path: string }): Promise<HttpAnswer | undefined> {
    try {
      return await this.#connection.get(at)
    } catch {
      this.#connection.close()
      this.#connection = new HttpConnection({ port: this.#port })
      return undefined
    }
  }

  /**
   * Time (`nowMs`) at which an answer that satisfies came in. Pauses half a millisecond between two requests:
   * by blocking the thread, because timers are not that fine.
   */
  async until(
    at: { readonly host: string; readonly path: string },
    satisfies: (answer: HttpAnswer) => boolean,
    { timeoutMs = 60_000, pauseMs = PAUSE_MS } = {},
  ): Promise<number> {
    const deadline = nowMs() + timeoutMs
    for (;;) {
      const answer = await this.get(at)
      const now = nowMs()
      if (answer !== undefined && satisfies(answer)) return now
      if (now > deadline) {
        throw new Error(`${at.host}${at.path} was not served within ${timeoutMs} ms; last answer: ${answer?.status}`)
      }
      Atomics.wait(cell, 0, 0, pauseMs)
    }
  }

  close(): void {
    this.#connection.close()
  }
}

/** Whether an answer was made by the edit with this stamp. */
export function hasStamp(stamp: string): (answer: HttpAnswer) => boolean {
  return ({ status, headers }) => status === 200 && headers.get(stampHeader) === stamp
}
