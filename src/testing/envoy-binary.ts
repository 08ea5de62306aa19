import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pinnedEnvoyVersion } from '../infra/envoy-binary.ts'

/**
 * Path of the Envoy that tests run: FAIRLEAD_ENVOY, else the one in the cache that set-up fills. Throws with the
 * command to run where there is none.
 */
export function envoyBinary(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = env.FAIRLEAD_ENVOY
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named
    throw new Error(`FAIRLEAD_ENVOY is ${named}, which does not exist: correct it or unset it`)
  }
  const cached = join(cacheFolder(env), `envoy-${pinnedEnvoyVersion}`, 'envoy')
  if (existsSync(cached)) return cached
  throw new Error(
    `no Envoy ${pinnedEnvoyVersion} at ${cached}: run \`npm run setup\`, or set FAIRLEAD_ENVOY to a binary`,
  )
}

function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env.FAIRLEAD_CACHE) return env.FAIRLEAD_CACHE
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead')
}
