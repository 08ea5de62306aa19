/** ir.RouteMatch -> envoy.config.route.v3.RouteMatch. */
import type { envoy } from '../../envoy/gen/xds.js'
import type { PathMatch, RouteMatch, ValueMatch } from '../../ir/match.ts'
import { unreachable } from '../../lib/assert.ts'

type EnvoyMatch = envoy.config.route.v3.IRouteMatch

/** The conditions of one match; all of them must hold (`HTTPRouteMatch`). */
export function emitMatch(match: RouteMatch): EnvoyMatch {
  const headers = [
    ...(match.method === undefined ? [] : [{ name: ':method', stringMatch: { exact: match.method } }]),
    ...match.headers.map((header) => ({ name: header.name, stringMatch: emitValue(header) })),
  ]
  const queryParameters = match.queryParams.map((param) => ({ name: param.name, stringMatch: emitValue(param) }))
  return {
    ...emitPath(match.path),
    ...(headers.length === 0 ? {} : { headers }),
    ...(queryParameters.length === 0 ? {} : { queryParameters }),
  }
}

/** `envoy: RouteMatch.path_separated_prefix` compares whole segments and refuses a trailing slash, hence `/` is apart. */
function emitPath(path: PathMatch): EnvoyMatch {
  switch (path.kind) {
    case 'exact':
      return { path: path.path }
    case 'prefix':
      return path.prefix === '/' ? { prefix: '/' } : { pathSeparatedPrefix: path.prefix }
    case 'regex':
      return { safeRegex: { regex: path.regex } }
    default:
      return unreachable(path)
  }
}

/** `envoy: StringMatcher.safe_regex` matches the whole value, as ours does. */
function emitValue({ kind, value }: ValueMatch): envoy.type.matcher.v3.IStringMatcher {
  return kind === 'exact' ? { exact: value } : { safeRegex: { regex: value } }
}
