import { assert } from './assert.ts'

/** Class instances may define their own equality; without it they are equal only to themselves. */
interface SelfEqual {
  equals(other: unknown): boolean
}

/**
 * Structural equality of plain data: primitives, arrays, plain objects (with or without prototype) and Uint8Array (Buffer included). Identical
 * values cost one comparison. NaN equals NaN; a key holding undefined differs from an absent key. Instances of classes
 * are compared by their own `equals` or by identity: their private state cannot be seen. Maps, Sets and Dates are
 * not plain data and throw.
 */
export function structuralEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Number.isNaN(a) && Number.isNaN(b)
  }
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b)
  if (isRecord(a)) return isRecord(b) && equalRecords(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  assert(!(a instanceof Map || a instanceof Set || a instanceof Date), 'a Map, Set or Date is not plain data')
  return isSelfEqual(a) && a.equals(b)
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isSelfEqual(value: object): value is SelfEqual {
  return 'equals' in value && typeof value.equals === 'function'
}

function equalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (!structuralEqual(a[i], b[i])) return false
  }
  return true
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

function equalRecords(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !structuralEqual(a[key], b[key])) return false
  }
  return true
}
