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
