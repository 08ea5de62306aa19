/** Patches as an API server applies them, as far as FakeApi needs. */
import { structuralEqual } from '../lib/equal.ts'

type Fields = Readonly<Record<string, unknown>>

/** RFC 7396: null removes a field, mappings are merged, everything else is replaced. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const merged: Record<string, unknown> = isFields(target) ? { ...target } : {}
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field]
    else merged[field] = mergePatched(merged[field], value)
  }
  return merged
}

/**
 * What server-side apply with force makes of an object: fields that the manager applied before and does not any more go,
 * what it applies now wins. Lists whose items all have a name are merged by it; other lists are replaced.
 */
export function applied(live: unknown, before: unknown, now: unknown): unknown {
  if (isFields(now)) {
    const result: Record<string, unknown> = isFields(live) ? { ...live } : {}
    const former: Fields = isFields(before) ? before : {}
    for (const field of Object.keys(former)) {
      if (!(field in now)) removeOwned(result, field, former[field])
    }
    for (const [field, value] of Object.entries(now)) result[field] = applied(result[field], former[field], value)
    return result
  }
  if (isNamedList(now) && isNamedList(live)) return appliedList(live, isNamedList(before) ? before : [], now)
  return now
}

/** With an entry of `managedFields` that holds every field of `body`. What others own is not worked out. */
export function withOwnFields(object: Fields, manager: string, body: Fields): Fields {
  const metadata: Fields = isFields(object.metadata) ? object.metadata : {}
  const entries: readonly unknown[] = Array.isArray(metadata.managedFields) ? metadata.managedFields : []
  const others = entries.filter((entry) => !isFields(entry) || entry.manager !== manager)
  const own = { manager, operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: shapeOf(body) }
  return { ...object, metadata: { ...metadata, managedFields: [...others, own] } }
}

/** The names of all fields, without their values. */
function shapeOf(value: unknown): Fields {
  if (!isFields(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [`f:${field}`, shapeOf(part)]))
}

type Named = Fields & { readonly name: string }

function appliedList(live: readonly Named[], before: readonly Named[], now: readonly Named[]): readonly unknown[] {
  const find = (list: readonly Named[], name: string) => list.find((item) => item.name === name)
  const kept = live.filter((item) => find(now, item.name) !== undefined || find(before, item.name) === undefined)
  const added = now.filter((item) => find(live, item.name) === undefined)
  return [...kept, ...added].map((item) => {
    const wanted = find(now, item.name)
    return wanted === undefined ? item : applied(find(live, item.name), find(before, item.name), wanted)
  })
}

/** Takes out what was applied and leaves what others added below it. */
function removeOwned(object: Record<string, unknown>, field: string, owned: unknown): void {
  const value = object[field]
  if (!isFields(value) || !isFields(owned)) {
    delete object[field]
    return
  }
  const rest: Record<string, unknown> = { ...value }
  for (const [key, part] of Object.entries(owned)) removeOwned(rest, key, part)
  if (structuralEqual(rest, {})) delete object[field]
  else object[field] = rest
}

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.every((item) => isFields(item) && typeof item.name === 'string')
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
