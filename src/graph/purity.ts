/** A transform that gave two results for the same reads. Thrown out of the tick in tests; never kept as a failure. */
export class ImpureError extends Error {
  override readonly name = 'ImpureError'
}

const frozen = new WeakSet<object>()

/** Freezes plain objects and arrays all the way down and returns the value. Bytes and class instances are left alone. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || frozen.has(value) || !isPlain(value)) return value
  frozen.add(value)
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
