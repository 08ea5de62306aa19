import { err, ok, type Result } from '../lib/result.ts'
import { gatewayApiGroup } from './gen/schemas.ts'
import { apiVersionOf, findKind, type Kind, kinds, schemaOf } from './kinds.ts'
import { listOf, type ParseProblem, quoteValue } from './parse-problem.ts'
import type { Channel, ObjectSchema } from './schema.ts'
import { nearest } from './suggest.ts'

/** A kind we read and the schema of the version that the object is written in. */
export interface Identity {
  readonly kind: Kind
  readonly schema: ObjectSchema
}

const groups: ReadonlySet<string> = new Set(kinds.map((kind) => kind.group))

/**
 * Finds out what an object is by `apiVersion` and `kind`. Kinds of groups we have nothing to do with, and kinds we do not
 * read of core groups, are ignored with a warning; what looks like a slip of the pen is an error.
 */
export function identify(
  apiVersion: unknown,
  name: unknown,
  channel: Channel,
): Result<Identity, readonly ParseProblem[]> {
  const missing = [...requireText('apiVersion', apiVersion), ...requireText('kind', name)]
  if (missing.length > 0 || typeof apiVersion !== 'string' || typeof name !== 'string') return err(missing)
  const slash = apiVersion.indexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const version = apiVersion.slice(slash + 1)
  const kind = findKind(name)
  if (kind === undefined || kind.group !== group) return err([unknownKind(group, apiVersion, name)])
  const schema = schemaOf(kind, channel, version)
  return schema === undefined ? err([unknownVersion(kind, channel, version)]) : ok({ kind, schema })
}

function requireText(field: string, value: unknown): readonly ParseProblem[] {
  if (typeof value === 'string' && value !== '') return []
  const example = field === 'kind' ? 'kind: HTTPRoute' : `apiVersion: ${gatewayApiGroup}/v1`
  if (value === undefined || value === null || value === '') {
    const remedy = `add it, for example ${example}`
    return [{ severity: 'error', reason: 'MissingField', field, message: `${field} is missing`, remedy }]
  }
  const message = `must be text, but is ${quoteValue(value)}`
  return [{ severity: 'error', reason: 'WrongType', field, message, remedy: `write for example ${example}` }]
}

const otherClusters = 'backends in other clusters are not supported yet; use Services of this one'

/** Kinds that are written about under the group of the Gateway API, which has none of them. */
const inventedKinds: Readonly<Record<string, string>> = {
  ServiceImport: `it is of multicluster.x-k8s.io, and ${otherClusters}`,
  MultiClusterService: otherClusters,
}

/** What does here what objects of others do, by group and kind. */
const replacements: ReadonlyMap<string, string> = new Map([
  ['networking.k8s.io/Ingress', 'write a Gateway and HTTPRoutes for what it does'],
  ['networking.k8s.io/IngressClass', 'write a GatewayClass'],
  ['networking.istio.io/Gateway', `write a Gateway of ${gatewayApiGroup}`],
  ['networking.istio.io/VirtualService', 'write HTTPRoutes for what it does'],
  ['networking.istio.io/DestinationRule', 'GatewayParameters have connection pools and outlier detection'],
  ['projectcontour.io/HTTPProxy', 'write HTTPRoutes for what it does'],
  ['traefik.io/IngressRoute', 'write HTTPRoutes for what it does'],
])

function unknownKind(group: string, apiVersion: string, name: string): ParseProblem {
  const meant = nearestKind(group, name)
  const what = `${quoteValue(name)} of ${quoteValue(apiVersion)}`
  if (meant !== undefined) {
    const isSameName = meant.kind === name
    const field = isSameName ? 'apiVersion' : 'kind'
    const remedy = `did you mean ${isSameName ? `apiVersion: ${apiVersionOf(meant)}` : `kind: ${meant.kind}`}?`
    return { severity: 'error', reason: 'UnknownKind', field, message: `there is no kind ${what}`, remedy }
  }
  if (group === gatewayApiGroup) {
    const known = kinds.filter((kind) => kind.group === group).map((kind) => kind.kind)
    const remedy = Object.hasOwn(inventedKinds, name) ? inventedKinds[name] : `use one of ${known.join(', ')}`
    return { severity: 'error', reason: 'UnknownKind', field: 'kind', message: `there is no kind ${what}`, remedy }
  }
  return {
    severity: 'warning',
    reason: 'IgnoredKind',
    field: 'kind',
    message: `kind ${what} has no effect here: ignored`,
    remedy: replacements.get(`${group}/${name}`),
  }
}

/** The kind that was probably meant: the same name in a group spelt alike, or a name spelt alike in the same group. */
function nearestKind(group: string, name: string): Kind | undefined {
  const sameName = findKind(name)
  if (sameName !== undefined) return isSpeltAlike(group, sameName.group) ? sameName : undefined
  if (!groups.has(group)) return undefined
  const inGroup = kinds.filter((kind) => kind.group === group)
  const near = nearest(
    name,
    inGroup.map((kind) => kind.kind),
  )
  return near === undefined ? undefined : findKind(near)
}

function isSpeltAlike(group: string, known: string): boolean {
  if (group === '' || known === '') return true
  return nearest(group, [known]) !== undefined
}

function unknownVersion(kind: Kind, channel: Channel, version: string): ParseProblem {
  const served = Object.keys(kind.schemas[channel])
  const isExperimental = schemaOf(kind, 'experimental', version) !== undefined
  const known = listOf(served.map((name) => apiVersionOf({ group: kind.group, version: name })))
  const why = isExperimental ? ' (the experimental channel serves it)' : ''
  const message = `version ${quoteValue(version)} of ${kind.kind} is not served${why}`
  return { severity: 'error', reason: 'UnknownVersion', field: 'apiVersion', message, remedy: `use ${known}` }
}
