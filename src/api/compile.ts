/** Turns a schema into a function that checks a value and gives a copy with defaults filled in. */
import { formats } from './formats.ts'
import { listOf } from './parse-problem.ts'
import { compilePattern, describePattern } from './patterns.ts'
import type {
  ArraySchema,
  Constraint,
  MapSchema,
  NumberSchema,
  ObjectSchema,
  Rule,
  Schema,
  StringSchema,
} from './schema.ts'
import { nearest } from './suggest.ts'
import { Walk } from './walk.ts'

/** Reports the mistakes of a value and returns a copy with defaults. The copy is of use only when there were none. */
export type Check = (value: unknown, walk: Walk) => unknown

const compiled = new WeakMap<Schema, Check>()

/** The check of a schema; made once for each schema object. */
export function compileSchema(schema: Schema): Check {
  const known = compiled.get(schema)
  if (known !== undefined) return known
  const check = withConstraints(schema, compileType(schema))
  compiled.set(schema, check)
  return check
}

/** Whether a value is a mapping. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function compileType(schema: Schema): Check {
  switch (schema.type) {
    case 'string':
      return compileString(schema)
    case 'integer':
    case 'number':
      return compileNumber(schema)
    case 'boolean':
      return checkBoolean
    case 'intOrString':
      return checkIntOrString
    case 'array':
      return compileArray(schema)
    case 'map':
      return compileMap(schema)
    case 'object':
      return compileObject(schema)
    case 'any':
      return (value) => value
  }
}

function compileString(schema: StringSchema): Check {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, enum: allowed, pattern: source } = schema
  const pattern = source === undefined ? undefined : compilePattern(source)
  const format = schema.format === undefined ? undefined : formats[schema.format]
  return (value, walk) => {
    if (typeof value !== 'string') {
      walk.wrongType('text', value, remedyForText(value))
    } else if (value.length < minLength) {
      walk.report('InvalidValue', 'must not be empty', 'write a value or remove the field')
    } else if (value.length > maxLength && countCodePoints(value) > maxLength) {
      walk.report('TooLong', `has ${countCodePoints(value)} characters, ${maxLength} are allowed`, 'shorten it')
    } else if (allowed !== undefined && !allowed.includes(value)) {
      reportEnum(value, allowed, walk)
    } else if (pattern !== undefined && !pattern.test(value)) {
      walk.report('InvalidValue', `${walk.quote(value)} is not allowed here`, `write ${describePattern(source ?? '')}`)
    } else if (format?.test(value) === false) {
      walk.report('InvalidValue', `${walk.quote(value)} is not ${format.words}`, 'correct the value')
    }
    // Half a surrogate pair is no character: an API server stores U+FFFD for it, and no proxy would take it.
    return typeof value === 'string' && !value.isWellFormed() ? value.toWellFormed() : value
  }
}

function remedyForText(value: unknown): string {
  if (typeof value === 'boolean') return 'put it in quotes: bare y, n, yes, no, on and off are booleans in YAML'
  return typeof value === 'number' ? 'put it in quotes' : 'write a text'
}

function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function reportEnum(value: string, allowed: readonly string[], walk: Walk): void {
  const near = nearest(value, allowed)
  const known = allowed.map((item) => (item === '' ? '""' : item))
  const remedy = near === undefined ? `use ${listOf(known)}` : `did you mean ${near}? Allowed: ${known.join(', ')}`
  walk.report('InvalidValue', `${walk.quote(value)} is not one of the allowed values`, remedy)
}

const formatBounds = {
  int32: [-2_147_483_648, 2_147_483_647],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const

function compileNumber(schema: NumberSchema): Check {
  const isInteger = schema.type === 'integer'
  const allowed = schema.enum
  const [lowest, highest] = schema.format === undefined ? [-Infinity, Infinity] : formatBounds[schema.format]
  const minimum = Math.max(schema.minimum ?? lowest, lowest)
  const maximum = Math.min(schema.maximum ?? highest, highest)
  return (value, walk) => {
    if (typeof value !== 'number' || (isInteger && !Number.isInteger(value))) {
      const isQuoted = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      walk.wrongType(
        isInteger ? 'a whole number' : 'a number',
        value,
        isQuoted ? 'remove the quotes' : 'write a number',
      )
    } else if (value < minimum || value > maximum || Number.isNaN(value)) {
      walk.report('OutOfRange', `${value} is out of range`, `write ${describeRange(minimum, maximum)}`)
    } else if (allowed !== undefined && !allowed.includes(value)) {
      walk.report('InvalidValue', `${value} is not one of the allowed values`, `use ${listOf(allowed.map(String))}`)
    }
    return value
  }
}

function describeRange(minimum: number, maximum: number): string {
  if (maximum === Number.POSITIVE_INFINITY) return `${minimum} or more`
  return minimum === Number.NEGATIVE_INFINITY ? `${maximum} or less` : `a number from ${minimum} to ${maximum}`
}

function checkBoolean(value: unknown, walk: Walk): unknown {
  if (typeof value !== 'boolean') walk.wrongType('true or false', value, 'write true or false without quotes')
  return value
}

function checkIntOrString(value: unknown, walk: Walk): unknown {
  const isFine = typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
  if (!isFine) walk.wrongType('a whole number or text', value, 'write a number or a name')
  return value
}

function compileArray(schema: ArraySchema): Check {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
  let item: Check | undefined
  return (value, walk) => {
    if (!Array.isArray(value)) {
      walk.wrongType('a list', value, 'write a list: start each item with "- "')
      return value
    }
    if (value.length < minItems) {
      walk.report('InvalidValue', `must have at least ${minItems} item${minItems === 1 ? '' : 's'}`, 'add an item')
    }
    if (value.length > maxItems) {
      // The items are not looked at: the work for one object stays bounded.
      walk.report('TooLong', `has ${value.length} items, ${maxItems} are allowed`, 'remove items or split the object')
      return value
    }
    item ??= compileSchema(schema.items)
    const check = item
    // map, not push: the array is kept for long, and one that grew holds room for 16 more.
    const copy = value.map((element: unknown, index) => {
      walk.path.push(index)
      const checked = check(element, walk)
      walk.path.pop()
      return checked
    })
    if (schema.list !== undefined && copy.length > 1) reportDuplicates(schema, copy, walk)
    return copy
  }
}

/** In place of an index: the value was named once already. */
const reported = -1

function reportDuplicates(schema: ArraySchema, items: readonly unknown[], walk: Walk): void {
  const firstIndex = new Map<string, number>()
  items.forEach((item, index) => {
    const identity =
      schema.keys === undefined ? item : schema.keys.map((key) => (isRecord(item) ? item[key] : undefined))
    const text = JSON.stringify(identity) ?? ''
    const first = firstIndex.get(text)
    firstIndex.set(text, first === undefined ? index : reported)
    if (first === undefined || first === reported) return
    const same = schema.keys === undefined ? walk.quote(item) : `the same ${listOf(schema.keys, 'and')}`
    const message = `item ${index} repeats item ${first}: ${same}`
    walk.reportAt(index, 'Duplicate', message, 'remove one of them or make them differ')
  })
}

function compileMap(schema: MapSchema): Check {
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY, nullIs } = schema
  const check = compileSchema(schema.values)
  return (value, walk) => {
    if (!isRecord(value)) {
      walk.wrongType('a mapping', value, 'write "key: value" lines')
      return value
    }
    const entries: [string, unknown][] = []
    for (const [key, given] of Object.entries(value)) {
      const item = given ?? nullIs
      if (item === undefined) continue
      walk.path.push(key)
      entries.push([key, check(item, walk)])
      walk.path.pop()
    }
    if (entries.length < minProperties) reportTooFew(minProperties, walk)
    if (entries.length > maxProperties) {
      walk.report('TooLong', `has ${entries.length} entries, ${maxProperties} are allowed`, 'remove entries')
    }
    // Not by assignment: a key may be __proto__.
    return Object.fromEntries(entries)
  }
}

function reportTooFew(minimum: number, walk: Walk): void {
  walk.report('InvalidValue', `must have at least ${minimum === 1 ? 'one field' : `${minimum} fields`}`, 'add one')
}

interface CompiledField {
  readonly check: Check
  readonly emptyIsAbsent: boolean
}

function compileObject(schema: ObjectSchema): Check {
  const fields = new Map<string, CompiledField>()
  const defaults: [string, unknown][] = []
  for (const [name, child] of Object.entries(schema.properties)) {
    const emptyIsAbsent = child.type === 'string' && child.emptyIsAbsent === true
    fields.set(name, { check: compileSchema(child), emptyIsAbsent })
    if (child.default !== undefined) defaults.push([name, completeDefault(child)])
  }
  const { required = [], minProperties = 0 } = schema
  return (value, walk) => {
    if (!isRecord(value)) {
      walk.wrongType('a mapping', value, 'write "field: value" lines below it')
      return value
    }
    const copy = copyFields(value, fields, walk)
    for (const [name, fallback] of defaults) {
      if (copy[name] === undefined) copy[name] = fallback
    }
    if (minProperties > 0 && Object.keys(copy).length < minProperties) reportTooFew(minProperties, walk)
    for (const name of required) {
      if (copy[name] === undefined) walk.reportAt(name, 'MissingField', `${name} is missing`, `add ${name}`)
    }
    return copy
  }
}

function copyFields(
  value: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, CompiledField>,
  walk: Walk,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const item = value[name]
    const field = fields.get(name)
    if (field === undefined) {
      walk.unknownField(name)
    } else if (item !== null && item !== undefined && !(item === '' && field.emptyIsAbsent)) {
      // null counts as absent: the API server prunes it before it fills in defaults.
      walk.path.push(name)
      copy[name] = field.check(item, walk)
      walk.path.pop()
    }
  }
  return copy
}

/** The default with the defaults inside it, frozen since every object shares it. */
function completeDefault(schema: Schema): unknown {
  const walk = new Walk({ remedyForUnknown: () => '' })
  const value = deepFreeze(compileSchema(schema)(schema.default, walk))
  const problem = walk.problems[0]
  if (problem !== undefined) throw new Error(`bug: default ${walk.quote(schema.default)}: ${problem.message}`)
  return value
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}

/** Whether a rule speaks of the value before the change: it is decided apart, where that is known. */
export function isTransition({ rule }: Rule): boolean {
  return /\boldSelf\b/.test(rule)
}

/** Adds what is decided on the value as a whole: `oneOf` and CEL rules, both after defaults. */
function withConstraints(schema: Schema, check: Check): Check {
  const { oneOf } = schema
  const rules = schema.rules?.filter((rule) => !isTransition(rule)) ?? []
  if (oneOf === undefined && rules.length === 0) return check
  return (value, walk) => {
    const before = walk.faults
    const copy = check(value, walk)
    if (oneOf !== undefined && oneOf.filter((option) => holds(option, copy)).length !== 1)
      reportOneOf(oneOf, copy, walk)
    // Rules expect a value without mistakes of structure.
    if (rules.length > 0 && walk.faults === before) walk.checkRules(rules, { self: copy })
    return copy
  }
}

function holds(constraint: Constraint, value: unknown): boolean {
  const { properties, enum: allowed, format, anyOf, not } = constraint
  if (allowed !== undefined && !(typeof value === 'string' && allowed.includes(value))) return false
  if (format !== undefined && typeof value === 'string' && !formats[format].test(value)) return false
  if (anyOf !== undefined && !anyOf.some((option) => holds(option, value))) return false
  if (not !== undefined && holds(not, value)) return false
  if (properties === undefined || !isRecord(value)) return true
  return Object.entries(properties).every(([name, child]) => value[name] === undefined || holds(child, value[name]))
}

/** Names the field that breaks the alternative which the value was nearest to: the one whose `enum`s it meets. */
function reportOneOf(options: readonly Constraint[], value: unknown, walk: Walk): void {
  for (const option of options) {
    if (!isRecord(value) || option.properties === undefined) continue
    const fields = Object.entries(option.properties)
    const met = fields.filter(([name, child]) => child.enum !== undefined && holds(child, value[name]))
    const broken = fields.find(([name, child]) => value[name] !== undefined && !holds(child, value[name]))
    if (met.length === 0 || broken === undefined) continue
    const [name, constraint] = broken
    const because = met.map(([key]) => `${key} is ${walk.quote(value[key])}`).join(' and ')
    const wanted = (constraint.anyOf ?? [constraint]).flatMap(({ format }) =>
      format === undefined ? [] : [formats[format].words],
    )
    walk.reportAt(
      name,
      'InvalidValue',
      `${walk.quote(value[name])} does not fit: ${because}`,
      `write ${listOf(wanted)}`,
    )
    return
  }
  walk.report('InvalidValue', `${walk.quote(value)} fits none of the allowed forms`, 'correct the value')
}
