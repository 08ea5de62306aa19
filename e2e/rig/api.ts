/** The API server of the cluster that a test runs in, asked as administrator: much cheaper than a kubectl for each call. */
import { parseAllDocuments } from 'yaml'
import { silentLogger } from '../../src/lib/logger.ts'
import { connectCluster } from '../../src/watch/client.ts'
import { applyPatch, type KubeClient, KubeError, mergePatch } from '../../src/watch/kube-client.ts'
import { currentCluster } from '../cluster/facts.ts'

/** What every object has. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string | undefined
    readonly labels?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
  }
  readonly [field: string]: unknown
}

/** Which object. */
export type Ref = Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'>

/** An object as the API server has it. */
export interface Live {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly generation?: number
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
  }
  readonly [field: string]: unknown
}

/** Reads and writes objects of every kind. Close it at the end of the test file. */
export class Api {
  readonly client: KubeClient

  private constructor(client: KubeClient) {
    this.client = client
  }

  /** Of the current cluster. */
  static async connect(): Promise<Api> {
    const { kubeconfig } = currentCluster()
    const client = await connectCluster({ kubeconfig, logger: silentLogger() })
    if (!client.ok) throw new Error(client.error)
    return new Api(client.value)
  }

  close(): Promise<void> {
    return this.client.close()
  }

  /** Server-side applies objects, or YAML documents, one after the other. */
  async apply(objects: string | readonly Manifest[], fieldManager = 'e2e'): Promise<void> {
    const query = { fieldManager, force: 'true' }
    for (const object of typeof objects === 'string' ? manifestsIn(objects) : objects) {
      await this.client.send({ method: 'PATCH', path: pathOf(object), query, body: object, contentType: applyPatch })
    }
  }

  /** Applies a JSON merge patch. */
  async patch(ref: Ref, change: object, subresource = ''): Promise<void> {
    const path = `${pathOf(ref)}${subresource === '' ? '' : `/${subresource}`}`
    await this.client.send({ method: 'PATCH', path, body: change, contentType: mergePatch })
  }

  /** The object; undefined when it is not there. */
  async read(ref: Ref): Promise<Live | undefined> {
    try {
      return (await this.client.send({ method: 'GET', path: pathOf(ref) })) as Live
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined
      throw error
    }
  }

  /** The objects of a kind in a namespace, or in all. */
  async list(of: { readonly apiVersion: string; readonly kind: string }, namespace?: string, labels?: string) {
    const path = pathOf({ ...of, metadata: { name: '', namespace } }).replace(/\/$/, '')
    const query = { labelSelector: labels }
    const answer = (await this.client.send({ method: 'GET', path, query })) as {
      readonly items: readonly Live[] | null
    }
    return answer.items ?? []
  }

  /** Returns at once; what waits for finalizers goes later. No error when it is not there. */
  async delete(ref: Ref, options: { readonly gracePeriodSeconds?: number } = {}): Promise<void> {
    try {
      const body = { propagationPolicy: 'Background', ...options }
      await this.client.send({ method: 'DELETE', path: pathOf(ref), body })
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error
    }
  }
}

/** The objects of a YAML text. */
export function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null)
}

const clusterScoped = new Set(['Namespace', 'GatewayClass', 'ClusterRole', 'ClusterRoleBinding'])

/** The path of an object. The plural is made as English makes it. */
export function pathOf({ apiVersion, kind, metadata: { namespace, name } }: Ref): string {
  const scope = namespace === undefined || clusterScoped.has(kind) ? '' : `/namespaces/${namespace}`
  return `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}${scope}/${pluralOf(kind.toLowerCase())}/${name}`
}

function pluralOf(word: string): string {
  if (word.endsWith('ss')) return `${word}es`
  if (word.endsWith('s')) return word
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`
}
