import type { Schema } from '../../src/api/schema.ts'
import type { CrdVersion } from './crd.ts'
import type { PoolEntry, SchemaPool } from './pool.ts'
import { head, literal } from './text.ts'

/** Shorter schemas are written where they are used, even when they are used often. */
const minSharedChars = 60

/** The module that holds every schema of the Gateway API. */
export function emitSchemas(crds: readonly CrdVersion[], pool: SchemaPool, module: string): string {
  const shared = pool.entries().filter(isShared)
  const group = new Set(crds.map((crd) => crd.group))
  if (group.size !== 1) throw new Error(`expected one API group, got ${[...group].join()}`)
  return [
    head(module),
    `import type { CrdKind, Schema } from '../schema.ts'\n`,
    ...shared.map((entry) => `const ${entry.name}${annotation(entry.schema)} = ${body(entry.schema, pool, '')}\n`),
    '/** API group of the generated kinds. */',
    `export const gatewayApiGroup = '${[...group].join()}'\n`,
    '/** The kinds of the Gateway API in the order of their names. */',
    `export const gatewayApiKinds = [\n${emitKinds(crds, pool)}] as const satisfies readonly CrdKind[]`,
    '',
  ].join('\n')
}

function isShared(entry: PoolEntry): boolean {
  const isRecord = entry.schema.type === 'object'
  return isRecord || (entry.uses > 1 && JSON.stringify(entry.schema).length >= minSharedChars)
}

function annotation(schema: Schema): string {
  return schema.type === 'object' && ('spec' in schema.properties || 'status' in schema.properties)
    ? ": CrdKind['channels']['standard'][string]"
    : ': Schema'
}

function emitKinds(crds: readonly CrdVersion[], pool: SchemaPool): string {
  const kinds = [...new Set(crds.map((crd) => crd.kind))].sort()
  return kinds
    .map((kind) => {
      const mine = crds.filter((crd) => crd.kind === kind)
      const { plural, namespaced } = mine[0] ?? { plural: '', namespaced: false }
      const channels = (['standard', 'experimental'] as const).map((channel) => {
        const versions = mine
          .filter((crd) => crd.channel === channel)
          .map((crd) => `${crd.version}: ${pool.entry(crd.schema).name}`)
        return `      ${channel}: { ${versions.join(', ')} },\n`
      })
      const about = `    kind: '${kind}',\n    plural: '${plural}',\n    namespaced: ${namespaced},\n`
      return `  {\n${about}    channels: {\n${channels.join('')}    },\n  },\n`
    })
    .join('')
}

function reference(schema: Schema, pool: SchemaPool, indent: string): string {
  const entry = pool.entry(schema)
  return isShared(entry) ? entry.name : body(schema, pool, indent)
}

function body(schema: Schema, pool: SchemaPool, indent: string): string {
  const inner = `${indent}  `
  const parts = Object.entries(schema).map(([key, value]) => {
    if (key === 'properties') {
      const fields = Object.entries(value as Record<string, Schema>).map(
        ([name, child]) => `${inner}  ${name}: ${reference(child, pool, `${inner}  `)},\n`,
      )
      return `properties: {\n${fields.join('')}${inner}}`
    }
    if (key === 'items' || key === 'values') return `${key}: ${reference(value as Schema, pool, inner)}`
    return `${key}: ${literal(value, inner)}`
  })
  const line = `{ ${parts.join(', ')} }`
  if (indent.length + line.length <= 100 && !line.includes('\n')) return line
  return `{\n${parts.map((part) => `${inner}${part},\n`).join('')}${indent}}`
}
