/** Random small damage to an object, as a user's slip or an attacker's choice would do it. */
import type { Dice } from './dice.ts'
import { texts } from './schema-samples.ts'

interface Place {
  readonly parent: Record<string | number, unknown>
  readonly key: string | number
}

/** A copy of the object with one part changed below the given fields. */
export function mutate(
  object: Readonly<Record<string, unknown>>,
  below: readonly string[],
  dice: Dice,
): Record<string, unknown> {
  const copy = structuredClone(object)
  const places: Place[] = []
  for (const field of below) {
    if (copy[field] === undefined) continue
    places.push({ parent: copy, key: field })
    collect(copy[field], places)
  }
  if (places.length > 0) damage(dice.pick(places), dice)
  return copy
}

function collect(value: unknown, places: Place[]): void {
  if (typeof value !== 'object' || value === null) return
  // The check above makes it an object or an array, both of which are read by key.
  const parent = value as Place['parent']
  for (const key of Object.keys(value)) {
    places.push({ parent, key: Array.isArray(value) ? Number(key) : key })
    collect(parent[key], places)
  }
}

const scalars: readonly unknown[] = [
  null,
  true,
  0,
  7,
  -1,
  1.5,
  65_536,
  2 ** 31,
  2 ** 40,
  '7',
  'x',
  '',
  [],
  {},
  [1],
  { a: 1 },
  ['a'],
]

function damage({ parent, key }: Place, dice: Dice): void {
  const value = parent[key]
  const roll = dice.next()
  if (roll < 0.12) remove(parent, key)
  else if (roll < 0.3) set(parent, key, structuredClone(dice.pick(scalars)))
  else if (Array.isArray(value)) damageList(value, dice)
  else if (typeof value === 'object' && value !== null) damageRecord(value as Record<string, unknown>, dice)
  else if (typeof value === 'string') set(parent, key, damagedText(value, dice))
  else if (typeof value === 'number')
    set(parent, key, dice.pick([0, -1, 1, value + 1, value + 0.5, 65_535, 65_536, 2 ** 31, 80]))
  else set(parent, key, dice.pick([true, false, 'true', 1, null]))
}

function set(parent: Place['parent'], key: string | number, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })
}

function remove(parent: Place['parent'], key: string | number): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

function damageList(list: unknown[], dice: Dice): void {
  const roll = dice.next()
  if (roll < 0.2) list.length = 0
  else if (roll < 0.6 && list.length > 0) list.push(structuredClone(dice.pick(list)))
  else if (roll < 0.75 && list.length > 0)
    while (list.length < dice.pick([9, 17, 65, 70])) list.push(structuredClone(list[0]))
  else list.push(structuredClone(dice.pick(scalars)))
}

function damageRecord(record: Record<string, unknown>, dice: Dice): void {
  const name = Object.keys(record)[dice.below(Object.keys(record).length + 1)]
  const wrong =
    name === undefined || dice.isHit(0.4) ? dice.pick(texts.slice(0, 20)) : `${name}${dice.pick(['s', 'x', ''])}`
  set(record, wrong, dice.isHit(0.5) && name !== undefined ? structuredClone(record[name]) : dice.pick(scalars))
}

function damagedText(value: string, dice: Dice): string {
  const roll = dice.next()
  if (roll < 0.5) return dice.pick(texts)
  if (roll < 0.6) return value.toUpperCase()
  if (roll < 0.7) return `${value}${dice.pick(['.', '-', '/', ' ', '\n', '*', 'é', '%'])}`
  if (roll < 0.8) return value.repeat(dice.pick([2, 10, 100, 300]))
  if (roll < 0.9) return Array.from(value).slice(1).join('')
  return `${dice.pick(['*', '.', '-', '/', '*.'])}${value}`
}
