/** Why the API server did not take what was written, as the writers tell the cases apart. */
import { KubeError } from './kube-client.ts'

/** Why a write failed, as far as it decides what a writer does next. */
export type WriteFailure =
  /** Somebody else wrote first, or owns it. */
  | { readonly kind: 'conflict' }
  /** The object, its namespace or its kind is not there. */
  | { readonly kind: 'gone' }
  /** The namespace is being deleted: nothing can be made in it. */
  | { readonly kind: 'terminating' }
  /** A role lacks a verb. `message` says which and where. */
  | { readonly kind: 'forbidden'; readonly message: string }
  /** Admission, validation or a quota. `message` is the API server's. */
  | { readonly kind: 'refused'; readonly message: string }
  /** No answer, or none that is about the object. */
  | {
      readonly kind: 'unavailable'
      /** True when other writes would fail, too. */
      readonly everywhere: boolean
      readonly retryAfterMs: number | undefined
      readonly message: string
    }

/** The case of an error that `KubeClient.send` threw; anything but a KubeError is a bug and is thrown again. */
export function readFailure(error: unknown): WriteFailure {
  if (!(error instanceof KubeError)) throw error
  const { status, retryAfterMs } = error
  const message = statusMessage(error)
  if (status === 404 || status === 410) return { kind: 'gone' }
  // Who writes with the uid of an object in whose place there is another one, is told that it cannot be changed.
  if (status === 409 || (status === 422 && /\bmetadata\.uid: Invalid value/.test(message))) return { kind: 'conflict' }
  if (status === 403) return readForbidden(message)
  // 401: the token is read again before the next try.
  if (status === 0 || status === 401 || status === 408 || status === 429 || status >= 500) {
    // 500 is also what a broken webhook answers, for the objects that it is asked about alone.
    return { kind: 'unavailable', everywhere: status !== 500, retryAfterMs, message }
  }
  return { kind: 'refused', message }
}

/** Namespaces that are deleted, quotas and webhooks answer 403 as well: only RBAC says who cannot do what. */
function readForbidden(message: string): WriteFailure {
  if (message.includes('because it is being terminated')) return { kind: 'terminating' }
  const lacking = / cannot (\S+) resource "([^"]+)" in API group "([^"]*)"/.exec(message)
  if (lacking === null) return { kind: 'refused', message }
  const [, verb, resource, group] = lacking
  const where = group === '' ? '' : ` of ${group}`
  return { kind: 'forbidden', message: `ClusterRole fairlead lacks \`${verb}\` on ${resource}${where}; add the verb` }
}

/** `Status.message` of the answer; what the client says when there was none. */
function statusMessage({ body, message }: KubeError): string {
  const told = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined
  return typeof told === 'string' && told !== '' ? told : message
}
