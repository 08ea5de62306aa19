/**
 * Hostname arithmetic of `Listener.hostname` and `HTTPRoute.hostnames`. A host is exact, `*.suffix` or `*`; a wildcard
 * stands for one or more labels, so `*.example.com` covers `a.b.example.com` and not `example.com`.
 */
import type { Host } from '../../ir/names.ts'
import { compareStrings } from '../../lib/sorted.ts'

/** The host of an absent hostname: every host. */
export const anyHost: Host = '*'

/** Lower case; an absent or empty hostname is every host. */
export function normalHost(hostname: string | undefined): Host {
  return hostname === undefined || hostname === '' ? anyHost : hostname.toLowerCase()
}

/** Why a hostname cannot be served although it looks like one; undefined for a name ("IPs are not allowed", `Hostname`). */
export function addressProblem(hostname: string): string | undefined {
  return /^[0-9]+(?:\.[0-9]+){3}$/.test(hostname)
    ? `"${hostname}" is an IP address, and hosts are matched by name; leave it out to serve every host, or use a DNS name`
    : undefined
}

/** Whether every name that `inner` stands for is one that `outer` stands for. */
export function covers(outer: Host, inner: Host): boolean {
  if (outer === anyHost || outer === inner) {
    return true
  }
  if (!outer.startsWith('*.')) {
    return false
  }
  // `*.example.com` covers `a.example.com` and `*.a.example.com`: both end in `.example.com` with something before it.
  const suffix = outer.slice(1)
  return inner.endsWith(suffix) && inner.length > suffix.length && inner !== outer
}

/** The hosts that both stand for: the narrower of the two when one covers the other, else none. */
export function intersect(listener: Host, route: Host): Host | undefined {
  if (covers(listener, route)) {
    return route
  }
  return covers(route, listener) ? listener : undefined
}

/** The wildcards that cover `host`, most specific first, ending in `*`; not `host` itself. */
export function widerHosts(host: Host): readonly Host[] {
  if (host === anyHost) {
    return []
  }
  const wider: Host[] = []
  let rest = host.startsWith('*.') ? host.slice(2) : host
  for (let dot = rest.indexOf('.'); dot !== -1; dot = rest.indexOf('.')) {
    rest = rest.slice(dot + 1)
    wider.push(`*.${rest}`)
  }
  wider.push(anyHost)
  return wider
}

/**
 * More specific first: exact hosts, then by characters without the wildcard, then `*`; equal ones by name so that
 * the order is total (`HTTPRouteRule.matches`: "longest matching non-wildcard hostname, then longest hostname").
 */
export function compareHosts(a: Host, b: Host): number {
  const exact = Number(a.startsWith('*')) - Number(b.startsWith('*'))
  return exact || b.length - a.length || compareStrings(a, b)
}
