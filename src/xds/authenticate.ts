/** Who may open a stream: asked before one byte of it is read. */
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import { err, ok, type Result } from '../lib/result.ts'
import type { NodeIdentity } from './node.ts'
import type { RefusalLog } from './refusal-log.ts'

/** What a client brings along. */
export interface Login {
  /** From `authorization: Bearer`; undefined when there is none, or several. Never logged. */
  readonly token: string | undefined
  /** Address of the client, without port. */
  readonly peer: string
}

/** Who a client was found to be. */
export interface ProxyIdentity {
  /** For people, as `service account infra/edge-fairlead`. */
  readonly name: string
  /** What `node.id` must be, where that is known. */
  readonly nodeId?: string | undefined
  /** Whether it may have the configuration of a Gateway. Asked once there is one. */
  mayRun(gateway: string): boolean
}

/** Why a client is turned away, in words that it may see. */
export interface LoginRefusal {
  /** UNAVAILABLE: nobody can tell now, it shall come again. */
  readonly code: 'UNAUTHENTICATED' | 'UNAVAILABLE'
  readonly message: string
}

/** Finds out who a client is. Never throws. */
export type Authenticate = (login: Login) => Promise<Result<ProxyIdentity, LoginRefusal>>

/** Longest token that is looked at, in characters; those of service accounts have about 1,200. */
const maxTokenLength = 16_384

type Call = ServerDuplexStream<Buffer, Buffer>

/** The identity of a client; undefined when it was turned away, or has gone meanwhile. */
export async function logIn(
  call: Call,
  authenticate: Authenticate,
  log: RefusalLog,
): Promise<ProxyIdentity | undefined> {
  call.on('error', () => {}) // It ends while it is being asked: nobody waits for the answer then.
  const peer = call.getPeer().replace(/:\d+$/, '')
  const token = bearerToken(call.metadata.get('authorization'))
  const checked = token.ok ? await authenticate({ token: token.value, peer }) : token
  if (call.cancelled || call.destroyed) return undefined
  if (checked.ok) return checked.value
  const { code, message } = checked.error
  log.refused({ peer, code, reason: message })
  call.emit('error', { code: status[code], details: message })
  return undefined
}

/** Why an identity may not call itself that. */
export function nodeProblem(identity: ProxyIdentity, { id }: NodeIdentity): string | undefined {
  if (identity.nodeId === undefined || identity.nodeId === id) return undefined
  return `node.id "${id}" must be ${identity.nodeId}: that is whose token it is`
}

function bearerToken(headers: readonly (string | Buffer)[]): Result<string | undefined, LoginRefusal> {
  const [header, ...more] = headers
  if (header === undefined) return ok(undefined)
  const [, token] = /^bearer +(\S+)$/i.exec(more.length > 0 ? '' : String(header)) ?? []
  if (token !== undefined && token.length <= maxTokenLength) return ok(token)
  return err({ code: 'UNAUTHENTICATED', message: 'the authorization header must be one "Bearer TOKEN"' })
}
