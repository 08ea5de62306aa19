const newline = 0x0a

/** A line that is longer is no event: an API server stores no object of more than a few MiB. */
const maxLineBytes = 64 * 1024 * 1024

/** Cuts what arrives into lines. Chunks may end anywhere, inside of a character too. */
export class LineSplitter {
  #parts: Uint8Array[] = []
  #bytes = 0

  /** The lines that this chunk completes, without their ends; empty ones are left out. */
  push(chunk: Uint8Array): readonly string[] {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, end))
      const line = this.#take()
      if (line !== '') lines.push(line)
      from = end + 1
    }
    this.#keep(chunk.subarray(from))
    return lines
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return
    this.#bytes += part.length
    if (this.#bytes > maxLineBytes) throw new Error(`a line of the watch has more than ${maxLineBytes} bytes`)
    this.#parts.push(part)
  }

  #take(): string {
    const [only] = this.#parts
    const whole = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts, this.#bytes)
    this.#parts = []
    this.#bytes = 0
    return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('utf8')
  }
}
