/** Where a command prints and what time it is: passed in, so that commands can be tested. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** RFC 3339. */
  now(): string
}

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  now: () => `${new Date().toISOString().slice(0, 19)}Z`,
}
