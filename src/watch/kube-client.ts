/** What the watchers and writers need of an API server. Implemented in client.ts, imitated by FakeApi. */

/** One request. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path without query, as `/apis/apps/v1/namespaces/a/deployments/b`. */
  readonly path: string
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** Default: application/json. */
  readonly contentType?: string | undefined
  /** Default: application/json. */
  readonly accept?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the whole answer must be there; of a stream: until its head. Default: 30 s. */
  readonly timeoutMs?: number | undefined
}

/** The body of an answer as it comes in. Ends when the server ends it; throws when the connection breaks. */
export interface KubeStream extends AsyncIterable<Uint8Array> {
  /** Stops reading and gives the connection back. */
  close(): void
}

/** An API server. */
export interface KubeClient {
  /** The answer's JSON; throws a KubeError for any status but 2xx, and when there is no answer. */
  send(request: KubeRequest): Promise<unknown>
  /** As `send`, for an answer that has no end. */
  open(request: KubeRequest): Promise<KubeStream>
  /** Ends every connection. */
  close(): Promise<void>
}

/** Content type of server-side apply; its body may be JSON. */
export const applyPatch = 'application/apply-patch+yaml'
/** Content type of a JSON merge patch (RFC 7396). */
export const mergePatch = 'application/merge-patch+json'

/** To accept: an object, or a watch of them, with `metadata` alone. */
export const partialMetadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
/** To accept: a list with the `metadata` of its objects alone. */
export const partialMetadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** What an API server answered, or why it did not. */
export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** `Status.reason`, as `Conflict`, `Forbidden`, `Expired`; '' when there is none. */
  readonly reason: string
  /** From the answer's Retry-After. */
  readonly retryAfterMs: number | undefined
  /** The Status object of the answer, unparsed: `details.causes` names fields. Undefined when there was none. */
  readonly body: unknown

  constructor(
    message: string,
    facts: {
      readonly status: number
      readonly reason?: string | undefined
      readonly retryAfterMs?: number | undefined
      readonly cause?: unknown
      readonly body?: unknown
    },
  ) {
    super(message, { cause: facts.cause })
    this.name = 'KubeError'
    this.status = facts.status
    this.reason = facts.reason ?? ''
    this.retryAfterMs = facts.retryAfterMs
    this.body = facts.body
  }
}

/** The error that an answer means: what was asked, and `message` and `reason` of the Status in the body, if it is one. */
export function answerError(
  request: Pick<KubeRequest, 'method' | 'path'>,
  answer: { readonly status: number; readonly body: unknown; readonly retryAfterMs?: number | undefined },
): KubeError {
  const { status, body, retryAfterMs } = answer
  const told = typeof body === 'object' && body !== null ? body : {}
  const reason = 'reason' in told && typeof told.reason === 'string' ? told.reason : ''
  const message = 'message' in told && typeof told.message === 'string' ? told.message : 'no message'
  const what = `${request.method} ${request.path}: ${status}${reason === '' ? '' : ` ${reason}`}`
  return new KubeError(`${what}: ${message}`, { status, reason, retryAfterMs, body })
}
