import type { ObjectSchema, Schema } from '../../src/api/schema.ts'
import type { CrdVersion } from './crd.ts'
import { type GoStructs, goBaseName, goFields } from './go-types.ts'
import { head, quoted } from './text.ts'

/** Types written by hand in src/api/core.ts, since every Kubernetes API uses them. */
const coreTypes = new Set(['Condition', 'LabelSelector', 'ObjectMeta'])

/**
 * The module of TypeScript types: version v1 of every kind with the fields of the experimental channel, as objects are
 * once defaults are filled in. A type is named as upstream's Go type.
 */
export function emitTypes(crds: readonly CrdVersion[], structs: GoStructs, module: string): string {
  const writer = new TypeWriter(structs)
  for (const crd of crds) {
    if (crd.channel === 'experimental' && crd.version === 'v1') writer.kind(crd)
  }
  const imported = [...writer.imported].sort().join(', ')
  return `${head(module)}\nimport type { ${imported} } from '../core.ts'\n\n${writer.text()}`
}

class TypeWriter {
  readonly imported = new Set<string>(['ObjectMeta'])
  readonly #structs: GoStructs
  readonly #written = new Map<string, string>()

  constructor(structs: GoStructs) {
    this.#structs = structs
  }

  text(): string {
    return [...this.#written]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, source]) => source)
      .join('\n')
  }

  kind(crd: CrdVersion): void {
    if (crd.schema.type !== 'object') throw new Error(`${crd.kind} is no object`)
    const fields = goFields(this.#structs, crd.kind)
    const lines = [
      `  readonly apiVersion: '${crd.group}/${crd.version}'`,
      `  readonly kind: '${crd.kind}'`,
      '  readonly metadata: ObjectMeta',
    ]
    for (const [name, child] of Object.entries(crd.schema.properties)) {
      const isThere = crd.schema.required?.includes(name) === true
      lines.push(field(name, this.#type(child, fields.get(name) ?? '', crd.kind + name), isThere))
    }
    this.#declare(crd.kind, lines, `${crd.kind} of the Gateway API.`)
  }

  #declare(name: string, lines: readonly string[], comment: string): void {
    const source = `/** ${comment} */\nexport interface ${name} {\n${lines.join('\n')}\n}\n`
    const known = this.#written.get(name)
    if (known !== undefined && known !== source) throw new Error(`type ${name} has two shapes:\n${known}\n${source}`)
    this.#written.set(name, source)
  }

  #type(schema: Schema, goType: string, path: string): string {
    switch (schema.type) {
      case 'string':
        return schema.enum === undefined ? 'string' : schema.enum.map(quoted).join(' | ')
      case 'integer':
      case 'number':
        return schema.enum === undefined ? 'number' : schema.enum.join(' | ')
      case 'boolean':
        return 'boolean'
      case 'array': {
        const item = this.#type(schema.items, goType.replace(/^\*?\[\]/, ''), path)
        return item.includes(' | ') ? `readonly (${item})[]` : `readonly ${item}[]`
      }
      case 'map':
        return `Readonly<Record<string, ${this.#type(schema.values, goType.replace(/^map\[\w+\]/, ''), path)}>>`
      case 'object':
        return this.#interface(schema, goBaseName(goType), path)
      default:
        throw new Error(`${path}: no TypeScript type for ${schema.type}`)
    }
  }

  #interface(schema: ObjectSchema, name: string, path: string): string {
    if (name === '') throw new Error(`${path}: no Go type found`)
    if (coreTypes.has(name)) {
      this.imported.add(name)
      return name
    }
    const fields = goFields(this.#structs, name)
    const lines = Object.entries(schema.properties).map(([property, child]) => {
      const isThere = child.default !== undefined || schema.required?.includes(property) === true
      return field(property, this.#type(child, fields.get(property) ?? '', `${path}.${property}`), isThere)
    })
    this.#declare(name, lines, `${name} of the Gateway API.`)
    return name
  }
}

function field(name: string, type: string, isThere: boolean): string {
  return isThere ? `  readonly ${name}: ${type}` : `  readonly ${name}?: ${type} | undefined`
}
