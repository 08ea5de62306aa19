/**
 * Generates src/envoy/gen/ from proto/: the protobufjs module of what the server encodes and decodes (xds.js), its
 * types (xds.d.ts) and the descriptors of all of proto/ (descriptors.binpb). Does nothing when they are up to date.
 *
 *   node tools/gen-code.ts [--force]
 */
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { describeFiles } from './gen-proto/describe.ts'
import { type ProtoFile, parseProtos, readProtoFiles } from './gen-proto/load.ts'
import { printModule } from './gen-proto/module.ts'
import { printTypings } from './gen-proto/typings.ts'

const ROOT = join(import.meta.dirname, '..')
const GEN_DIR = join(ROOT, 'src/envoy/gen')
const STAMP = join(GEN_DIR, 'stamp')

/** Hash of everything that the output depends on: proto/, the generator and the versions of protobufjs. */
function stampOf(protos: readonly ProtoFile[]): string {
  const hash = createHash('sha256')
  for (const { name, text } of protos) hash.update(`${name}\0${text}\0`)
  const generator = ['tools/gen-code.ts', ...globSync('tools/gen-proto/*.ts', { cwd: ROOT }).sort()]
  for (const path of generator) hash.update(readFileSync(join(ROOT, path)))
  const require = createRequire(import.meta.url)
  for (const name of ['protobufjs', 'protobufjs-cli']) {
    const { version }: { readonly version: string } = require(`${name}/package.json`)
    hash.update(`${name}@${version}\0`)
  }
  return hash.digest('hex')
}

function readStamp(): string {
  try {
    return readFileSync(STAMP, 'utf8')
  } catch {
    return '' // Never generated.
  }
}

/** Written beside and renamed, so that a reader never sees half a file. */
function replaceFile(name: string, content: string | Uint8Array): void {
  const path = join(GEN_DIR, name)
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, content)
  renameSync(draft, path)
}

function describeAll(protos: readonly ProtoFile[]): Uint8Array {
  const file = [...describeFiles(parseProtos(protos, { keepCase: true }))]
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }))
}

async function generate(protos: readonly ProtoFile[]): Promise<void> {
  const { root } = parseProtos(protos, { keepCase: false })
  const { code, messages } = await printModule(root)
  mkdirSync(GEN_DIR, { recursive: true })
  rmSync(STAMP, { force: true })
  replaceFile('xds.js', code)
  replaceFile('xds.d.ts', printTypings(root, messages))
  replaceFile('descriptors.binpb', describeAll(protos))
}

const protos = readProtoFiles(join(ROOT, 'proto'))
const stamp = stampOf(protos)
if (process.argv.includes('--force') || readStamp() !== stamp) {
  await generate(protos)
  replaceFile('stamp', stamp)
  process.stdout.write('src/envoy/gen: generated\n')
}
