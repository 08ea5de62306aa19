/**
 * The status to write: ours merged into what is there. Conditions of other types and parents of other controllers are
 * not ours to touch (`RouteParentStatus.controllerName`, GEP-1364).
 */
import { structuralEqual } from '../lib/equal.ts'

type Fields = Readonly<Record<string, unknown>>

/** RFC 3339. */
export type Now = () => string

/** Marks the condition types that are ours besides those that we write now: they go when we no longer report them. */
const ownTypePrefix = 'fairlead.dev/'

/** `existing` with ours in it; `existing` itself when nothing changes. */
export function mergeStatus(existing: Fields | undefined, desired: Fields, now: Now): Fields {
  const before = existing ?? {}
  const merged: Record<string, unknown> = { ...before }
  for (const [field, value] of Object.entries(desired)) {
    merged[field] = mergeField(field, before[field], value, now)
  }
  return structuralEqual(before, merged) ? before : merged
}

function mergeField(field: string, before: unknown, value: unknown, now: Now): unknown {
  if (!Array.isArray(value)) {
    return value
  }
  switch (field) {
    case 'conditions':
      return mergeConditions(before, value, now)
    case 'listeners':
      return value.map((listener: unknown) => {
        const same = fieldsOf(before).find((other) => other.name === recordOf(listener).name)
        return mergeStatus({ conditions: same?.conditions ?? [] }, recordOf(listener), now)
      })
    case 'parents':
      return mergeParents(before, value, now)
    default:
      return value
  }
}

/** Ours by type, in our order, then the foreign ones as they stood. The time changes only with the status. */
function mergeConditions(before: unknown, ours: readonly unknown[], now: Now): readonly unknown[] {
  const existing = fieldsOf(before)
  const types = new Set(fieldsOf(ours).map(({ type }) => type))
  const written = fieldsOf(ours).map((condition) => {
    const same = existing.find(({ type }) => type === condition.type)
    const isSame = same !== undefined && same.status === condition.status && typeof same.lastTransitionTime === 'string'
    return { ...condition, lastTransitionTime: isSame ? same.lastTransitionTime : now() }
  })
  const foreign = existing.filter(({ type }) => !types.has(type) && !String(type).startsWith(ownTypePrefix))
  return [...written, ...foreign]
}

/** Ours by parentRef, then entries of other controllers as they stood. */
function mergeParents(before: unknown, ours: readonly unknown[], now: Now): readonly unknown[] {
  const existing = fieldsOf(before)
  const controllers = new Set(fieldsOf(ours).map(({ controllerName }) => controllerName))
  const written = fieldsOf(ours).map((parent) => {
    const same = existing.find(
      (other) => other.controllerName === parent.controllerName && structuralEqual(other.parentRef, parent.parentRef),
    )
    return { ...parent, conditions: mergeConditions(same?.conditions, fieldsOf(parent.conditions), now) }
  })
  return [...written, ...existing.filter(({ controllerName }) => !controllers.has(controllerName))]
}

function fieldsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
