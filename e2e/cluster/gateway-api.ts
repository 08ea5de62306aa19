import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { gatewayApiModule } from '../../tools/gen-api.ts'
import { goEnvironment, requireGo } from './programs.ts'
import { run } from './command.ts'

/** A channel of the Gateway API: which definitions are installed. */
export type Channel = 'standard' | 'experimental'

/** The folder with the definitions of each channel, out of the Go module, which is checked by Go's checksum database. */
export async function ensureGatewayApi(): Promise<string> {
  await requireGo()
  // A module that is there needs no network, which tests inside of a cluster do not have.
  const cached = join((await run('go', ['env', 'GOMODCACHE'])).trim(), gatewayApiModule, 'config', 'crd')
  if (existsSync(cached)) return cached
  const json = await run('go', ['mod', 'download', '-json', gatewayApiModule], { env: goEnvironment })
  const answer: unknown = JSON.parse(json)
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return join(answer.Dir, 'config', 'crd')
  }
  throw new Error(`go mod download gave no folder of ${gatewayApiModule}`)
}

/** The files of a channel. The folder also holds a kustomization.yaml, which is no object. */
export async function gatewayApiFiles(channel: Channel): Promise<readonly string[]> {
  const folder = join(await ensureGatewayApi(), channel)
  return globSync('gateway.networking.*.yaml', { cwd: folder }).map((name) => join(folder, name))
}
