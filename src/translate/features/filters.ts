/**
 * The filters of a rule or a backendRef, and the fields of a rule -> feature values and what is wrong with them
 * (`HTTPRouteRule.filters`).
 */
import type { Problem } from '../../api/conditions.ts'
import type { HTTPRouteFilter, HTTPRouteRule } from '../../api/gen/types.ts'
import type { FeatureValue } from '../../ir/feature-value.ts'
import { forbiddenPairs, repeatable } from './compat.ts'
import { type AnyFeature, composed, type FilterContext, type FilterLevel } from './feature.ts'
import { incompatible, unsupported } from './problems.ts'
import { routeFeatures } from './registry.ts'

/** Where a list of filters stands, and what its filters may ask. */
export interface FilterPlace extends FilterContext {
  /** Path of the list, as `spec.rules[0].filters`. */
  readonly field: string
  readonly level: FilterLevel
}

/** Values of the features that are in order, and what is wrong with the others. */
export interface CompiledFilters {
  readonly features: readonly FeatureValue[]
  readonly problems: readonly Problem[]
}

/** A filter with a problem has no value: whoever serves the others must know that the list is not whole. */
export function compileFilters(
  filters: readonly HTTPRouteFilter[],
  place: FilterPlace,
  known: readonly AnyFeature[] = routeFeatures,
): CompiledFilters {
  const values = new Map<AnyFeature, unknown>()
  const problems: Problem[] = []
  filters.forEach((filter, index) => {
    const field = `${place.field}[${index}]`
    const feature = known.find(({ name, source }) => name === filter.type && source.kind === 'filter')
    if (feature?.source.kind !== 'filter' || !feature.source.levels.includes(place.level)) {
      problems.push(refused(filter.type, place.level, `${field}.type`))
      return
    }
    if (!repeatable.has(filter.type) && filters.findIndex(({ type }) => type === filter.type) !== index) {
      problems.push(incompatible(field, `${filter.type} is there twice; join the two into one filter`))
      return
    }
    const misplaced = bodyProblems(filter, field)
    if (misplaced.length > 0) {
      problems.push(...misplaced)
      return
    }
    const parsed = feature.source.parse(filter, field, place)
    if (parsed.ok) values.set(feature, composed(feature, values.get(feature), parsed.value))
    else problems.push(...parsed.error)
  })
  const features = [...values].map(([feature, value]) => feature.value(value))
  return { features, problems: [...problems, ...pairProblems(filters, place.field)] }
}

/** The fields of a rule that are features. `field` is the path of the rule. */
export function compileRuleFields(
  rule: HTTPRouteRule,
  field: string,
  known: readonly AnyFeature[] = routeFeatures,
): CompiledFilters {
  const features: FeatureValue[] = []
  const problems: Problem[] = []
  for (const feature of known) {
    const parsed = feature.source.kind === 'rule' ? feature.source.parse(rule, field) : undefined
    if (parsed?.ok === false) problems.push(...parsed.error)
    else if (parsed?.value !== undefined) features.push(feature.value(parsed.value))
  }
  return { features, problems }
}

function refused(type: HTTPRouteFilter['type'], level: FilterLevel, field: string): Problem {
  if (type === 'RequestRedirect' && level === 'backend') {
    return unsupported(
      field,
      'a redirect asks no backend, so a backendRef cannot have one; move the filter to the rule',
    )
  }
  const where = level === 'rule' ? 'on a rule' : 'on a backendRef'
  return unsupported(field, `filter ${type} is not supported ${where} yet; remove it`)
}

/** The fields of a filter that hold what a type needs (`HTTPRouteFilter`: "type" is the union's discriminator). */
export const filterBodies = {
  CORS: 'cors',
  ExtensionRef: 'extensionRef',
  ExternalAuth: 'externalAuth',
  RequestHeaderModifier: 'requestHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  ResponseHeaderModifier: 'responseHeaderModifier',
  URLRewrite: 'urlRewrite',
} as const satisfies Readonly<Record<HTTPRouteFilter['type'], keyof HTTPRouteFilter>>

function bodyProblems(filter: HTTPRouteFilter, field: string): readonly Problem[] {
  const own = filterBodies[filter.type]
  const missing =
    filter[own] === undefined ? [unsupported(`${field}.${own}`, `is missing and type is ${filter.type}; add it`)] : []
  const others = Object.values(filterBodies).filter((body) => body !== own && filter[body] !== undefined)
  return [
    ...missing,
    ...others.map((body) =>
      unsupported(`${field}.${body}`, `does not belong to type ${filter.type}; make it a filter of its own`),
    ),
  ]
}

function pairProblems(filters: readonly HTTPRouteFilter[], field: string): readonly Problem[] {
  return forbiddenPairs.flatMap(({ pair: [first, second], why }) => {
    const types = filters.map(({ type }) => type)
    return types.includes(first) && types.includes(second)
      ? [incompatible(field, `${first} and ${second} cannot be on one rule: ${why}; remove one of them`)]
      : []
  })
}
