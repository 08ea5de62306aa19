/** Builds the official suite, once for each version. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../cluster/command.ts'
import { cacheFolder, goEnvironment, requireGo } from '../cluster/programs.ts'

const source = import.meta.dirname
const files = ['go.mod', 'go.sum', 'conformance_test.go']

/** Version of the suite, as go.mod pins it. */
export function suiteVersion(): string {
  const [, version] = /gateway-api\/conformance (v[\d.]+)/.exec(readFileSync(join(source, 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error('go.mod names no version of sigs.k8s.io/gateway-api/conformance')
  return version
}

/** Path of the suite's program, which is built where it is missing: five minutes on two cores. */
export async function ensureSuite(): Promise<string> {
  const hash = createHash('sha256').update(process.arch)
  for (const file of files) hash.update(readFileSync(join(source, file)))
  const folder = join(cacheFolder(), `conformance-${hash.digest('hex').slice(0, 12)}`)
  const program = join(folder, 'conformance.test')
  if (existsSync(program)) return program
  await requireGo()
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'build-'))
  try {
    // The module wants a newer Go than many machines have: Go fetches it by itself.
    const args = ['test', '-c', '-trimpath', '-ldflags=-s -w', '-o', join(work, 'conformance.test'), '.']
    await run('go', args, { cwd: source, env: goEnvironment })
    if (!existsSync(folder)) renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return program
}
