/** The Secret that the authority of xDS is kept in, shared by all replicas. */
import {
  authorityContents,
  createAuthority,
  parseAuthority,
  renewedAuthority,
  type XdsAuthority,
} from './ca/xds-authority.ts'
import { isRecord } from './api/compile.ts'
import { type KubeClient, KubeError } from './watch/kube-client.ts'

/** Name of the Secret in the control plane's namespace. */
export const xdsSecretName = 'fairlead-xds'

/** Not kubernetes.io/tls: those are watched, and a Gateway could serve one of them. Cannot be changed later. */
const secretType = 'fairlead.dev/xds'

/** The authority, and what had to be done to have it. */
export interface EnsuredAuthority {
  readonly authority: XdsAuthority
  /**
   * `restored`: the Secret was deleted or damaged, and what we knew was put back. `replaced`: it was damaged and nobody
   * knew better, so every fleet has to learn another authority.
   */
  readonly origin: 'found' | 'created' | 'renewed' | 'restored' | 'replaced'
  /** What was wrong with the Secret, when it was damaged. */
  readonly damage?: string | undefined
}

/** Which Secret, and what is known of it. */
export interface EnsureOptions {
  readonly namespace: string
  /** The authority that is in use here, if there is one. */
  readonly known?: XdsAuthority | undefined
  readonly nowMs: number
}

/**
 * Reads the authority; creates, renews or repairs the Secret when that is needed. What another replica wrote first
 * counts. Throws a KubeError when the API server does not do as asked.
 */
export async function ensureXdsAuthority(client: KubeClient, options: EnsureOptions): Promise<EnsuredAuthority> {
  for (let tries = 0; tries < maxTries; tries++) {
    const ensured = await tryEnsure(client, options)
    if (ensured !== undefined) return ensured
  }
  throw new Error(`Secret ${options.namespace}/${xdsSecretName}: somebody else wrote it each of ${maxTries} times`)
}

const maxTries = 5

/** Undefined when somebody else wrote meanwhile. */
async function tryEnsure(client: KubeClient, options: EnsureOptions): Promise<EnsuredAuthority | undefined> {
  const { namespace, known, nowMs } = options
  const collection = `/api/v1/namespaces/${namespace}/secrets`
  const path = `${collection}/${xdsSecretName}`
  const live = await unless(404, client.send({ method: 'GET', path }))
  const next = decide(live, { known, nowMs })
  if (next.origin === 'found') return next
  const body = secretOf(next.authority, { namespace, live })
  const write =
    live === undefined ? ({ method: 'POST', path: collection } as const) : ({ method: 'PUT', path } as const)
  const written = await unless(409, client.send({ ...write, body }))
  return written === undefined ? undefined : next
}

function decide(live: unknown, { known, nowMs }: Pick<EnsureOptions, 'known' | 'nowMs'>): EnsuredAuthority {
  if (live === undefined) {
    if (known === undefined) return { authority: createAuthority(nowMs), origin: 'created' }
    return { authority: renewedAuthority(known, nowMs) ?? known, origin: 'restored' }
  }
  const read = parseAuthority(contentsOf(live))
  if (read.ok) {
    const renewed = renewedAuthority(read.value, nowMs)
    return renewed === undefined
      ? { authority: read.value, origin: 'found' }
      : { authority: renewed, origin: 'renewed' }
  }
  const damage = read.error
  if (known === undefined) return { authority: createAuthority(nowMs), origin: 'replaced', damage }
  return { authority: renewedAuthority(known, nowMs) ?? known, origin: 'restored', damage }
}

function contentsOf(live: unknown): Readonly<Record<string, string>> {
  const data = isRecord(live) && isRecord(live.data) ? live.data : {}
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString()]),
  )
}

/** With the metadata that is there: the version tells whether somebody else wrote, labels may be others'. */
function secretOf(
  authority: XdsAuthority,
  { namespace, live }: { readonly namespace: string; readonly live: unknown },
): Readonly<Record<string, unknown>> {
  const data = Object.fromEntries(
    Object.entries(authorityContents(authority)).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  )
  const labels = { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/managed-by': 'fairlead' }
  const created = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: secretType,
    metadata: { name: xdsSecretName, namespace, labels },
  }
  return { ...(isRecord(live) ? live : created), data }
}

/** Undefined in place of an error with that status. */
async function unless(status: number, answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KubeError && error.status === status) return undefined
    throw error
  }
}
