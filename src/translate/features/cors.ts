/**
 * `HTTPCORSFilter`: which origins may read responses, and the answer to preflight requests, which are never forwarded.
 * Envoy tells other origins, too, what methods and headers are allowed, though not that they are: a browser goes by
 * Access-Control-Allow-Origin, which they do not get.
 * @see Fetch, "HTTP-CORS protocol", https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { HTTPCORSFilter } from '../../api/gen/types.ts'
import { packAny, typedExtension } from '../../envoy/any.ts'
import type { envoy } from '../../envoy/gen/xds.js'
import { bool } from '../../envoy/wrappers.ts'
import type { ValueMatch } from '../../ir/match.ts'
import type { Route } from '../../ir/route.ts'
import { ok, type Result } from '../../lib/result.ts'
import { compareBy, compareStrings } from '../../lib/sorted.ts'
import type { Problem } from '../../api/conditions.ts'
import { composed, defineFeature } from './feature.ts'
import { type HeaderChanges, responseHeaderModifier } from './header-modifier.ts'

/** What a browser is told. Names are as written. */
export interface Cors {
  /** As written: `*`, or `<scheme>://<host>[:<port>]`, where the host may be `*` or begin with `*.`. Sorted. */
  readonly origins: readonly string[]
  readonly credentials: boolean
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  /** The request is known to ask for headers: only then may `*` be answered, with those (`allowHeaders`). */
  readonly asksHeaders?: true | undefined
  readonly exposed: readonly string[]
  readonly maxAgeSeconds: number
}

const filterName = 'envoy.filters.http.cors'
const policyMessage = 'envoy.extensions.filters.http.cors.v3.CorsPolicy'

/** Cross-origin requests (GEP-1767). */
export const cors = defineFeature<Cors>({
  name: 'CORS',
  conformance: ['HTTPRouteCORS'],
  levels: ['rule', 'backend'],
  parse: (filter) => parse(filter.cors),
  // Without a policy on the route it lets everything pass.
  filter: () => typedExtension(filterName, 'envoy.extensions.filters.http.cors.v3.Cors', {}),
  // The filter passes over redirects: those have their headers from routes of their own.
  route: (value, { action }) =>
    action.kind === 'redirect' ? {} : { route: perFilter(value, value.asksHeaders === true) },
  // A rule has routes for preflight requests, an entry has not: it answers "*" with an empty list to who asks for none.
  backend: (value) => perFilter(value, true),
  ahead: (value, route) =>
    route.action.kind === 'redirect'
      ? [...preflightRoutes(value, { ...route, action: { kind: 'answered' } }), ...allowedRedirects(value, route)]
      : preflightRoutes(value, route),
})

function parse(filter: HTTPCORSFilter | undefined): Result<Cors, readonly Problem[]> {
  const { allowOrigins, allowCredentials, allowMethods, allowHeaders, exposeHeaders, maxAge } = filter ?? {}
  return ok({
    origins: [...(allowOrigins ?? [])].sort(compareStrings),
    credentials: allowCredentials ?? false,
    methods: allowMethods ?? [],
    headers: allowHeaders ?? [],
    exposed: exposeHeaders ?? [],
    maxAgeSeconds: maxAge ?? 5,
  })
}

/**
 * Routes for preflight requests that the rule's own would not, or not rightly, answer. They come with OPTIONS, also where
 * the rule wants another method, which they then name; and where any header is allowed, those that ask for some are
 * answered apart.
 */
function preflightRoutes(value: Cors, route: Route): readonly Route[] {
  const { method } = route.match
  const isOther = method !== undefined && method !== 'OPTIONS'
  const wants = (name: string): ValueMatch => ({ name, kind: 'regex', value: '.+' })
  const asked: ValueMatch = isOther ? { name: requestMethod, kind: 'exact', value: method } : wants(requestMethod)
  const answer = (more: Partial<Cors>, headers: readonly ValueMatch[]): Route => ({
    ...route,
    match: {
      ...route.match,
      method: 'OPTIONS',
      headers: [...route.match.headers, asked, wants('origin'), ...headers].sort(compareBy(({ name }) => name)),
    },
    features: [...route.features.filter(({ feature }) => feature !== cors.name), cors.value({ ...value, ...more })],
  })
  return [
    ...(value.headers.includes('*') ? [answer({ asksHeaders: true }, [wants(requestHeaders)])] : []),
    ...(isOther || route.action.kind === 'answered' ? [answer({}, [])] : []),
  ]
}

/** The redirect as origins get it that may read it: the filter would add nothing to it. */
function allowedRedirects(value: Cors, route: Route): readonly Route[] {
  const origins = value.origins
    .flatMap(emitOrigin)
    .map(({ exact: text, safeRegex }) => safeRegex?.regex ?? quoteRegex(text))
  if (origins.length === 0) return []
  const isAllowed: ValueMatch = { name: 'origin', kind: 'regex', value: `(?i)(?:${origins.join('|')})` }
  const changes = composed(responseHeaderModifier, responseHeaderModifier.of(route.features), {
    set: responseHeaders(value),
    add: [],
    remove: [],
  })
  const others = route.features.filter(({ feature }) => ![cors.name, responseHeaderModifier.name].includes(feature))
  return [
    {
      ...route,
      match: { ...route.match, headers: [...route.match.headers, isAllowed].sort(compareBy(({ name }) => name)) },
      features: changes === undefined ? others : [...others, responseHeaderModifier.value(changes)],
    },
  ]
}

/** What the filter would say to an origin that may read the response. */
function responseHeaders({ credentials, exposed }: Cors): HeaderChanges['set'] {
  const names = readable(exposed, credentials).join(', ')
  return [
    { name: 'access-control-allow-origin', value: '%REQ(origin)%', isFormat: true },
    ...(credentials ? [{ name: 'access-control-allow-credentials', value: 'true' }] : []),
    ...(names === '' ? [] : [{ name: 'access-control-expose-headers', value: names }]),
  ]
}

/** A browser reads "*" as a header of that name when credentials are allowed: it must not be sent then. */
function readable(exposed: readonly string[], credentials: boolean): readonly string[] {
  return exposed.filter((name) => !(credentials && name === '*'))
}

function quoteRegex(text: string | null | undefined): string {
  return (text ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

const requestMethod = 'access-control-request-method'
const requestHeaders = 'access-control-request-headers'

function perFilter(value: Cors, asksHeaders: boolean) {
  return { typedPerFilterConfig: { [filterName]: packAny(policyMessage, emitPolicy(value, asksHeaders)) } }
}

function emitPolicy(value: Cors, asksHeaders: boolean): envoy.extensions.filters.http.cors.v3.ICorsPolicy {
  const { origins, credentials, methods, headers, maxAgeSeconds } = value
  return {
    allowOriginStringMatch: origins.flatMap(emitOrigin),
    allowMethods: methods.join(', '),
    allowHeaders: headers.filter((name) => name !== '*' || asksHeaders).join(', '),
    exposeHeaders: readable(value.exposed, credentials).join(', '),
    maxAge: String(maxAgeSeconds),
    allowCredentials: bool(credentials),
    forwardNotMatchingPreflights: bool(false),
  }
}

type StringMatcher = envoy.type.matcher.v3.IStringMatcher

const origin = /^(?<scheme>https?):\/\/(?<host>[^:]*)(?::(?<port>\d+))?$/

/** "Port 80 is assumed for http scheme origins, and port 443 ... for https": with and without it is the same origin. */
function emitOrigin(text: string): readonly StringMatcher[] {
  if (text === '*') return [{ safeRegex: { regex: '.*' } }]
  const { scheme = '', host = '', port } = origin.exec(text)?.groups ?? {}
  const usual = scheme === 'https' ? '443' : '80'
  const isUsual = port === undefined || Number(port) === Number(usual)
  if (host.startsWith('*')) {
    const rest = host.slice(1).replace(/[.]/g, '\\.')
    // Any number of labels to the left of its position.
    const portPart = isUsual ? `(?::${usual})?` : `:${Number(port)}`
    return [{ safeRegex: { regex: `(?i)${scheme}://[^/?#@:]+${rest}${portPart}` } }]
  }
  const base = `${scheme}://${host}`
  return isUsual ? [exact(base), exact(`${base}:${usual}`)] : [exact(`${base}:${Number(port)}`)]
}

/** Scheme and host know no case (RFC 3986 6.2.2.1). */
function exact(text: string): StringMatcher {
  return { exact: text, ignoreCase: true }
}
