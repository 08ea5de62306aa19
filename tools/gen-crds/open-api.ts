import type { ObjectSchema, Schema } from '../../src/api/schema.ts'

type Json = Readonly<Record<string, unknown>>

/** The schema as CustomResourceDefinitions write it, with the descriptions by path below it. */
export function openApi(schema: Schema, descriptions: Readonly<Record<string, string>>, path = ''): Json {
  const description = descriptions[path]
  const rules = schema.rules?.map(({ rule, message }) => ({ rule, message }))
  return {
    ...(description === undefined ? {} : { description }),
    ...openApiType(schema, descriptions, path),
    ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules }),
  }
}

function openApiType(schema: Schema, descriptions: Readonly<Record<string, string>>, path: string): Json {
  switch (schema.type) {
    case 'object':
      return { type: 'object', ...required(schema), properties: properties(schema, descriptions, path) }
    case 'map':
      return schema.values.type === 'any'
        ? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
        : { type: 'object', additionalProperties: openApi(schema.values, {}) }
    case 'array':
      return { ...fields(schema, ['type', 'minItems', 'maxItems']), items: openApi(schema.items, {}) }
    case 'intOrString':
      return { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true }
    case 'string':
      return fields(schema, ['type', 'enum', 'pattern', 'format', 'minLength', 'maxLength'])
    case 'integer':
    case 'number':
      return fields(schema, ['type', 'format', 'minimum', 'maximum'])
    case 'boolean':
      return { type: 'boolean' }
  }
}

function properties({ properties: all }: ObjectSchema, descriptions: Readonly<Record<string, string>>, path: string) {
  const entries = Object.entries(all).map(([name, schema]) => {
    const below = path === '' ? name : `${path}.${name}`
    return [name, openApi(schema, descriptions, below)] as const
  })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function required({ required: names = [] }: ObjectSchema): Json {
  return names.length === 0 ? {} : { required: names }
}

function fields<T extends object>(schema: T, names: readonly (keyof T & string)[]): Json {
  return Object.fromEntries(names.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])))
}

/** Every path that a description may have, the root's '' included. */
export function pathsOf(schema: Schema, path = ''): readonly string[] {
  if (schema.type !== 'object') return [path]
  const below = Object.entries(schema.properties).flatMap(([name, inner]) =>
    pathsOf(inner, path === '' ? name : `${path}.${name}`),
  )
  return [path, ...below]
}
