/** What cannot be matched, or never would be: said with the field, before a proxy has to refuse it. */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'
import type { HTTPHeaderMatch, HTTPRouteMatch } from '../../api/gen/types.ts'
import { hasControlCharacter } from '../features/problems.ts'
import { unreachable } from '../../lib/assert.ts'
import { maxObjectProgramSize, maxRegexProgramSize, type RegexBudget, type RegexFault } from '../../lib/re2.ts'

/** Every problem of one match; `budget` is that of its object. */
export function matchProblems(match: HTTPRouteMatch, field: string, budget: RegexBudget): readonly Problem[] {
  const { type, value } = match.path
  return [
    ...(type === 'RegularExpression' ? [] : pathProblems(value, `${field}.path.value`)),
    ...headerProblems(match.headers ?? [], field),
    ...regexesOf(match, field).flatMap((regex) => regexProblems(regex.value, regex.field, budget)),
  ]
}

/** RFC 9110 5.5: no header value holds a control character but a tab, so none would ever match. */
function headerProblems(headers: readonly HTTPHeaderMatch[], field: string): readonly Problem[] {
  return headers.flatMap(({ type, value }, index) =>
    type === 'Exact' && hasControlCharacter(value)
      ? [
          refuse(
            `${field}.headers[${index}].value`,
            `${shown(value)} holds a control character, which no header can; remove it`,
          ),
        ]
      : [],
  )
}

interface FoundRegex {
  readonly value: string
  readonly field: string
}

function regexesOf({ path, headers = [], queryParams = [] }: HTTPRouteMatch, field: string): readonly FoundRegex[] {
  const lists = [
    ...headers.map(({ type, value }, index) => ({ type, value, field: `${field}.headers[${index}].value` })),
    ...queryParams.map(({ type, value }, index) => ({ type, value, field: `${field}.queryParams[${index}].value` })),
  ]
  return [{ type: path.type, value: path.value, field: `${field}.path.value` }, ...lists].filter(
    ({ type }) => type === 'RegularExpression',
  )
}

function regexProblems(regex: string, field: string, budget: RegexBudget): readonly Problem[] {
  // envoy: RegexMatcher.regex has a minimum length of 1.
  if (regex === '') return [refuse(field, 'is an empty regular expression; write one, such as "/.*" for every path')]
  const fault = budget.fault(regex)
  return fault === undefined ? [] : [refuse(field, describeFault(fault, regex))]
}

function describeFault(fault: RegexFault, regex: string): string {
  switch (fault.kind) {
    case 'syntax':
      return `${shown(regex)} is no regular expression of RE2 syntax: ${clip(fault.why)}; correct it`
    case 'too-large':
      return `${shown(regex)} repeats too much: it would be more than ${maxRegexProgramSize} instructions; use smaller counts`
    case 'spent':
      return `${shown(regex)} is one too many: the regular expressions of the route before it have ${maxObjectProgramSize} instructions, which is all that one route may have; split the route or simplify them`
    default:
      return unreachable(fault)
  }
}

/** Removed or redirected by the proxy before routes are looked at (`HTTPPathMatch`, its validation rules; edge defaults). */
const neverThere: readonly RegExp[] = [/\/\//, /\/\.(?=\/|$)/, /\/\.\.(?=\/|$)/, /%2f/i, /%5c/i]
/** RFC 3986 3.3 "pchar" and the slash. */
const oddCharacter = /[^-A-Za-z0-9/._~!$&'()*+,;=:@%]|%(?![0-9a-fA-F]{2})/u

function pathProblems(path: string, field: string): readonly Problem[] {
  if (!path.startsWith('/'))
    return [refuse(field, `${shown(path)} does not begin with "/"; write ${shown(`/${path}`)}`)]
  const odd = oddCharacter.exec(path)?.[0]
  if (odd !== undefined)
    return [refuse(field, `${shown(path)} holds ${shown(odd)}, which no path can; ${adviceFor(odd)}`)]
  const lost = neverThere.flatMap((part) => part.exec(path)?.[0] ?? [])[0]
  return lost === undefined
    ? []
    : [refuse(field, `${shown(path)} holds ${shown(lost)}, which no path has once it is normalized; leave it out`)]
}

function adviceFor(odd: string): string {
  switch (odd) {
    case '?':
      return 'match queries with queryParams'
    case '#':
      return 'leave it out'
    case '%':
      return 'follow it with two hexadecimal digits'
    default:
      return `write it as ${percentEncoded(odd)}`
  }
}

function percentEncoded(character: string): string {
  // A lone surrogate has no UTF-8; the replacement character stands for it.
  const encoded = encodeURIComponent(character.isWellFormed() ? character : '\ufffd')
  return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded
}

function refuse(field: string, message: string): Problem {
  return { condition: conditionTypes.Accepted, reason: reasons.UnsupportedValue, message, field }
}

/** In quotes, with control characters visible; backslashes stay as they are: expressions are full of them. */
function shown(value: string): string {
  return `"${clip(value).replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))}"`
}

function clip(value: string): string {
  return value.length <= 80 ? value : `${value.slice(0, 79)}…`
}
