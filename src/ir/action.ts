import type { Backend } from './backend.ts'

/** What happens to a matched request. */
export type Action =
  | { readonly kind: 'forward'; readonly backends: readonly Backend[] }
  | { readonly kind: 'redirect'; readonly redirect: Redirect }
  | { readonly kind: 'respond'; readonly status: number }
  /** A filter ahead of the router answers every such request: none gets further. */
  | { readonly kind: 'answered' }

/** `HTTPRequestRedirectFilter`, resolved against the listener: absent parts stay as the request has them. */
export interface Redirect {
  readonly scheme?: 'http' | 'https' | undefined
  readonly hostname?: string | undefined
  /** Absent: no port in Location, since it would be `wellKnownPort`. */
  readonly port?: number | undefined
  /** Port of the resulting scheme: stands in for one that the request's host has, where `port` is absent. */
  readonly wellKnownPort: 80 | 443
  readonly path?: PathChange | undefined
  readonly status: 301 | 302 | 303 | 307 | 308
}

/** `HTTPPathModifier`. A prefix change names the prefix that the rule matched. */
export type PathChange =
  | { readonly kind: 'full'; readonly path: string }
  | { readonly kind: 'prefix'; readonly from: string; readonly to: string }
