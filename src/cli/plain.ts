/** Reading plain values whose shape is not known to the compiler, such as statuses. */

type Fields = Readonly<Record<string, unknown>>

/** The value as a record; an empty one when it is none. */
export function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** The objects of a list field; none when there is no list. */
export function objectsAt(value: Fields, field: string): readonly Fields[] {
  const list = value[field]
  return Array.isArray(list) ? list.map(recordOf) : []
}

/** The value as a text; '' when it is none. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
