import type { Schema } from '../../src/api/schema.ts'
import { type GoStructs, goBaseName, goFields } from './go-types.ts'

/** A schema that is written once and used by name. */
export interface PoolEntry {
  readonly name: string
  readonly schema: Schema
  readonly uses: number
}

/**
 * Every distinct sub-schema under a name: the Go type it came from where there is one. Equal schemas share one entry;
 * different schemas of one Go type are numbered in the order they were met.
 */
export class SchemaPool {
  readonly #structs: GoStructs
  readonly #entries = new Map<string, { name: string; schema: Schema; uses: number }>()
  readonly #taken = new Set<string>()

  constructor(structs: GoStructs) {
    this.#structs = structs
  }

  /** Adds a kind and everything below it. */
  addKind(kind: string, schema: Schema): void {
    this.#add(schema, kind, kind)
  }

  /** The entry of a schema that was added. */
  entry(schema: Schema): PoolEntry {
    const entry = this.#entries.get(JSON.stringify(schema))
    if (entry === undefined) throw new Error('schema was never added')
    return entry
  }

  /** All entries, every schema after the ones it uses. */
  entries(): readonly PoolEntry[] {
    return [...this.#entries.values()]
  }

  #add(schema: Schema, goType: string, fallback: string): void {
    const key = JSON.stringify(schema)
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.uses += 1
      return
    }
    const struct = goBaseName(goType)
    if (schema.type === 'object') {
      const fields = goFields(this.#structs, struct)
      for (const [name, child] of Object.entries(schema.properties)) {
        this.#add(child, fields.get(name) ?? '', `${struct === '' ? fallback : struct}${capital(name)}`)
      }
    }
    if (schema.type === 'array') this.#add(schema.items, goType.replace(/^\[\]/, ''), `${fallback}Item`)
    if (schema.type === 'map') this.#add(schema.values, goType.replace(/^map\[\w+\]/, ''), `${fallback}Value`)
    this.#entries.set(key, { name: this.#freeName(schemaName(schema, goType, fallback)), schema, uses: 1 })
  }

  #freeName(wanted: string): string {
    let name = wanted
    for (let n = 2; this.#taken.has(name); n++) name = `${wanted}${n}`
    this.#taken.add(name)
    return name
  }
}

const plainGoTypes = new Set(['string', 'bool', 'int32', 'int64', 'int', ''])

function schemaName(schema: Schema, goType: string, fallback: string): string {
  const item = goBaseName(goType.replace(/^(\[\]|map\[\w+\])/, ''))
  if (plainGoTypes.has(item)) return fallback
  return schema.type === 'array' ? `${item}List` : schema.type === 'map' ? `${item}Map` : item
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}
