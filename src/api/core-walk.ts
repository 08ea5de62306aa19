/** What the checks of core kinds share. */
import { isRecord } from './compile.ts'
import type { PathSegment } from './field-path.ts'
import type { Walk } from './walk.ts'

/** Fields of an object whose types the schema has checked where it knows them. */
export type Fields = Readonly<Record<string, unknown>>

/** The value as fields; none when it is no mapping. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

/** The texts in a list. */
export function listOfTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A value that no two items of a list may have. */
export interface Unique {
  /** Where each value was first. */
  readonly seen: Map<unknown, number>
  readonly key: unknown
  readonly index: number
  readonly field: PathSegment
  readonly value: unknown
}

/** Reports a value that an item before has too. */
export function reportDuplicate({ seen, key, index, field, value }: Unique, walk: Walk): void {
  const first = seen.get(key)
  if (first === undefined) seen.set(key, index)
  else walk.reportAt(field, 'Duplicate', `${walk.quote(value)} is that of item ${first} too`, 'change one of them')
}
