/** Orders strings by UTF-16 code unit: the same everywhere, whatever the locale. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Orders numbers, smallest first. */
export function compareNumbers(a: number, b: number): number {
  return a - b
}

/** Orders values by a string they carry. */
export function compareBy<T>(keyOf: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => compareStrings(keyOf(a), keyOf(b))
}
