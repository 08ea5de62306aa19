/**
 * Writes src/api/gen from the CustomResourceDefinitions of the pinned Gateway API module.
 *
 *   node tools/gen-api.ts [--check] [--from MODULE_DIR]
 *
 * Without --from the module is fetched by `go mod download`, which checks it against the checksum database.
 * --check writes nothing and fails when the committed files differ.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Channel } from '../src/api/schema.ts'
import { type CrdVersion, readCrd } from './gen-api/crd.ts'
import { emitSchemas } from './gen-api/emit-schemas.ts'
import { emitTypes } from './gen-api/emit-types.ts'
import { type GoStructs, parseGoStructs } from './gen-api/go-types.ts'
import { SchemaPool } from './gen-api/pool.ts'

/** The Gateway API release that Fairlead implements. */
export const gatewayApiModule = 'sigs.k8s.io/gateway-api@v1.7.0'

const crdFile = /^gateway\.networking\.k8s\.io_(?!vap_).*\.yaml$/

/** The generated files by name. A pure function of the module's files. */
export function generate(crds: readonly CrdVersion[], structs: GoStructs): ReadonlyMap<string, string> {
  const pool = new SchemaPool(structs)
  for (const crd of crds) pool.addKind(crd.kind, crd.schema)
  return new Map([
    ['schemas.ts', emitSchemas(crds, pool, gatewayApiModule)],
    ['types.ts', emitTypes(crds, structs, gatewayApiModule)],
  ])
}

function readModule(dir: string): ReadonlyMap<string, string> {
  const channels: readonly Channel[] = ['standard', 'experimental']
  const crds = channels.flatMap((channel) => {
    const folder = join(dir, 'config/crd', channel)
    const files = readdirSync(folder).filter((name) => crdFile.test(name))
    return files.sort().flatMap((name) => readCrd(readFileSync(join(folder, name), 'utf8'), channel))
  })
  const goDir = join(dir, 'apis/v1')
  const goFiles = readdirSync(goDir).filter((name) => name.endsWith('_types.go'))
  return generate(crds, parseGoStructs(goFiles.sort().map((name) => readFileSync(join(goDir, name), 'utf8'))))
}

function downloadModule(): string {
  const output = execFileSync('go', ['mod', 'download', '-json', gatewayApiModule], { encoding: 'utf8' })
  const answer: unknown = JSON.parse(output)
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir
  }
  throw new Error(`go mod download gave no folder: ${output}`)
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, from: { type: 'string' } } })
  const target = join(import.meta.dirname, '../src/api/gen')
  const stale: string[] = []
  for (const [name, text] of readModule(values.from ?? downloadModule())) {
    const path = join(target, name)
    if (values.check !== true) writeFileSync(path, text)
    else if (readFileSync(path, 'utf8') !== text) stale.push(path)
  }
  if (stale.length === 0) return
  console.error(`out of date: ${stale.join(', ')}; run node tools/gen-api.ts`)
  process.exitCode = 1
}

if (import.meta.main) main()
