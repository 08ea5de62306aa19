/** Stage 2: how the proxies of each Gateway run, from its parameters over those of its class. */
import { conditionTypes, type Problem, reasons } from '../../api/conditions.ts'
import type { Gateway, GatewayClass } from '../../api/gen/types.ts'
import type { GatewayParametersSpec } from '../../api/own.ts'
import type { Collection } from '../../graph/collection.ts'
import type { Graph } from '../../graph/graph.ts'
import { defaultFleetParameters, type UpstreamParameters } from '../../ir/fleet.ts'
import type { Result } from '../../lib/result.ts'
import type { Inputs } from '../contract.ts'
import { compileParameters, overlay } from '../parameters/compile.ts'
import { type ResolvedParameters, resolveParameters } from '../parameters/resolve.ts'

/** Parameters of what is ours. */
export interface Parameters {
  /** By name of the class; what it says, or why it says nothing that can be used. Absent until that is known. */
  readonly ofClass: Collection<Result<GatewayParametersSpec, string>>
  /** By GatewayKey. */
  readonly ofGateway: Collection<ResolvedParameters>
  /** By GatewayKey, of Gateways that ask for something: theirs alone get clusters of their own. */
  readonly upstream: Collection<UpstreamParameters>
}

/** Adds the parameters of classes and Gateways. */
export function buildParameters(
  graph: Graph,
  inputs: Inputs,
  ours: { readonly classes: Collection<GatewayClass>; readonly gateways: Collection<Gateway> },
): Parameters {
  const ofClass = graph.derive('classParameters', ours.classes, (read, { spec: { parametersRef } }, key) => {
    const resolved = parametersRef === undefined ? noParameters : resolveParameters(read, inputs, parametersRef)
    return resolved === undefined ? [] : [[key, resolved]]
  })
  const ofGateway = graph.derive('gatewayParameters', ours.gateways, (read, { metadata, spec }, key) => {
    const reference = spec.infrastructure?.parametersRef
    const { namespace } = metadata
    const own = reference === undefined ? noParameters : resolveParameters(read, inputs, { ...reference, namespace })
    const inherited = read.get(ofClass, spec.gatewayClassName)
    if (own === undefined || inherited === undefined) return [[key, pendingParameters]]
    return [[key, combine(inherited, own, spec.gatewayClassName)]]
  })
  const upstream = graph.derive('upstreamParameters', ofGateway, (_read, { parameters }, key) =>
    Object.keys(parameters.upstream).length === 0 ? [] : [[key, parameters.upstream]],
  )
  return { ofClass, ofGateway, upstream }
}

const noParameters: Result<GatewayParametersSpec, string> = { ok: true, value: {} }

const pendingParameters: ResolvedParameters = { parameters: defaultFleetParameters, problems: [], isPending: true }

function combine(
  inherited: Result<GatewayParametersSpec, string>,
  own: Result<GatewayParametersSpec, string>,
  className: string,
): ResolvedParameters {
  const field = 'spec.infrastructure.parametersRef'
  const problems: Problem[] = []
  if (!inherited.ok) {
    const message = `the parameters of GatewayClass "${className}" cannot be used; its status says why`
    problems.push(invalidParameters('spec.gatewayClassName', message))
  }
  if (!own.ok) problems.push(invalidParameters(field, own.error))
  if (!inherited.ok || !own.ok) return { parameters: defaultFleetParameters, problems, isPending: false }
  const compiled = compileParameters(overlay(inherited.value, own.value))
  if (compiled.ok) return { parameters: compiled.value, problems, isPending: false }
  // Each is good by itself: they do not go together.
  const message = `with the parameters of GatewayClass "${className}": ${compiled.error}`
  return { parameters: defaultFleetParameters, problems: [invalidParameters(field, message)], isPending: false }
}

function invalidParameters(field: string, message: string): Problem {
  return { condition: conditionTypes.Accepted, reason: reasons.InvalidParameters, message, field }
}
