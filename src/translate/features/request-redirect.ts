/** `HTTPRequestRedirectFilter`: the answer is a Location, and no backend is asked. */
import type { HTTPRequestRedirectFilter } from '../../api/gen/types.ts'
import type { Redirect } from '../../ir/action.ts'
import type { PathMatch } from '../../ir/match.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Problem } from '../../api/conditions.ts'
import { defineFeature } from './feature.ts'
import { parsePathModifier, type PathModifier, resolvePathChange } from './path-modifier.ts'
import { quote, unsupported } from './problems.ts'

/** A redirect before the listener and the match are known. */
export interface RedirectFilter {
  readonly scheme?: 'http' | 'https' | undefined
  readonly hostname?: string | undefined
  readonly port?: number | undefined
  readonly path?: PathModifier | undefined
  readonly status: Redirect['status']
}

/** The listener that a redirect is served by; `protocol` as in `Listener.protocol`. */
export interface RedirectListener {
  readonly port: number
  readonly protocol: string
}

const statuses: readonly Redirect['status'][] = [301, 302, 303, 307, 308]
const wellKnownPorts = { http: 80, https: 443 } as const

/** Redirects (GEP-726). No hook for routes: a redirect is an action of its own (`resolveRedirect`). */
export const requestRedirect = defineFeature<RedirectFilter>({
  name: 'RequestRedirect',
  conformance: [
    'HTTPRoute303RedirectStatusCode',
    'HTTPRoute307RedirectStatusCode',
    'HTTPRoute308RedirectStatusCode',
    'HTTPRoutePathRedirect',
    'HTTPRoutePortRedirect',
    'HTTPRouteSchemeRedirect',
  ],
  levels: ['rule'],
  parse: (filter, field) => parse(filter.requestRedirect, `${field}.requestRedirect`),
})

function parse(
  filter: HTTPRequestRedirectFilter | undefined,
  field: string,
): Result<RedirectFilter, readonly Problem[]> {
  const { scheme, hostname, port, path, statusCode = 302 } = filter ?? {}
  const problems: Problem[] = []
  const status = statuses.find((known) => known === statusCode)
  if (status === undefined) {
    problems.push(unsupported(`${field}.statusCode`, `${statusCode} is not supported; use ${statuses.join(', ')}`))
  }
  if (scheme !== undefined && !Object.hasOwn(wellKnownPorts, scheme)) {
    problems.push(unsupported(`${field}.scheme`, `${quote(scheme)} is not supported; use http or https`))
  }
  const modifier = path === undefined ? undefined : parsePathModifier(path, `${field}.path`)
  if (modifier?.ok === false) problems.push(...modifier.error)
  if (status === undefined || problems.length > 0) return err(problems)
  return ok({
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { port }),
    ...(modifier?.ok === true ? { path: modifier.value } : {}),
    status,
  })
}

/**
 * The redirect as one listener serves it for one match. The port is that of the filter, else the well-known one of a
 * given scheme, else the listener's; the well-known port of the resulting scheme is left out
 * (`HTTPRequestRedirectFilter.port`).
 */
export function resolveRedirect(filter: RedirectFilter, match: PathMatch, listener: RedirectListener): Redirect {
  const { scheme, hostname, status } = filter
  const finalScheme = scheme ?? (listener.protocol.toUpperCase() === 'HTTPS' ? 'https' : 'http')
  const port = filter.port ?? (scheme === undefined ? listener.port : wellKnownPorts[scheme])
  const path = filter.path === undefined ? undefined : resolvePathChange(filter.path, match)
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === wellKnownPorts[finalScheme] ? {} : { port }),
    wellKnownPort: wellKnownPorts[finalScheme],
    ...(path === undefined ? {} : { path }),
    status,
  }
}
