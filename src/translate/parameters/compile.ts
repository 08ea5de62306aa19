/** GatewayParameters -> ir.FleetParameters; those of the Gateway over those of its class, field by field. */
import type { GatewayParametersSpec } from '../../api/own.ts'
import {
  defaultFleetParameters,
  type FleetParameters,
  type OutlierDetection,
  type Resources,
  type UpstreamParameters,
} from '../../ir/fleet.ts'
import { parseDuration } from '../../lib/duration.ts'
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
