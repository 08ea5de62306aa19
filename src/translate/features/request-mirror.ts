/**
 * `HTTPRequestMirrorFilter`: copies of requests, whose answers nobody waits for. A copy is the request as the router changed
 * it, with two headers that Envoy adds behind all configuration: `x-envoy-internal`, and the client's address once more in
 * `x-forwarded-for`.
 */
import type { HTTPRequestMirrorFilter } from '../../api/gen/types.ts'
import { envoy } from '../../envoy/gen/xds.js'
import type { ClusterName } from '../../ir/names.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { Problem } from '../../api/conditions.ts'
import { defineFeature, type FilterContext } from './feature.ts'
import { unsupported } from './problems.ts'

/** One target of copies. */
export interface Mirror {
  readonly cluster: ClusterName
  /** The part of the requests that is copied; absent: all. */
  readonly part?: Part | undefined
}

interface Part {
  readonly numerator: number
  readonly denominator: number
}

/** Copies of requests, of all or of a part (GEP-3171). */
export const requestMirror = defineFeature<readonly Mirror[]>({
  name: 'RequestMirror',
  conformance: ['HTTPRouteRequestMirror', 'HTTPRouteRequestMultipleMirrors', 'HTTPRouteRequestPercentageMirror'],
  levels: ['rule', 'backend'],
  parse: (filter, field, context) => parse(filter.requestMirror, `${field}.requestMirror`, context),
  route: (mirrors) => (mirrors.length === 0 ? {} : { action: { requestMirrorPolicies: mirrors.map(emitPolicy) } }),
  compose: (first, second) => [...first, ...second],
  clusters: (mirrors) => mirrors.map(({ cluster }) => cluster),
})

/** A mirror that does not resolve, or copies nothing, is left out: the requests themselves are served. */
function parse(
  filter: HTTPRequestMirrorFilter | undefined,
  field: string,
  { resolve }: FilterContext,
): Result<readonly Mirror[], readonly Problem[]> {
  if (filter === undefined) return ok([])
  const part = parsePart(filter, field)
  const cluster = resolve(filter.backendRef, `${field}.backendRef`)
  if (!part.ok) return part
  if (cluster === undefined || part.value?.numerator === 0) return ok([])
  return ok([{ cluster, ...(part.value === undefined ? {} : { part: part.value }) }])
}

function parsePart(
  { percent, fraction: part }: HTTPRequestMirrorFilter,
  field: string,
): Result<Part | undefined, readonly Problem[]> {
  if (part === undefined) return ok(percent === undefined ? undefined : { numerator: percent, denominator: 100 })
  if (percent !== undefined)
    return err([unsupported(`${field}.fraction`, 'percent is given already; keep one of them')])
  const { numerator, denominator } = part
  if (numerator > denominator) {
    const message = `${numerator}/${denominator} is more than all requests; make numerator at most denominator`
    return err([unsupported(`${field}.fraction.numerator`, message)])
  }
  return ok({ numerator, denominator })
}

function emitPolicy({ cluster, part }: Mirror): envoy.config.route.v3.RouteAction.IRequestMirrorPolicy {
  return {
    cluster,
    ...(part === undefined ? {} : { runtimeFraction: { defaultValue: emitPart(part) } }),
    // The copy has the host of the request; Envoy would add "-shadow" to it.
    disableShadowHostSuffixAppend: true,
    requestHeadersMutations: [{ remove: 'x-envoy-internal' }],
  }
}

/**
 * In millionths, also where hundredths would do: Envoy draws one number per request, of which this reads the high digits
 * and the weights of backends the low ones. In hundredths, 10 % of 90:10 would all be requests of one backend.
 */
function emitPart({ numerator, denominator }: Part): envoy.type.v3.IFractionalPercent {
  const { MILLION } = envoy.type.v3.FractionalPercent.DenominatorType
  return { numerator: Math.round((numerator * 1_000_000) / denominator), denominator: MILLION }
}
