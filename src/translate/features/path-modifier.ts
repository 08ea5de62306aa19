/** `HTTPPathModifier` of redirects and rewrites. */
import type { HTTPPathModifier } from '../../api/gen/types.ts'
import type { PathChange } from '../../ir/action.ts'
import type { PathMatch } from '../../ir/match.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Problem } from '../../api/conditions.ts'
import { quote, unsupported } from './problems.ts'

/** A path change before the match that it is applied to is known. */
export type PathModifier =
  | { readonly kind: 'full'; readonly path: string }
  | { readonly kind: 'prefix'; readonly to: string }

/** A path modifier, or every problem with it. `field` is its path. */
export function parsePathModifier(modifier: HTTPPathModifier, field: string): Result<PathModifier, readonly Problem[]> {
  const misplaced = fieldProblems(modifier, field)
  if (misplaced.length > 0) return err(misplaced)
  switch (modifier.type) {
    case 'ReplaceFullPath': {
      const path = modifier.replaceFullPath ?? ''
      const problem = pathProblem(path, `${field}.replaceFullPath`)
      // An empty path is the root (RFC 9110 4.2.3).
      return problem === undefined ? ok({ kind: 'full', path: path === '' ? '/' : path }) : err([problem])
    }
    case 'ReplacePrefixMatch': {
      const to = modifier.replacePrefixMatch ?? ''
      const problem = pathProblem(to, `${field}.replacePrefixMatch`)
      return problem === undefined ? ok({ kind: 'prefix', to }) : err([problem])
    }
    default:
      return err([
        unsupported(
          `${field}.type`,
          `${quote(modifier.type)} is not supported; use ReplaceFullPath or ReplacePrefixMatch`,
        ),
      ])
  }
}

/** "replaceFullPath must be specified when type is set to 'ReplaceFullPath'" and so on (`HTTPPathModifier`). */
function fieldProblems(modifier: HTTPPathModifier, field: string): readonly Problem[] {
  return (['ReplaceFullPath', 'ReplacePrefixMatch'] as const).flatMap((type) => {
    const name = type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch'
    const isThere = modifier[name] !== undefined
    if (isThere === (modifier.type === type)) return []
    const message = isThere
      ? `does not belong to type ${modifier.type}; remove it`
      : `is missing and type is ${type}; add it`
    return [unsupported(`${field}.${name}`, message)]
  })
}

/**
 * The change for one match. A prefix change belongs to a PathPrefix match (`HTTPPathModifier.replacePrefixMatch`); other
 * matches are refused before (`ruleProblems`), and an exact path is then its own prefix.
 */
export function resolvePathChange(modifier: PathModifier, match: PathMatch): PathChange | undefined {
  if (modifier.kind === 'full') return modifier
  switch (match.kind) {
    case 'prefix':
      return { kind: 'prefix', from: match.prefix, to: modifier.to }
    case 'exact':
      return { kind: 'prefix', from: match.path, to: modifier.to }
    case 'regex':
      return undefined
  }
}

/** A path and nothing else: what a query or a control character would do depends on who reads it. */
function pathProblem(path: string, field: string): Problem | undefined {
  if (path === '') return undefined
  if (!path.startsWith('/'))
    return unsupported(field, `${quote(path)} does not begin with "/"; write ${quote(`/${path}`)}`)
  const odd = /[^!-~]|[?#]/.exec(path)?.[0]
  return odd === undefined
    ? undefined
    : unsupported(field, `${quote(path)} holds ${quote(odd)}, which no path can; leave it out or percent-encode it`)
}
