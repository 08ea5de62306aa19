/** Credentials that programs and identity providers make, by the library that knows them. Import it lazily. */
import type { RequestOptions } from 'node:https'
import { isAbsolute, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { isRecord } from '../api/compile.ts'
import type { CredentialPlugin, Credentials } from './credentials.ts'

/** The plugin of a user of a kubeconfig: `exec` or `auth-provider`. `folder`: where relative paths in it begin. */
export function openPlugin(server: string, user: Readonly<Record<string, unknown>>, folder: string): CredentialPlugin {
  const config = new KubeConfig()
  const entry = {
    name: 'user',
    user: { ...user, ...(isRecord(user.exec) ? { exec: withPath(user.exec, folder) } : {}) },
  }
  config.loadFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'cluster', cluster: { server } }],
      users: [entry],
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
      'current-context': 'context',
    }),
  )
  return { credentials: () => credentials(config) }
}

/** The library caches until the credentials expire. */
async function credentials(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const headers: unknown = options.headers
  const header: unknown = isRecord(headers) ? headers.Authorization : undefined
  return {
    authorization: typeof header === 'string' ? header : undefined,
    cert: pemOf(options.cert),
    key: pemOf(options.key),
  }
}

function pemOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value
  return Buffer.isBuffer(value) && value.length > 0 ? value.toString('utf8') : undefined
}

/** A command with a slash in it is relative to the kubeconfig; one without is looked up in PATH. */
function withPath(exec: Readonly<Record<string, unknown>>, folder: string): Readonly<Record<string, unknown>> {
  const { command } = exec
  if (typeof command !== 'string' || !command.includes('/') || isAbsolute(command)) return exec
  return { ...exec, command: resolve(folder, command) }
}
