/** `HTTPHeaderFilter`: RequestHeaderModifier and ResponseHeaderModifier, on a rule or on one backendRef. */
import type { Problem } from '../../api/conditions.ts'
import type { HTTPHeaderFilter } from '../../api/gen/types.ts'
import { envoy } from '../../envoy/gen/xds.js'
import { err, ok, type Result } from '../../lib/result.ts'
import { compareStrings } from '../../lib/sorted.ts'
import { scopeHeader } from '../emit/route-config.ts'
import { defineFeature } from './feature.ts'
import { hasControlCharacter, quote, unsupported } from './problems.ts'

/** Header changes; names are lower case. A name is in one list only, unless two filters were composed. */
export interface HeaderChanges {
  readonly set: readonly HeaderValue[]
  readonly add: readonly HeaderValue[]
  /** Sorted. */
  readonly remove: readonly string[]
}

interface HeaderValue {
  readonly name: string
  readonly value: string
  /** The value is one of Envoy's formats, of ours. Default: text. */
  readonly isFormat?: true | undefined
}

/** Changes of request headers, on their way to a backend. */
export const requestHeaderModifier = defineFeature<HeaderChanges>({
  name: 'RequestHeaderModifier',
  conformance: ['HTTPRouteBackendRequestHeaderModification'],
  levels: ['rule', 'backend'],
  parse: (filter, field) => parse(filter.requestHeaderModifier, `${field}.requestHeaderModifier`, requestHeaders),
  route: (changes) => ({ route: requestFields(changes) }),
  backend: requestFields,
  compose: composeChanges,
})

/** Changes of response headers, on their way to the client. */
export const responseHeaderModifier = defineFeature<HeaderChanges>({
  name: 'ResponseHeaderModifier',
  conformance: ['HTTPRouteResponseHeaderModification'],
  levels: ['rule', 'backend'],
  parse: (filter, field) => parse(filter.responseHeaderModifier, `${field}.responseHeaderModifier`, responseHeaders),
  route: (changes) => ({ route: responseFields(changes) }),
  backend: responseFields,
  compose: composeChanges,
})

const framing = 'is written by the proxy, which frames the message; leave it out'
const ofRequests = 'is of requests only; leave it out'

/** Headers that nobody may change, with what to do instead. */
const requestHeaders: ReadonlyMap<string, string> = new Map([
  ['host', 'is changed by a URLRewrite filter with a hostname; use that'],
  ['content-length', framing],
  ['transfer-encoding', framing],
  [scopeHeader, "is the proxy's own and never leaves it; choose another name"],
])
const responseHeaders: ReadonlyMap<string, string> = new Map([
  ['content-length', framing],
  ['transfer-encoding', framing],
  ['host', ofRequests],
  // HTTP/2 clients take such a response for malformed (RFC 9113 8.2.2).
  ['te', ofRequests],
])

/** RFC 9110 5.6.2 "token". */
const headerName = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/

function parse(
  filter: HTTPHeaderFilter | undefined,
  field: string,
  reserved: ReadonlyMap<string, string>,
): Result<HeaderChanges, readonly Problem[]> {
  const { set = [], add = [], remove = [] } = filter ?? {}
  const entries = [
    ...set.map(({ name, value }, index) => ({ field: `${field}.set[${index}]`, name, value })),
    ...add.map(({ name, value }, index) => ({ field: `${field}.add[${index}]`, name, value })),
    ...remove.map((name, index) => ({ field: `${field}.remove[${index}]`, name, value: '' })),
  ]
  const seen = new Map<string, string>()
  const problems = entries.flatMap((entry) => {
    const name = entry.name.toLowerCase()
    const earlier = seen.get(name)
    seen.set(name, earlier ?? entry.field)
    return [...nameProblems(entry, reserved), ...valueProblems(entry), ...repeated(entry, earlier)]
  })
  if (problems.length > 0) return err(problems)
  return ok({
    set: set.map(lowerCase),
    add: add.map(lowerCase),
    remove: remove.map((name) => name.toLowerCase()).sort(compareStrings),
  })
}

interface Entry extends HeaderValue {
  readonly field: string
}

function nameProblems({ name, field }: Entry, reserved: ReadonlyMap<string, string>): readonly Problem[] {
  if (!headerName.test(name)) return [unsupported(field, `${quote(name)} is not a header name; correct it`)]
  const why = reserved.get(name.toLowerCase())
  return why === undefined ? [] : [unsupported(field, `${quote(name)} ${why}`)]
}

function valueProblems({ name, value, field }: Entry): readonly Problem[] {
  if (name.toLowerCase() === 'te' && !['', 'trailers'].includes(value)) {
    return [unsupported(field, `${quote(name)} has the value "trailers" and no other in HTTP/2; correct it`)]
  }
  return hasControlCharacter(value)
    ? [unsupported(field, `the value of ${quote(name)} holds a control character, which no header can; remove it`)]
    : []
}

/** "Only one action for a given header name is permitted" (`HTTPHeaderFilter`). */
function repeated({ name, field }: Entry, earlier: string | undefined): readonly Problem[] {
  return earlier === undefined
    ? []
    : [
        unsupported(
          field,
          `${quote(name)} is changed in ${earlier} already; keep one of them, with values joined by ","`,
        ),
      ]
}

function lowerCase({ name, value }: HeaderValue): HeaderValue {
  return { name: name.toLowerCase(), value }
}

/** What `first` and then `second` do. Envoy removes before it adds, so a later removal drops what came before it. */
export function composeChanges(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
  const replaced = new Set([...second.remove, ...second.set.map(({ name }) => name)])
  const keep = ({ name }: HeaderValue) => !replaced.has(name)
  return {
    set: [...first.set.filter(keep), ...second.set],
    add: [...first.add.filter(keep), ...second.add],
    remove: [...new Set([...first.remove, ...second.remove])].sort(compareStrings),
  }
}

function requestFields(changes: HeaderChanges) {
  const { values, remove } = emitChanges(changes)
  return {
    ...(values.length === 0 ? {} : { requestHeadersToAdd: values }),
    ...(remove.length === 0 ? {} : { requestHeadersToRemove: remove }),
  }
}

function responseFields(changes: HeaderChanges) {
  const { values, remove } = emitChanges(changes)
  return {
    ...(values.length === 0 ? {} : { responseHeadersToAdd: values }),
    ...(remove.length === 0 ? {} : { responseHeadersToRemove: remove }),
  }
}

function emitChanges({ set, add, remove }: HeaderChanges) {
  const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } =
    envoy.config.core.v3.HeaderValueOption.HeaderAppendAction
  const values = [
    ...set.map((header) => ({ header: emitValue(header), appendAction: OVERWRITE_IF_EXISTS_OR_ADD })),
    ...add.map((header) => ({ header: emitValue(header), appendAction: APPEND_IF_EXISTS_OR_ADD })),
  ]
  return { values, remove }
}

/** `%` begins a command operator of Envoy's formatter: a value is text, so it is doubled. */
function emitValue({ name, value, isFormat }: HeaderValue): envoy.config.core.v3.IHeaderValue {
  return { key: name, value: isFormat === true ? value : value.replaceAll('%', '%%') }
}
