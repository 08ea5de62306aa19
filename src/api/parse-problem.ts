/** Why an object, or a part of it, was not taken. */
export type ParseReason =
  | 'NotAnObject'
  | 'UnknownKind'
  | 'UnknownVersion'
  | 'IgnoredKind'
  | 'IgnoredStatus'
  | 'MissingField'
  | 'UnknownField'
  | 'WrongType'
  | 'InvalidValue'
  | 'TooLong'
  | 'OutOfRange'
  | 'Duplicate'
  | 'RuleBroken'
  | 'TooManyProblems'

/** A mistake that the API server would refuse too, or with severity `warning` something that has no effect here. */
export interface ParseProblem {
  readonly severity: 'error' | 'warning'
  readonly reason: ParseReason
  /** Path of the field, as `spec.rules[0].matches[1].path.value`; '' for the object itself. */
  readonly field: string
  /** What is wrong; quotes the value, cut short, unless it may be secret. */
  readonly message: string
  /** What to do about it. */
  readonly remedy?: string | undefined
}

const maxQuotedChars = 80

/** The value as JSON, cut short. The work is bounded, however large or deep the value is. */
export function quoteValue(value: unknown): string {
  const text = shortJson(value, 3)
  return text.length <= maxQuotedChars ? text : `${text.slice(0, maxQuotedChars - 1).toWellFormed()}…`
}

function shortJson(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxQuotedChars + 1))
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === 0) return '…'
  if (Array.isArray(value)) return `[${value.slice(0, 9).map((item) => shortJson(item, depth - 1))}]`
  const parts: string[] = []
  for (const key in value) {
    if (parts.length > 9) break
    if (Object.hasOwn(value, key)) parts.push(`${shortJson(key, 1)}:${shortJson(Reflect.get(value, key), depth - 1)}`)
  }
  return `{${parts}}`
}

/** `a`, `a or b`, `a, b or c`. */
export function listOf(words: readonly string[], last = 'or'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** What a value is, in the words of YAML. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'a boolean'
  if (typeof value === 'number') return 'a number'
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`
}
