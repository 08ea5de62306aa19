/**
 * Writes proto/: the trimmed .proto files of what we speak, cut from the descriptor pool of an Envoy binary.
 *
 *   node tools/gen-proto.ts [path of envoy]     default: FAIRLEAD_ENVOY
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { printFile } from './gen-proto/print.ts'
import { scanDescriptors } from './gen-proto/scan.ts'
import { JSON_ROOTS, RUNTIME_ROOTS, SERVICES } from './gen-proto/surface.ts'
import { trimFiles } from './gen-proto/trim.ts'

const PROTO_DIR = join(import.meta.dirname, '..', 'proto')

/** Replaces the .proto files below `directory`; returns how many were written. */
function writeProtos(envoyPath: string, directory: string): number {
  const pool = scanDescriptors(readFileSync(envoyPath))
  const files = trimFiles([...pool.values()], [...RUNTIME_ROOTS, ...JSON_ROOTS], SERVICES)
  rmSync(directory, { recursive: true, force: true })
  for (const file of files) {
    const path = join(directory, file.name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, printFile(file))
  }
  return files.length
}

const envoyPath = process.argv[2] ?? process.env.FAIRLEAD_ENVOY
if (envoyPath === undefined) {
  process.stderr.write('gen-proto: no Envoy: give its path or set FAIRLEAD_ENVOY\n')
  process.exitCode = 2
} else {
  process.stdout.write(`proto/: ${writeProtos(envoyPath, PROTO_DIR)} files\n`)
}
