/** Throws when `condition` is false. For bugs only: a user's mistake is a value, never an exception. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`)
}

/** Closes a union in a default branch: it compiles only when every kind was dealt with. */
export function unreachable(value: never): never {
  throw new Error(`bug: unreachable value ${JSON.stringify(value)}`)
}

/** The value, which must be there. */
export function must<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(`bug: ${message}`)
  return value
}
