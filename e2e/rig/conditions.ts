/** What the status of Gateway API objects says, in one line for each condition. */
import type { Live } from './api.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
}

interface Status {
  readonly conditions?: readonly Condition[]
  readonly addresses?: readonly { readonly value: string }[]
  readonly listeners?: readonly {
    readonly name: string
    readonly attachedRoutes: number
    readonly conditions: readonly Condition[]
  }[]
  readonly parents?: readonly {
    readonly controllerName: string
    readonly parentRef: { readonly name: string }
    readonly conditions: readonly Condition[]
  }[]
}

/** Our controller, as deploy/fairlead.yaml has it. */
export const controllerName = 'fairlead.dev/gateway-controller'

/** The status of an object that has one. */
export const statusOf = (object: Live | undefined): Status => (object?.status ?? {}) as Status

/** `Accepted=True Accepted`, by type; of a route those of its first parent that is ours. Older generations do not count. */
export function conditionsOf(object: Live | undefined): Readonly<Record<string, string>> {
  const { conditions, parents } = statusOf(object)
  const parent = parents?.find((entry) => entry.controllerName === controllerName)
  return linesOf(parent?.conditions ?? conditions ?? [], object?.metadata.generation)
}

/** The same of a listener. */
export function listenerConditionsOf(object: Live | undefined, name: string): Readonly<Record<string, string>> {
  const listener = statusOf(object).listeners?.find((entry) => entry.name === name)
  return linesOf(listener?.conditions ?? [], object?.metadata.generation)
}

/** The messages of all conditions of that type, or of every type, wherever they stand in the status. */
export function messages(object: Live | undefined, type?: string): readonly string[] {
  const { conditions = [], parents = [], listeners = [] } = statusOf(object)
  const all = [...conditions, ...[...parents, ...listeners].flatMap((entry) => entry.conditions)]
  return all.filter((condition) => type === undefined || condition.type === type).map(({ message }) => message)
}

/** The same as one text. */
export const messageOf = (object: Live | undefined, type: string): string => messages(object, type).join('\n')

function linesOf(conditions: readonly Condition[], generation = 0): Readonly<Record<string, string>> {
  const current = conditions.filter(({ observedGeneration = 0 }) => observedGeneration >= generation)
  return Object.fromEntries(current.map(({ type, status, reason }) => [type, `${status} ${reason}`]))
}
