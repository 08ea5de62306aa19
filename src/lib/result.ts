/** A value or the reason there is none. A user's mistake travels as `error`, never as an exception. */
export type Result<T, E> = Ok<T> | Err<E>

/** The good half of a `Result`. */
export interface Ok<T> {
  readonly ok: true
  readonly value: T
}

/** The bad half of a `Result`. */
export interface Err<E> {
  readonly ok: false
  readonly error: E
}

/** A `Result` that holds a value. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value }
}

/** A `Result` that holds an error. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error }
}

/** Every value in order, or every error in order when there is at least one: nothing stops at the first. */
export function collect<T, E>(results: Iterable<Result<T, E>>): Result<readonly T[], readonly E[]> {
  const values: T[] = []
  const errors: E[] = []
  for (const result of results) {
    if (result.ok) values.push(result.value)
    else errors.push(result.error)
  }
  return errors.length > 0 ? err(errors) : ok(values)
}

/** The result with its value changed by `change`; an error passes through. */
export function mapOk<T, U, E>(result: Result<T, E>, change: (value: T) => U): Result<U, E> {
  return result.ok ? ok(change(result.value)) : result
}
