import { type KubeClient, KubeError, type KubeRequest, partialMetadata, partialMetadataList } from './kube-client.ts'

/** Which objects of the API. */
export interface ApiCollectionOptions {
  /** As `/apis/gateway.networking.k8s.io/v1/httproutes`. */
  readonly path: string
  readonly fieldSelector?: string | undefined
  readonly labelSelector?: string | undefined
  /** True: objects come with their metadata alone. */
  readonly isMetadataOnly?: boolean | undefined
}

/** The requests that are asked of one collection. */
export class ApiCollection {
  readonly #options: ApiCollectionOptions

  constructor(options: ApiCollectionOptions) {
    this.#options = options
  }

  /** A page of the list; the first when `next` is undefined. */
  page(limit: number, next: string | undefined): KubeRequest {
    return this.#request({ limit: String(limit), continue: next })
  }

  /** What happened since a version. Without one: all there is, then a bookmark that says so, then what happens. */
  watch(version: string | undefined, timeoutSeconds: number): KubeRequest {
    const start =
      version === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: version }
    return this.#request({
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      ...start,
    })
  }

  /** The verbs of RBAC that we lack. One refusal names one of them; who has to add them wants to know all. */
  async lackingVerbs(client: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
    const tries = await Promise.allSettled([
      client.send({ ...this.page(1, undefined), signal }),
      client
        .open({ ...this.#request({ watch: 'true', timeoutSeconds: '1' }), signal })
        .then((stream) => stream.close()),
    ])
    return tries.flatMap((tried, index) => {
      const isLacking = tried.status === 'rejected' && tried.reason instanceof KubeError && tried.reason.status === 403
      return isLacking ? [index === 0 ? 'list' : 'watch'] : []
    })
  }

  #request(query: Readonly<Record<string, string | undefined>>): KubeRequest {
    const { path, isMetadataOnly = false, fieldSelector, labelSelector } = this.#options
    const partial = query.watch === undefined ? partialMetadataList : partialMetadata
    const accept = isMetadataOnly ? partial : undefined
    return { method: 'GET', path, accept, query: { ...query, fieldSelector, labelSelector } }
  }
}
