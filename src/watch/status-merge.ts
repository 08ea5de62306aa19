/**
 * The status to write: ours merged into what is there. Conditions of other types and parents of other controllers are
 * not ours to touch (`RouteParentStatus.controllerName`, GEP-1364).
 */
import { conditionTypes } from '../api/conditions.ts'
import { structuralEqual } from '../lib/equal.ts'

type Fields = Readonly<Record<string, unknown>>

/** RFC 3339. */
export type Now = () => string

/** Begins the condition types that are ours besides those of the Gateway API. */
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

/** The time changes only with the status. Types that we write, but not now, go; types that we do not know stay. */
function mergeConditions(before: unknown, ours: readonly unknown[], now: Now): readonly unknown[] {
  const existing = fieldsOf(before)
  const written = fieldsOf(ours).map((condition) => {
    const same = existing.find(({ type }) => type === condition.type)
    const isSame = same !== undefined && same.status === condition.status && typeof same.lastTransitionTime === 'string'
    return { ...condition, lastTransitionTime: isSame ? same.lastTransitionTime : now() }
  })
  return inPlace(existing, written, {
    isSame: (a, b) => a.type === b.type,
    isForeign: ({ type }) => !Object.hasOwn(conditionTypes, String(type)) && !String(type).startsWith(ownTypePrefix),
  })
}

/** Ours by parentRef; entries of other controllers as they stood. */
function mergeParents(before: unknown, ours: readonly unknown[], now: Now): readonly unknown[] {
  const existing = fieldsOf(before)
  const controllers = new Set(fieldsOf(ours).map(({ controllerName }) => controllerName))
  const isSame = (a: Fields, b: Fields) =>
    a.controllerName === b.controllerName && structuralEqual(a.parentRef, b.parentRef)
  const written = fieldsOf(ours).map((parent) => {
    const same = existing.find((other) => isSame(other, parent))
    return { ...parent, conditions: mergeConditions(same?.conditions, fieldsOf(parent.conditions), now) }
  })
  return inPlace(existing, written, { isSame, isForeign: ({ controllerName }) => !controllers.has(controllerName) })
}

/**
 * What was there in its order, ours replaced where they stood, then what is new. A controller that only keeps the order
 * that it finds does not fight with another over it.
 */
function inPlace(
  existing: readonly Fields[],
  ours: readonly Fields[],
  rules: { readonly isSame: (a: Fields, b: Fields) => boolean; readonly isForeign: (entry: Fields) => boolean },
): readonly Fields[] {
  const kept = existing.flatMap((entry) => {
    const own = ours.find((candidate) => rules.isSame(candidate, entry))
    return own === undefined ? (rules.isForeign(entry) ? [entry] : []) : [own]
  })
  return [...kept, ...ours.filter((entry) => !kept.includes(entry))]
}

function fieldsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
