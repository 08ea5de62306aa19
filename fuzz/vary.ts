/** Changes to an object that mostly leave it valid: odd values, parts of other objects, doubles. */
import { isRecord } from '../src/api/compile.ts'
import { parseObject } from '../src/api/parse.ts'
import { checkRules } from '../src/api/rules.ts'
import type { Dice } from '../src/testing/dice.ts'
import { mutate } from '../src/testing/mutations.ts'
import { type Corpus, placeBelow } from './corpus.ts'
import { wordsOf } from './words.ts'
import type { Fields } from './world.ts'

interface Spot {
  readonly parent: Record<string | number, unknown>
  readonly key: string | number
  readonly place: string
  /** The field that it is, or is an item of. */
  readonly field: string
}

/** How often a change that makes an object invalid is kept. */
const keepInvalid = 0.04

/** The object after some changes, each of which may depend on those before it. */
export function vary(object: Fields, corpus: Corpus, dice: Dice): Fields {
  let current = object
  let isValid = isTaken(current)
  for (let changes = dice.pick([0, 1, 1, 2, 3, 5, 5, 12, 30]); changes > 0; changes--) {
    const next = changed(current, corpus, dice)
    const isNextValid = isTaken(next)
    if (isValid && !isNextValid && !dice.isHit(keepInvalid)) continue
    current = next
    isValid = isNextValid
  }
  return current
}

/** Whether an API server would take it. A parser that throws is a matter of the set, not of making it. */
export function isTaken(object: Fields): boolean {
  try {
    return parseObject(object, { channel: 'experimental', checkRules }).ok
  } catch {
    return true
  }
}

function changed(object: Fields, corpus: Corpus, dice: Dice): Fields {
  if (dice.isHit(0.1)) return mutate(object, ['spec', 'metadata', 'data', 'ports', 'endpoints', 'addressType'], dice)
  const copy: Record<string, unknown> = structuredClone(object)
  const spots: Spot[] = []
  for (const field of Object.keys(copy)) {
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) gather(copy, field, String(copy.kind), spots)
  }
  if (spots.length > 0) change(dice.pick(spots), corpus, dice)
  return copy
}

function gather(value: Spot['parent'], key: string | number, above: string, spots: Spot[], field = String(key)): void {
  const place = placeBelow(above, key)
  spots.push({ parent: value, key, place, field })
  const child = value[key]
  if (Array.isArray(child)) for (const index of child.keys()) gather(Object(child), index, place, spots, field)
  else if (isRecord(child)) for (const name of Object.keys(child)) gather(Object(child), name, place, spots)
}

function change(spot: Spot, corpus: Corpus, dice: Dice): void {
  const { parent, key, place, field } = spot
  const value = parent[key]
  const words = wordsOf(field, field === 'value' && parent.type === 'RegularExpression')
  if (Array.isArray(value)) changeList(value, spot, corpus, dice)
  else if (isRecord(value)) changeRecord(Object(value), place, corpus, dice)
  else if (words.length > 0 && dice.isHit(0.75)) parent[key] = dice.pick(words)
  else splice(spot, corpus, dice)
}

function splice({ parent, key, place }: Spot, corpus: Corpus, dice: Dice): void {
  const others = corpus.at(place)
  if (others.length > 0) parent[key] = structuredClone(dice.pick(others))
}

function changeList(list: unknown[], { place, field }: Spot, corpus: Corpus, dice: Dice): void {
  const others = corpus.at(`${place}[]`)
  const roll = dice.next()
  if (roll < 0.1) list.splice(0, list.length)
  else if (roll < 0.2 && list.length > 0) list.splice(dice.below(list.length), 1)
  else if (roll < 0.35 && list.length > 0) list.push(structuredClone(dice.pick(list)))
  else if (roll < 0.42 && list.length > 0) fill(list, dice)
  else if (roll < 0.47) list.sort(() => dice.next() - 0.5)
  else if (roll < 0.6 && typeof list[0] !== 'object') list.push(dice.pick([...wordsOf(field), 'x']))
  else if (others.length > 0) list.splice(dice.below(list.length + 1), 0, structuredClone(dice.pick(others)))
}

/** As many as some list takes, and one more. Copies differ where a name would be there twice. */
function fill(list: unknown[], dice: Dice): void {
  const count = dice.pick([8, 16, 17, 32, 64, 65])
  while (list.length < count) {
    const copy: unknown = structuredClone(dice.pick(list))
    if (isRecord(copy) && typeof copy.name === 'string') list.push({ ...copy, name: `${copy.name}-${list.length}` })
    else list.push(typeof copy === 'string' ? `${list.length}.${copy}` : copy)
  }
}

/** Sets a field that is not there, or takes one away, or goes on to one that is there. */
function changeRecord(record: Record<string, unknown>, place: string, corpus: Corpus, dice: Dice): void {
  const names = Object.keys(record)
  const donor = dice.pick([...corpus.at(place), {}])
  const offered = isRecord(donor) ? Object.keys(donor) : []
  if (names.length > 0 && dice.isHit(0.25)) delete record[dice.pick(names)]
  else if (offered.length > 0) {
    const name = dice.pick(offered)
    if (isRecord(donor)) record[name] = structuredClone(donor[name])
  }
}
