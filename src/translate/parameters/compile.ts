/** GatewayParameters -> ir.FleetParameters; those of the Gateway over those of its class, field by field. */
import { cidrProblem } from '../../api/core-names.ts'
import { isQualifiedName } from '../../api/metadata.ts'
import type { GatewayParametersSpec } from '../../api/own.ts'
import {
  defaultFleetParameters,
  type FleetParameters,
  type OutlierDetection,
  type Resources,
  type UpstreamParameters,
} from '../../ir/fleet.ts'
import { parseDuration } from '../../lib/duration.ts'
import { parseQuantity } from '../../lib/quantity.ts'
import { err, ok, type Result } from '../../lib/result.ts'

/** `over` where it says something, else `under`. Lists, maps and resources are taken as a whole. */
export function overlay(under: GatewayParametersSpec, over: GatewayParametersSpec): GatewayParametersSpec {
  return compact({
    ...compact(under),
    ...compact(over),
    placement: merged(under.placement, over.placement),
    service: merged(under.service, over.service),
    upstream:
      under.upstream === undefined && over.upstream === undefined
        ? undefined
        : compact({
            connectionPool: merged(under.upstream?.connectionPool, over.upstream?.connectionPool),
            outlierDetection: merged(under.upstream?.outlierDetection, over.upstream?.outlierDetection),
          }),
  })
}

/** What the schema cannot say is checked here; an error has the field, the value and what is asked of it. */
export function compileParameters(spec: GatewayParametersSpec): Result<FleetParameters, string> {
  const { workload, replicas } = spec
  if (workload === 'DaemonSet' && replicas !== undefined) {
    return err(
      `replicas: ${replicas} has no meaning for workload "DaemonSet", which has one proxy on each node; remove it`,
    )
  }
  const wrong = resourcesProblem(spec.resources) ?? serviceProblem(spec.service)
  if (wrong !== undefined) return err(wrong)
  const upstream = compileUpstream(spec.upstream)
  if (!upstream.ok) return upstream
  const { concurrency, image, drainSeconds, placement, service, resources } = spec
  return ok({
    ...defaultFleetParameters,
    ...compact({ workload, replicas, concurrency, image, drainSeconds, placement }),
    ...(resources === undefined ? {} : { resources: compileResources(resources) }),
    service: { ...defaultFleetParameters.service, ...compact(service ?? {}) },
    upstream: upstream.value,
  })
}

function compileUpstream(upstream: GatewayParametersSpec['upstream']): Result<UpstreamParameters, string> {
  const outliers = upstream?.outlierDetection
  if (outliers === undefined) return ok({ ...upstream?.connectionPool })
  const interval = positive('interval', outliers.interval)
  if (!interval.ok) return interval
  const baseEjectionTime = positive('baseEjectionTime', outliers.baseEjectionTime)
  if (!baseEjectionTime.ok) return baseEjectionTime
  const outlierDetection: OutlierDetection = compact({
    consecutive5xxErrors: outliers.consecutive5xxErrors,
    intervalMs: interval.value,
    baseEjectionTimeMs: baseEjectionTime.value,
  })
  return ok({ ...upstream?.connectionPool, outlierDetection })
}

/** envoy: OutlierDetection.interval and base_ejection_time must be above 0. */
function positive(field: string, text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined)
  const parsed = parseDuration(text)
  if (!parsed.ok) return err(`upstream.outlierDetection.${field}: "${text}" ${parsed.error}`)
  return parsed.value > 0 ? parsed : err(`upstream.outlierDetection.${field}: "${text}" must be more than nothing`)
}

/** What the API server would say to the Service of every fleet. */
function serviceProblem(service: GatewayParametersSpec['service']): string | undefined {
  const { annotations = {}, loadBalancerClass, loadBalancerSourceRanges = [] } = service ?? {}
  for (const [index, range] of loadBalancerSourceRanges.entries()) {
    const problem = cidrProblem(range.trim())
    if (problem !== undefined) {
      return `service.loadBalancerSourceRanges[${index}]: "${range}" ${problem}; write one such as 10.0.0.0/8`
    }
  }
  if (loadBalancerClass !== undefined && !isQualifiedName(loadBalancerClass)) {
    return `service.loadBalancerClass: "${loadBalancerClass}" is no name such as example.com/internal; correct it`
  }
  const key = Object.keys(annotations).find((name) => !isQualifiedName(name.toLowerCase()))
  return key === undefined ? undefined : `service.annotations: "${key}" is no key such as example.com/a; correct it`
}

function resourcesProblem({ requests = {}, limits = {} }: GatewayParametersSpec['resources'] = {}): string | undefined {
  for (const [field, quantities] of Object.entries({ requests, limits })) {
    for (const [name, quantity] of Object.entries(quantities)) {
      if (parseQuantity(String(quantity)) !== undefined) continue
      return `resources.${field}.${name}: "${quantity}" is no quantity; write one such as 500m or 128Mi`
    }
  }
  return undefined
}

/** A quantity may be written as a number. */
function compileResources({ requests, limits }: NonNullable<GatewayParametersSpec['resources']>): Resources {
  const texts = (quantities: typeof requests) =>
    quantities && Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, String(quantity)]))
  return compact({ requests: texts(requests), limits: texts(limits) })
}

function merged<T extends object>(under: T | undefined, over: T | undefined): T | undefined {
  if (under === undefined || over === undefined) return over ?? under
  return { ...under, ...compact(over) }
}

/** Without the fields that are there and undefined: they would hide what they are laid over. */
function compact<T extends object>(value: T): Compact<T> {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries) as Compact<T> // The same fields, less those that are absent.
}

type Compact<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
