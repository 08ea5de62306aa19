/** What a request must look like. Values are those of `HTTPRouteMatch`, normalised; order of lists is that of evaluation. */
export interface RouteMatch {
  readonly path: PathMatch
  /** Upper case, as `HTTPRouteMatch.method`. */
  readonly method?: string | undefined
  /** Sorted by name; one entry per name, the first of equal names wins (`HTTPRouteMatch.headers`). */
  readonly headers: readonly ValueMatch[]
  /** Sorted by name; one entry per name. */
  readonly queryParams: readonly ValueMatch[]
}

/** A prefix matches whole path segments and has no trailing slash, except `/` itself, which matches every path. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly path: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'regex'; readonly regex: string }

/** `regex` is RE2 and matches the whole value. Header names are lower case. */
export interface ValueMatch {
  readonly name: string
  readonly kind: 'exact' | 'regex'
  readonly value: string
}
