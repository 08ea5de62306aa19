import { parse } from 'yaml'
import type { Channel, Schema } from '../../src/api/schema.ts'

/** One served version of a kind in one channel. */
export interface CrdVersion {
  readonly channel: Channel
  readonly group: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly version: string
  readonly schema: Schema
}

/** A JSON schema as CustomResourceDefinitions write it. */
type Raw = Readonly<Record<string, unknown>>

/** The served versions of a CustomResourceDefinition with schemas in our form, cut to `spec` and `status`. */
export function readCrd(yaml: string, channel: Channel): readonly CrdVersion[] {
  const spec = record(record(parse(yaml)).spec)
  const names = record(spec.names)
  const about = {
    channel,
    group: String(spec.group),
    kind: String(names.kind),
    plural: String(names.plural),
    namespaced: spec.scope === 'Namespaced',
  }
  return list(spec.versions).flatMap((entry) => {
    const version = record(entry)
    if (version.served !== true) return []
    const schema = compact(record(record(version.schema).openAPIV3Schema), about.kind)
    return [{ ...about, version: String(version.name), schema: withoutMetadata(schema) }]
  })
}

function withoutMetadata(schema: Schema): Schema {
  if (schema.type !== 'object') throw new Error('a kind is an object')
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...properties } = schema.properties
  return { ...schema, properties }
}

/** Keywords by type, beside those that every type may have. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  string: ['enum', 'pattern', 'format', 'minLength', 'maxLength'],
  integer: ['enum', 'format', 'minimum', 'maximum'],
  number: ['enum', 'format', 'minimum', 'maximum'],
  boolean: [],
  array: ['items', 'minItems', 'maxItems', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties', 'x-kubernetes-map-type'],
}
const ofEveryType = ['type', 'default', 'description', 'oneOf', 'x-kubernetes-validations']

/** Our form of a JSON schema. Throws on a keyword it does not know: losing one would accept what the server refuses. */
function compact(raw: Raw, path: string): Schema {
  const known = new Set([...ofEveryType, ...(keywords[String(raw.type)] ?? [])])
  const foreign = Object.keys(raw).filter((key) => !known.has(key))
  if (foreign.length > 0) throw new Error(`${path}: schema keyword ${foreign.join(', ')} is not supported`)
  const base = { ...pick(raw, ['default', 'oneOf']), ...compactRules(raw) }
  switch (raw.type) {
    case 'string':
      return {
        type: 'string',
        ...pick(raw, keywords.string ?? []),
        ...base,
      } as Schema
    case 'integer':
    case 'number':
      return { type: raw.type, ...pick(raw, keywords[raw.type] ?? []), ...base } as Schema
    case 'boolean':
      return { type: 'boolean', ...base } as Schema
    case 'array':
      return { type: 'array', ...compactList(raw), items: compact(record(raw.items), `${path}[]`), ...base } as Schema
    case 'object':
      return { ...compactObject(raw, path), ...base } as unknown as Schema
    default:
      throw new Error(`${path}: schema type ${String(raw.type)} is not supported`)
  }
}

function compactList(raw: Raw): Raw {
  const kind = raw['x-kubernetes-list-type']
  const list = kind === 'set' || kind === 'map' ? { list: kind } : {}
  const keys = raw['x-kubernetes-list-map-keys'] === undefined ? {} : { keys: raw['x-kubernetes-list-map-keys'] }
  return { ...list, ...keys, ...pick(raw, ['minItems', 'maxItems']) }
}

function compactObject(raw: Raw, path: string): Raw {
  if (raw.additionalProperties !== undefined) {
    const values = compact(record(raw.additionalProperties), `${path}.*`)
    return { type: 'map', ...pick(raw, ['minProperties', 'maxProperties']), values }
  }
  const properties: Record<string, Schema> = {}
  for (const [name, child] of Object.entries(record(raw.properties ?? {}))) {
    properties[name] = compact(record(child), `${path}.${name}`)
  }
  return { type: 'object', ...pick(raw, ['required', 'minProperties']), properties }
}

const ruleKeywords = ['rule', 'message', 'messageExpression', 'fieldPath', 'reason', 'optionalOldSelf']

function compactRules(raw: Raw): Raw {
  const rules = list(raw['x-kubernetes-validations'] ?? []).map((entry): Raw => {
    const foreign = Object.keys(record(entry)).filter((key) => !ruleKeywords.includes(key))
    if (foreign.length > 0) throw new Error(`CEL rule keyword ${foreign.join()} is not supported`)
    return pick(record(entry), ruleKeywords)
  })
  return rules.length > 0 ? { rules } : {}
}

function pick(raw: Raw, keys: readonly string[]): Raw {
  return Object.fromEntries(keys.flatMap((key) => (raw[key] === undefined ? [] : [[key, raw[key]]])))
}

function record(value: unknown): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a mapping')
  return value as Raw
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('expected a list')
  return value
}
