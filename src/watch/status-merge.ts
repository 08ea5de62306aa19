/**
 * The status to write: ours merged into what is there. Conditions of other types and entries of other controllers are
 * not ours to touch (`RouteParentStatus.controllerName`, `PolicyAncestorStatus.controllerName`, GEP-1364).
 */
import { clipMessage, conditionTypes, reasons } from '../api/conditions.ts'
import { structuralEqual } from '../lib/equal.ts'

type Fields = Readonly<Record<string, unknown>>

/** RFC 3339. */
export type Now = () => string

/** Who writes, when, and about which version of the object. */
export interface MergeOptions {
  /** For conditions whose status changes. */
  readonly now: Now
  /** Whose entries of `parents` and `ancestors` are ours. */
  readonly controllerName: string
  /**
   * `metadata.generation` of the live object. A condition of a newer generation than ours stays: who wrote it has seen
   * more. One of a generation that the object never had is nonsense and does not stay. Default: every one has been.
   */
  readonly generation?: number | undefined
  /** Told what of ours had no room beside what is foreign, as `status.parents: 2 of 33`. */
  readonly onDropped?: ((what: string) => void) | undefined
}

/** Begins the condition types that are ours besides those of the Gateway API. */
const ownTypePrefix = 'fairlead.dev/'

/** `maxItems` of the lists in a status, as the CRDs have it in v1.7. */
const maxItems: Readonly<Record<string, number>> = {
  addresses: 16,
  ancestors: 16,
  conditions: 8,
  listeners: 64,
  parents: 32,
  supportedFeatures: 64,
}

/** Lists whose entries belong to a controller each, and what tells its entries apart. */
const sharedLists: Readonly<Record<string, string>> = { parents: 'parentRef', ancestors: 'ancestorRef' }

/**
 * `existing` with ours in it; `existing` itself when nothing changes. Entries of `parents` and `ancestors` that are ours
 * and not desired go, also when nothing at all is desired; other fields that are not desired stay.
 */
export function mergeStatus(existing: Fields | undefined, desired: Fields, options: MergeOptions): Fields {
  const before = existing ?? {}
  const merged: Record<string, unknown> = { ...before }
  for (const [field, value] of Object.entries(desired)) {
    merged[field] = mergeField(field, before[field], value, options)
  }
  for (const list of Object.keys(sharedLists)) {
    if (!Object.hasOwn(desired, list) && Array.isArray(before[list])) {
      merged[list] = mergeField(list, before[list], [], options)
    }
  }
  return structuralEqual(before, merged) ? before : merged
}

/** True when the status holds an entry of the controller in `parents` or `ancestors`. */
export function hasEntryOf(status: Fields | undefined, controllerName: string): boolean {
  return Object.keys(sharedLists).some((list) =>
    fieldsOf(status?.[list]).some((entry) => entry.controllerName === controllerName),
  )
}

function mergeField(field: string, before: unknown, value: unknown, options: MergeOptions): unknown {
  if (!Array.isArray(value)) return value
  if (field === 'conditions') return mergeConditions(before, value, options)
  if (field === 'listeners') return mergeListeners(before, value, options)
  const reference = Object.hasOwn(sharedLists, field) ? sharedLists[field] : undefined
  return reference === undefined
    ? cutToFit(field, value, () => false, options)
    : mergeShared(field, reference, before, value, options)
}

/** Ours alone; only the times of conditions come from what is there. */
function mergeListeners(before: unknown, ours: readonly unknown[], options: MergeOptions): readonly unknown[] {
  const existing = fieldsOf(before)
  const written = fieldsOf(ours).map((listener) => {
    const same = existing.find(({ name }) => name === listener.name)
    return { ...listener, conditions: mergeConditions(same?.conditions, fieldsOf(listener.conditions), options) }
  })
  return cutToFit('listeners', written, () => false, options)
}

/** The time changes only with the status. Types that we write, but not now, go; types that we do not know stay. */
function mergeConditions(before: unknown, ours: readonly unknown[], options: MergeOptions): readonly unknown[] {
  const existing = fieldsOf(before)
  const written = fieldsOf(ours).map((condition) => {
    const same = existing.find(({ type }) => type === condition.type)
    const stays = same !== undefined && (isNewer(same, condition, options) || isStillProgrammed(same, condition))
    return stays ? same : timed(condition, same, options.now)
  })
  const isForeign = ({ type }: Fields) => !Object.hasOwn(conditionTypes, String(type)) && !isOwnType(String(type))
  const merged = inPlace(existing, written, { isSame: (a, b) => a.type === b.type, isForeign })
  return cutToFit('conditions', merged, isForeign, options)
}

/**
 * To wait for proxies takes nothing back: what was programmed for an older generation, or before a restart of ours, is
 * still served, and its observedGeneration says so (docs/adr/0005).
 */
function isStillProgrammed(existing: Fields, { type, status, reason }: Fields): boolean {
  const waits = type === conditionTypes.Programmed && status === 'False' && reason === reasons.Pending
  return waits && existing.status === 'True'
}

function isOwnType(type: string): boolean {
  return type.startsWith(ownTypePrefix)
}

function isNewer(existing: Fields, ours: Fields, { generation = Number.MAX_SAFE_INTEGER }: MergeOptions): boolean {
  const seen = generationOf(existing)
  return seen > generationOf(ours) && seen <= generation
}

function generationOf({ observedGeneration }: Fields): number {
  return typeof observedGeneration === 'number' ? observedGeneration : 0
}

function timed(condition: Fields, same: Fields | undefined, now: Now): Fields {
  const isSame = same !== undefined && same.status === condition.status && typeof same.lastTransitionTime === 'string'
  const { message } = condition
  return {
    ...condition,
    ...(typeof message === 'string' ? { message: clipMessage(message) } : {}),
    lastTransitionTime: isSame ? same.lastTransitionTime : now(),
  }
}

/** Ours by their reference; entries of other controllers as they stood. */
function mergeShared(
  list: string,
  reference: string,
  before: unknown,
  ours: readonly unknown[],
  options: MergeOptions,
): readonly unknown[] {
  const existing = fieldsOf(before)
  const isForeign = ({ controllerName }: Fields) => controllerName !== options.controllerName
  const isSame = (a: Fields, b: Fields) =>
    a.controllerName === b.controllerName && structuralEqual(a[reference], b[reference])
  const written = fieldsOf(ours).map((entry) => {
    const same = existing.find((other) => isSame(other, entry))
    return { ...entry, conditions: mergeConditions(same?.conditions, fieldsOf(entry.conditions), options) }
  })
  return cutToFit(list, inPlace(existing, written, { isSame, isForeign }), isForeign, options)
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

/** Without the last ones of ours, as far as the list is longer than the API server takes. Foreign ones stay. */
function cutToFit<T>(
  list: string,
  entries: readonly T[],
  isForeign: (entry: T) => boolean,
  { onDropped }: MergeOptions,
): readonly T[] {
  const tooMany = entries.length - (maxItems[list] ?? entries.length)
  if (tooMany <= 0) return entries
  const dropped = new Set(entries.filter((entry) => !isForeign(entry)).slice(-tooMany))
  onDropped?.(`status.${list}: ${dropped.size} of ${entries.length}`)
  return entries.filter((entry) => !dropped.has(entry))
}

function fieldsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
