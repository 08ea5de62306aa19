/** Commands that show a configuration at work. */
import type { HTTPRoute, HTTPRouteMatch } from '../api/gen/types.ts'
import type { GatewayFacts } from './reporter.ts'

/** What the commands are made from. */
export interface TryFacts {
  readonly gateways: readonly GatewayFacts[]
  readonly routes: Iterable<HTTPRoute>
  /** File for `curl --cacert`; without it HTTPS is tried with `-k`. */
  readonly certificate?: string | undefined
}

interface Candidate {
  readonly command: string
  readonly kind: 'plain' | 'header' | 'secure' | 'other'
}

const shownAtMost = 3

/** Up to three curl commands: a plain request, one that a header decides, one over TLS, or what there is of these. */
export function commandsToTry(facts: TryFacts): readonly string[] {
  // Exact hosts first: they say more to a reader than an invented name below a wildcard.
  const [exact, wildcard] = [false, true].map((isWildcard) =>
    [...facts.routes].filter((route) => isWildcard === (route.spec.hostnames?.[0]?.startsWith('*') ?? true)),
  )
  const candidates = [...(exact ?? []), ...(wildcard ?? [])].flatMap((route) => candidatesOf(route, facts))
  const best = (['plain', 'header', 'secure'] as const).flatMap(
    (kind) => candidates.find((one) => one.kind === kind) ?? [],
  )
  const rest = candidates.filter((candidate) => !best.includes(candidate))
  return [...best, ...rest].slice(0, shownAtMost).map(({ command }) => command)
}

function candidatesOf(route: HTTPRoute, facts: TryFacts): readonly Candidate[] {
  const parents = (route.spec.parentRefs ?? []).map(
    ({ namespace, name }) => `${namespace ?? route.metadata.namespace}/${name}`,
  )
  const gateway = facts.gateways.find((candidate) => parents.includes(candidate.gateway))
  const hostname = route.spec.hostnames?.[0] ?? 'localhost'
  const host = hostname.startsWith('*') ? `demo${hostname.slice(1)}` : hostname
  const urls = gateway?.urls ?? []
  return route.spec.rules.flatMap(({ matches, filters }) => {
    const isRedirect = filters?.some(({ type }) => type === 'RequestRedirect') === true
    return matches.flatMap((match) => urls.flatMap((url) => candidate(url, host, match, isRedirect, facts) ?? []))
  })
}

function candidate(
  url: string,
  host: string,
  match: HTTPRouteMatch,
  isRedirect: boolean,
  { certificate }: TryFacts,
): Candidate | undefined {
  const isTested = [...(match.headers ?? []), ...(match.queryParams ?? [])].every(({ type }) => type === 'Exact')
  if (match.path.type === 'RegularExpression' || !isTested || (match.method ?? 'GET') !== 'GET') return undefined
  const headers = (match.headers ?? []).map(({ name, value }) => `-H ${quote(`${name}: ${value}`)} `).join('')
  const query = (match.queryParams ?? []).map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('&')
  const path = `${match.path.value}${query === '' ? '' : `?${query}`}`
  const isSecure = url.startsWith('https:')
  const kind = isRedirect ? 'other' : isSecure ? 'secure' : headers === '' ? 'plain' : 'header'
  const options = `${isRedirect ? '-i ' : ''}${headers}`
  return {
    kind,
    command: isSecure
      ? overTls(url, host, path, options, certificate)
      : `curl ${options}-H ${quote(`Host: ${host}`)} ${word(`${url}${path}`)}`,
  }
}

function overTls(url: string, host: string, path: string, options: string, certificate: string | undefined): string {
  const { hostname, port } = new URL(url)
  const name = port === '' ? '443' : port
  const trust = certificate === undefined ? '-k' : `--cacert ${word(certificate)}`
  return `curl ${options}${trust} --resolve ${host}:${name}:${hostname} ${word(`https://${host}:${name}${path}`)}`
}

/** A text as one word of a shell, quoted where that is needed. */
function word(text: string): string {
  return /^[A-Za-z0-9_\-./:@%+=,]+$/.test(text) ? text : quote(text)
}

/** In single quotes, between which a shell changes nothing; a quote of the text stands outside of them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
