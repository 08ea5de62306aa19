/** How to reach an API server and who to be there: a kubeconfig, or the service account of the pod that we run in. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { isRecord } from '../api/compile.ts'
import { formatHostPort } from '../lib/host-port.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { CredentialPlugin } from './credentials.ts'

/** Where an API server is and what it is shown. */
export interface ClusterAccess {
  /** As `https://10.0.0.1:6443`; may end in a path. */
  readonly server: string
  /** PEM; the roots of the system when absent. */
  readonly ca?: string | undefined
  /** PEM of a client certificate and its key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Name that the server's certificate must have; the host of `server` when absent. */
  readonly serverName?: string | undefined
  /** True when the server's certificate is not looked at. */
  readonly skipsVerification: boolean
  /** Sent with each request: authorization, impersonation. */
  readonly headers: Readonly<Record<string, string>>
}

/** Which cluster. */
export interface AccessOptions {
  /** Path. Default: `$KUBECONFIG`, then the service account of the pod, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined
  /** Default: the kubeconfig's current one. */
  readonly context?: string | undefined
  /** Default: those of the program. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Default: where the kubelet puts it. */
  readonly serviceAccountFolder?: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** Reads access again each time that it is asked: tokens and certificates are rotated under us. */
export class AccessReader {
  readonly #options: AccessOptions
  #plugin: CredentialPlugin | undefined

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /** `isRejected`: what was read before is not taken any more, even if it should still be good. */
  async read(isRejected = false): Promise<Result<ClusterAccess, string>> {
    const { kubeconfig, context, env = process.env, serviceAccountFolder } = this.#options
    if (isRejected) this.#plugin = undefined
    const named = kubeconfig ?? env.KUBECONFIG
    if (named !== undefined && named !== '') return this.#readKubeconfig(named.split(delimiter), context)
    if (env.KUBERNETES_SERVICE_HOST !== undefined) return readServiceAccount(env, serviceAccountFolder)
    const fallback = join(homedir(), '.kube', 'config')
    if (existsSync(fallback)) return this.#readKubeconfig([fallback], context)
    return err(`no cluster is known: no ${fallback}, KUBECONFIG is not set and this is no pod; pass --kubeconfig`)
  }

  async #readKubeconfig(paths: readonly string[], context: string | undefined): Promise<Result<ClusterAccess, string>> {
    const existing = paths.filter((path) => existsSync(path))
    if (existing.length === 0) return err(`kubeconfig ${paths.join(', ')} does not exist`)
    const where = `kubeconfig ${existing.join(', ')}`
    try {
      const files = await Promise.all(existing.map(readKubeconfigFile))
      const chosen = chooseContext(files, context)
      if (!chosen.ok) return err(`${where} ${chosen.error}`)
      const { user } = chosen.value
      const access = await compileAccess(chosen.value)
      const isForeign = user.fields.exec !== undefined || user.fields['auth-provider'] !== undefined
      return ok(isForeign ? await this.#withPlugin(access, user) : access)
    } catch (error) {
      return err(`${where} cannot be used: ${messageOf(error)}`)
    }
  }

  /** The library that knows them all takes a second and 80 MiB to load: only who needs it waits for it. */
  async #withPlugin(access: ClusterAccess, user: Located): Promise<ClusterAccess> {
    if (this.#plugin === undefined) {
      const { openPlugin } = await import('./credential-plugin.ts')
      this.#plugin = openPlugin(access.server, user.fields, user.folder)
    }
    const { authorization: header, cert, key } = await this.#plugin.credentials()
    const headers = header === undefined ? access.headers : { ...access.headers, authorization: header }
    return { ...access, cert: cert ?? access.cert, key: key ?? access.key, headers }
  }
}

async function readServiceAccount(
  env: Readonly<Record<string, string | undefined>>,
  folder = '/var/run/secrets/kubernetes.io/serviceaccount',
): Promise<Result<ClusterAccess, string>> {
  try {
    const [token, ca] = await Promise.all([readText(join(folder, 'token')), readText(join(folder, 'ca.crt'))])
    const port = Number(env.KUBERNETES_SERVICE_PORT ?? 443)
    const server = `https://${formatHostPort(env.KUBERNETES_SERVICE_HOST ?? '', port)}`
    return ok({ server, ca, skipsVerification: false, headers: bearer(token.trim()) })
  } catch (error) {
    const hint = 'is automountServiceAccountToken false for this pod?'
    return err(`the service account of the pod cannot be read: ${messageOf(error)}; ${hint}`)
  }
}

interface KubeconfigFile {
  readonly path: string
  readonly content: Fields
}

async function readKubeconfigFile(path: string): Promise<KubeconfigFile> {
  const content: unknown = parse(await readText(path))
  if (!isRecord(content)) throw new Error(`${path} is no kubeconfig`)
  return { path, content }
}

/** An entry of `clusters`, `users` or `contexts`; of several files the first that has it (kubectl's rule). */
function findEntry(files: readonly KubeconfigFile[], list: string, name: unknown, part: string): Located | undefined {
  for (const { path, content } of files) {
    const entries: unknown = content[list]
    const found: unknown = Array.isArray(entries)
      ? entries.find((entry) => isRecord(entry) && entry.name === name)
      : undefined
    if (isRecord(found)) return { fields: isRecord(found[part]) ? found[part] : {}, folder: dirname(path) }
  }
  return undefined
}

/** Fields and the folder that paths in them begin at. */
interface Located {
  readonly fields: Fields
  readonly folder: string
}

/** What a context puts together. */
interface Chosen {
  readonly cluster: Located
  readonly server: string
  readonly user: Located
}

function chooseContext(files: readonly KubeconfigFile[], wanted: string | undefined): Result<Chosen, string> {
  const set = files.map(({ content }) => content['current-context']).find((name) => name !== undefined && name !== '')
  const name = wanted ?? set
  if (name === undefined) return err('has no current-context; pass --context')
  const context = findEntry(files, 'contexts', name, 'context')
  if (context === undefined) return err(`has no context ${JSON.stringify(name)}; it has ${names(files)}`)
  const cluster = findEntry(files, 'clusters', context.fields.cluster, 'cluster')
  const server = cluster?.fields.server
  if (cluster === undefined || typeof server !== 'string') {
    return err(`has no cluster ${JSON.stringify(context.fields.cluster)} with a server`)
  }
  if (!URL.canParse(server)) return err(`names as server ${JSON.stringify(server)}, which is no URL`)
  if (cluster.fields['proxy-url'] !== undefined) return err('has a proxy-url, which is not supported')
  const user = findEntry(files, 'users', context.fields.user, 'user') ?? { fields: {}, folder: '.' }
  return ok({ cluster, server, user })
}

async function compileAccess({ cluster, server, user }: Chosen): Promise<ClusterAccess> {
  return {
    server,
    ca: await textOf(cluster, 'certificate-authority'),
    serverName: optionalText(cluster.fields['tls-server-name']),
    skipsVerification: cluster.fields['insecure-skip-tls-verify'] === true,
    cert: await textOf(user, 'client-certificate'),
    key: await textOf(user, 'client-key'),
    headers: { ...(await authorization(user)), ...impersonation(user.fields) },
  }
}

function names(files: readonly KubeconfigFile[]): string {
  const lists: readonly unknown[] = files.map(({ content }) => content.contexts)
  const all = lists.flatMap((list) => (Array.isArray(list) ? list : []))
  return all.map((entry: unknown) => (isRecord(entry) ? String(entry.name) : '?')).join(', ') || 'none'
}

/** `x-data` in base64, or the file that `x` names. */
async function textOf({ fields, folder }: Located, field: string): Promise<string | undefined> {
  const inline = fields[`${field}-data`]
  if (typeof inline === 'string' && inline !== '') return Buffer.from(inline, 'base64').toString('utf8')
  const path = optionalText(fields[field])
  return path === undefined ? undefined : readText(resolve(folder, path))
}

async function authorization({ fields, folder }: Located): Promise<Readonly<Record<string, string>>> {
  const path = optionalText(fields.tokenFile)
  const token = path === undefined ? optionalText(fields.token) : await readText(resolve(folder, path))
  if (token !== undefined) return bearer(token.trim())
  const { username, password } = fields
  if (typeof username !== 'string' || typeof password !== 'string') return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

function impersonation(fields: Fields): Readonly<Record<string, string>> {
  const name = optionalText(fields.as)
  return name === undefined ? {} : { 'impersonate-user': name }
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` }
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
