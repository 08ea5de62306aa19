/** What is wrong with a rule as a whole: fields that are not built and parts that do not go together. */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'
import type { HTTPRouteRule } from '../../api/gen/types.ts'
import { addressProblem } from '../attach/hostnames.ts'

/** Every problem that no single match, filter or backendRef has. */
export function ruleProblems(rule: HTTPRouteRule, field: string): readonly Problem[] {
  return [...unsupportedFields(rule, field), ...redirectProblems(rule, field), ...prefixProblems(rule, field)]
}

/** "the total number of matches across all rules in a route must be less than 128", and 128 are let in (`HTTPRouteSpec.rules`). */
const maxMatches = 128

/** What keeps a route from being looked at any further: the work for one object stays bounded. */
export function sizeProblems(rules: readonly HTTPRouteRule[]): readonly Problem[] {
  const count = rules.reduce((sum, { matches }) => sum + matches.length, 0)
  return count <= maxMatches
    ? []
    : [refuse('spec.rules', `there are ${count} matches, ${maxMatches} are allowed in one route; split it`)]
}

/** "IPs are not allowed" (`Hostname`): a client that goes by address sends no name that a route could be chosen by. */
export function hostnameProblems(hostnames: readonly string[]): readonly Problem[] {
  return hostnames.flatMap((hostname, index) => {
    const why = addressProblem(hostname)
    return why === undefined ? [] : [refuse(`spec.hostnames[${index}]`, why)]
  })
}

/** Fields of a rule that change what a client gets and are not built yet: ignoring them would be a lie. */
function unsupportedFields(rule: HTTPRouteRule, field: string): readonly Problem[] {
  return (['sessionPersistence'] as const)
    .filter((name) => rule[name] !== undefined)
    .map((name) => refuse(`${field}.${name}`, 'is not supported yet; remove it'))
}

/** "RequestRedirect filter must not be used together with backendRefs" (`HTTPRouteRule`). */
function redirectProblems({ filters = [], backendRefs = [] }: HTTPRouteRule, field: string): readonly Problem[] {
  const isRedirect = filters.some(({ type }) => type === 'RequestRedirect')
  return isRedirect && backendRefs.length > 0
    ? [refuse(`${field}.backendRefs`, 'a redirect asks no backend; remove backendRefs or the RequestRedirect filter')]
    : []
}

/** "When using ... path.replacePrefixMatch, exactly one PathPrefix match must be specified" (`HTTPRouteRule`). */
function prefixProblems({ filters = [], backendRefs = [], matches }: HTTPRouteRule, field: string): readonly Problem[] {
  if (matches.length === 1 && matches.every(({ path }) => path.type === 'PathPrefix')) return []
  const lists = [
    { filters, at: `${field}.filters` },
    ...backendRefs.map(({ filters: own = [] }, index) => ({
      filters: own,
      at: `${field}.backendRefs[${index}].filters`,
    })),
  ]
  return lists.flatMap((list) =>
    list.filters.flatMap(({ requestRedirect, urlRewrite }, index) => {
      const body = urlRewrite === undefined ? 'requestRedirect' : 'urlRewrite'
      const path = (urlRewrite ?? requestRedirect)?.path
      return path?.type !== 'ReplacePrefixMatch'
        ? []
        : [
            refuse(
              `${list.at}[${index}].${body}.path`,
              'ReplacePrefixMatch needs exactly one match, of type PathPrefix; split the rule or use ReplaceFullPath',
            ),
          ]
    }),
  )
}

function refuse(field: string, message: string): Problem {
  return { condition: conditionTypes.Accepted, reason: reasons.UnsupportedValue, message, field }
}
