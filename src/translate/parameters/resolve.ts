/** parametersRef -> parameters, or why there are none (`GatewayClassSpec.parametersRef`, `GatewayInfrastructure.parametersRef`). */
import type { ConfigMap } from '../../api/core.ts'
import { missingObject, type Problem } from '../../api/conditions.ts'
import { type GatewayParameters, type GatewayParametersSpec, ownGroup } from '../../api/own.ts'
import type { Collection, Reader, Single } from '../../graph/collection.ts'
import type { FleetParameters } from '../../ir/fleet.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import type { TranslateSettings } from '../contract.ts'
import { compileParameters, overlay } from './compile.ts'
import { parametersOf } from './config-map.ts'

/** Where objects of parameters are found. */
export interface ParametersContext {
  readonly configMaps: Collection<ConfigMap>
  readonly lookedUp: Collection<true>
  readonly settings: Single<Pick<TranslateSettings, 'awaitsLookups'>>
  readonly gatewayParameters: Collection<GatewayParameters>
}

/** With problems the parameters are the defaults, and are to be used by nobody. */
export interface ResolvedParameters {
  readonly parameters: FleetParameters
  readonly problems: readonly Problem[]
  /** True until everything that they are made of was looked up: the parameters are those of nobody then, too. */
  readonly isPending: boolean
}

/** A reference with the namespace that it means; absent where a GatewayClass names none. */
export interface ParametersReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

/** What the referenced object says, checked by itself; an error says in full what is wrong. Undefined: not known yet. */
export function resolveParameters(
  read: Reader,
  context: ParametersContext,
  reference: ParametersReference,
): Result<GatewayParametersSpec, string> | undefined {
  const { group, kind, name, namespace } = reference
  const isOwn = group === ownGroup && kind === 'GatewayParameters'
  if (!isOwn && !(group === '' && kind === 'ConfigMap')) {
    const quoted = group === '' ? `"${kind}"` : `"${kind}" of group "${group}"`
    return err(`kind ${quoted} holds no parameters; use GatewayParameters of group "${ownGroup}" or a ConfigMap`)
  }
  if (namespace === undefined) return err(`${kind} "${name}" is in a namespace; name it`)
  const key = `${namespace}/${name}`
  const spec = isOwn ? ownSpec(read, context, key) : configMapSpec(read, context, key)
  if (spec === undefined && !isOwn && read.single(context.settings).awaitsLookups === true) {
    if (!read.has(context.lookedUp, `ConfigMap/${key}`)) return undefined
  }
  if (spec === undefined) return err(missingObject({ group, kind, namespace, name }))
  const refuse = (words: string) => err(`${kind} ${key} cannot be used: ${words}`)
  if (!spec.ok) return refuse(spec.error)
  const compiled = compileParameters(spec.value)
  return compiled.ok ? spec : refuse(compiled.error)
}

type Spec = Result<GatewayParametersSpec, string>

function ownSpec(read: Reader, { gatewayParameters }: ParametersContext, key: string): Spec | undefined {
  const found = read.get(gatewayParameters, key)
  return found === undefined ? undefined : ok(found.spec)
}

function configMapSpec(read: Reader, { configMaps }: ParametersContext, key: string): Spec | undefined {
  const found = read.get(configMaps, key)
  if (found === undefined) return undefined
  const parsed = parametersOf(found)
  return parsed.ok ? ok(parsed.value.reduce(overlay, {})) : err(parsed.error.join('; '))
}
