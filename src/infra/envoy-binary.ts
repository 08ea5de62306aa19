import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'

/** The data plane that everything is tested against: its minor version must be the one that runs. */
export const pinnedEnvoyVersion = '1.40.0'
const pinnedMinor = '1.40'

/** Where Envoy is looked for. */
export interface EnvoyLookup {
  /** Value of FAIRLEAD_ENVOY: when set, nothing else is tried. */
  readonly named?: string | undefined
  /** Value of PATH. */
  readonly searchPath: string
  /** The cache that set-up fills. */
  readonly cacheFolder: string
}

/** Path of an Envoy of the pinned minor version, or the message that says what to do. */
export async function findEnvoy(lookup: EnvoyLookup): Promise<Result<string, string>> {
  if (lookup.named !== undefined && lookup.named !== '') {
    const found = await versionOf(lookup.named)
    return isPinned(found) ? ok(lookup.named) : err(unfit(lookup.named, found))
  }
  const onPath = lookup.searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'envoy'))
  for (const candidate of [...onPath, join(lookup.cacheFolder, `envoy-${pinnedEnvoyVersion}`, 'envoy')]) {
    if (isExecutable(candidate) && isPinned(await versionOf(candidate))) return ok(candidate)
  }
  return err(
    `no Envoy ${pinnedMinor}: neither FAIRLEAD_ENVOY nor the path nor ${lookup.cacheFolder} has one; ` +
      'run `npm run setup` to get it, or set FAIRLEAD_ENVOY to a binary that you have',
  )
}

/** Version that `envoy --version` reports, as `1.40.0`; undefined when it does not run or is no Envoy. */
export function parseEnvoyVersion(output: string): string | undefined {
  return /version: [0-9a-f]+\/(\d+\.\d+\.\d+)/.exec(output)?.[1]
}

function isPinned(version: string | undefined): boolean {
  return version?.startsWith(`${pinnedMinor}.`) === true
}

function unfit(path: string, version: string | undefined): string {
  const what = version === undefined ? 'does not run or is no Envoy' : `is Envoy ${version}`
  return `FAIRLEAD_ENVOY=${path} ${what}; Envoy ${pinnedMinor} is needed: correct it or unset it`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // Absent or not ours to run: the next candidate is tried.
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  const child = spawn(path, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined)).once('close', () => resolve(parseEnvoyVersion(output)))
  })
}
