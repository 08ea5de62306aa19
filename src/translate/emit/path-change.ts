/**
 * `HTTPPathModifier` in Envoy's words, for redirects and rewrites alike:
 * - a full replacement is kept verbatim;
 * - a prefix is replaced by whole segments. A trailing slash of either side is ignored, the rest of the path is kept,
 *   and nothing left is `/`. Plain `prefix_rewrite` would make `//bar` of `/foo/bar` when `/foo` becomes `/`
 *   (envoyproxy/envoy#26055).
 */
import type { envoy } from '../../envoy/gen/xds.js'
import type { PathChange } from '../../ir/action.ts'

type RegexRewrite = envoy.type.matcher.v3.IRegexMatchAndSubstitute

/** The fields that `RouteAction` and `RedirectAction` share. */
export interface PathRewrite {
  readonly prefixRewrite?: string
  readonly regexRewrite?: RegexRewrite
}

/** The rewrite of a path on its way to a backend. */
export function emitRewrite(change: PathChange): PathRewrite {
  return change.kind === 'full'
    ? { regexRewrite: { pattern: { regex: '^/.*$' }, substitution: quoteSubstitution(change.path) } }
    : replacePrefix(trimSlashes(change.from), trimSlashes(change.to))
}

/** A redirect has a field of its own for a whole path. */
export function emitRedirectPath(change: PathChange): PathRewrite & { readonly pathRedirect?: string } {
  return change.kind === 'full' ? { pathRedirect: change.path } : emitRewrite(change)
}

/** `from` and `to` have no trailing slash: the root is the empty string. */
function replacePrefix(from: string, to: string): PathRewrite {
  if (from === to) return {}
  if (from === '') return { prefixRewrite: `${to}/` }
  if (to === '') return { regexRewrite: { pattern: { regex: `^${quoteRegex(from)}/*` }, substitution: '/' } }
  return { prefixRewrite: to }
}

function trimSlashes(path: string): string {
  return path.replace(/\/+$/, '')
}

function quoteRegex(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}

/** In a substitution of RE2 only `\` is special. */
function quoteSubstitution(text: string): string {
  return text.replaceAll('\\', '\\\\')
}
