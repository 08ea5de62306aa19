/** How the features say what is wrong with a filter. */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'

const maxQuotedChars = 80

/** A value that we cannot serve: the rule is not accepted (`HTTPRouteFilter.type`). */
export function unsupported(field: string, message: string): Problem {
  return { condition: conditionTypes.Accepted, reason: reasons.UnsupportedValue, message, field }
}

/** Filters that exclude each other (`HTTPRouteRule.filters`). */
export function incompatible(field: string, message: string): Problem {
  return { condition: conditionTypes.Accepted, reason: reasons.IncompatibleFilters, message, field }
}

/** A user's value in a message: quoted, with control characters visible, cut when long. */
export function quote(value: string): string {
  return JSON.stringify(value.length <= maxQuotedChars ? value : `${value.slice(0, maxQuotedChars - 1)}…`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are looked for
const controlCharacter = /[\u0000-\u0008\u000a-\u001f\u007f]/

/** Whether a text holds what no header value may: a control character other than a tab (RFC 9110 5.5). */
export function hasControlCharacter(value: string): boolean {
  return controlCharacter.test(value)
}
