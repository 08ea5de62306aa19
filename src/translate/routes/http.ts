/** HTTPRoute -> routes of the IR and what is wrong with it (`HTTPRouteSpec`). */
import { conditionTypes, type Problem } from '../../api/conditions.ts'
import type { HTTPBackendRef, HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from '../../api/gen/types.ts'
import type { Reader } from '../../graph/collection.ts'
import type { Action } from '../../ir/action.ts'
import type { Backend } from '../../ir/backend.ts'
import type { RouteMatch, ValueMatch } from '../../ir/match.ts'
import type { FeatureValue } from '../../ir/feature-value.ts'
import type { Route } from '../../ir/route.ts'
import { RegexBudget } from '../../lib/re2.ts'
import { compareBy } from '../../lib/sorted.ts'
import { type BackendContext, resolveBackend } from '../backends/service.ts'
import type { FilterContext } from '../features/feature.ts'
import { type CompiledFilters, compileFilters, compileRuleFields } from '../features/filters.ts'
import { requestRedirect, resolveRedirect } from '../features/request-redirect.ts'
import { matchProblems } from './match-problems.ts'
import { hostnameProblems, ruleProblems, sizeProblems } from './rule-problems.ts'

/** The rules of one route object that can serve, whatever the listener, and every problem found. */
export interface CompiledRoute {
  readonly matches: readonly CompiledMatch[]
  readonly problems: readonly Problem[]
}

/** One match of one rule. A redirect is finished per listener, because its port may be that of the listener. */
interface CompiledMatch {
  readonly route: Route
  readonly redirect: RedirectFilter | undefined
}

type RedirectFilter = Parameters<typeof resolveRedirect>[0]

/** The part of a listener that a route may depend on. */
export interface RouteListener {
  readonly port: number
  readonly protocol: string
}

/**
 * Compiles every rule. A rule with a mistake is dropped as a whole; the others go on
 * (`RouteConditionPartiallyInvalid`).
 */
export function compileHttpRoute(read: Reader, route: HTTPRoute, backends: BackendContext): CompiledRoute {
  const { namespace, name } = route.metadata
  const object = `HTTPRoute/${namespace}/${name}`
  const matches: CompiledMatch[] = []
  const problems: Problem[] = [...sizeProblems(route.spec.rules), ...hostnameProblems(route.spec.hostnames ?? [])]
  if (problems.length > 0) return { matches, problems }
  const scope: RuleScope = { backends, expressions: new RegexBudget() }
  route.spec.rules.forEach((rule, ruleIndex) => {
    const field = `spec.rules[${ruleIndex}]`
    const compiled = compileRule(read, rule, scope, field)
    problems.push(...compiled.problems)
    if (compiled.problems.some(({ condition }) => condition === conditionTypes.Accepted)) {
      return // The rule is dropped as a whole: half of it could let through what the other half was to stop.
    }
    rule.matches.forEach((match, matchIndex) => {
      matches.push({
        redirect: compiled.redirect,
        route: {
          name: `${namespace}/${name}/${ruleIndex}/${matchIndex}`,
          match: compileMatch(match),
          action: compiled.action,
          features: compiled.features,
          origin: { object, field: `${field}.matches[${matchIndex}]` },
        },
      })
    })
  })
  return { matches, problems }
}

/** The routes as a listener serves them. */
export function routesFor(compiled: CompiledRoute, listener: RouteListener): readonly Route[] {
  return compiled.matches.map(({ route, redirect }) =>
    redirect === undefined
      ? route
      : { ...route, action: { kind: 'redirect', redirect: resolveRedirect(redirect, route.match.path, listener) } },
  )
}

interface CompiledRule {
  readonly action: Action
  readonly redirect: RedirectFilter | undefined
  readonly features: readonly FeatureValue[]
  readonly problems: readonly Problem[]
}

/** What the rules of one object share. */
interface RuleScope {
  readonly backends: BackendContext
  readonly expressions: RegexBudget
}

function compileRule(read: Reader, rule: HTTPRouteRule, scope: RuleScope, field: string): CompiledRule {
  const references = referencesOf(read, scope.backends)
  const filters = compileFilters(rule.filters ?? [], { ...references, field: `${field}.filters`, level: 'rule' })
  const fields = compileRuleFields(rule, field)
  const backends = (rule.backendRefs ?? []).map((reference, index) =>
    compileBackend(reference, references, `${field}.backendRefs[${index}]`),
  )
  return {
    action: forward(backends.map(({ backend }) => backend)),
    redirect: requestRedirect.of(filters.features),
    features: [...filters.features, ...fields.features],
    problems: [
      ...filters.problems,
      ...fields.problems,
      ...ruleProblems(rule, field),
      ...rule.matches.flatMap((match, index) => matchProblems(match, `${field}.matches[${index}]`, scope.expressions)),
      ...backends.flatMap(({ problems }) => problems),
      ...references.problems,
    ],
  }
}

/** A rule without backends answers 500 (`HTTPRouteRule.backendRefs`). */
function forward(backends: readonly Backend[]): Action {
  return backends.length === 0 ? { kind: 'respond', status: 500 } : { kind: 'forward', backends }
}

/** Resolves references of one rule and gathers what is wrong with them. */
interface References extends FilterContext {
  readonly problems: readonly Problem[]
}

function referencesOf(read: Reader, context: BackendContext): References {
  const problems: Problem[] = []
  return {
    problems,
    resolve: (reference, field) => {
      const resolved = resolveBackend(read, context, reference, field)
      if (resolved.ok) return resolved.value
      problems.push(resolved.error)
      return undefined
    },
  }
}

function compileBackend(
  reference: HTTPBackendRef,
  references: References,
  field: string,
): { readonly backend: Backend; readonly problems: CompiledFilters['problems'] } {
  const place = { ...references, field: `${field}.filters`, level: 'backend' } as const
  const { features, problems } = compileFilters(reference.filters ?? [], place)
  const cluster = references.resolve(reference, field)
  const { weight } = reference
  return {
    backend: cluster === undefined ? { kind: 'invalid', weight } : { kind: 'cluster', cluster, weight, features },
    problems,
  }
}

function compileMatch(match: HTTPRouteMatch): RouteMatch {
  return {
    path: compilePath(match),
    ...(match.method === undefined ? {} : { method: match.method }),
    headers: valueMatches(match.headers ?? [], (name) => name.toLowerCase()),
    queryParams: valueMatches(match.queryParams ?? [], (name) => name),
  }
}

function compilePath({ path: { type, value } }: HTTPRouteMatch): RouteMatch['path'] {
  switch (type) {
    case 'Exact':
      return { kind: 'exact', path: value }
    case 'RegularExpression':
      return { kind: 'regex', regex: value }
    case 'PathPrefix':
      // "A trailing slash is ignored" (PathMatchPathPrefix).
      return { kind: 'prefix', prefix: value.replace(/\/+$/, '') || '/' }
  }
}

/** Of equal names "only the first entry ... MUST be considered" (`HTTPHeaderMatch.name`, `HTTPQueryParamMatch.name`). */
function valueMatches(
  matches: readonly { readonly name: string; readonly type: string; readonly value: string }[],
  normal: (name: string) => string,
): readonly ValueMatch[] {
  const byName = new Map<string, ValueMatch>()
  for (const { name, type, value } of matches) {
    const key = normal(name)
    if (!byName.has(key)) {
      byName.set(key, { name: key, kind: type === 'RegularExpression' ? 'regex' : 'exact', value })
    }
  }
  return [...byName.values()].sort(compareBy((match) => match.name))
}
