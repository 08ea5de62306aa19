/**
 * Whose token it is, asked of the API server (TokenReview, authentication.k8s.io/v1).
 *
 * Bounded for those who send bad tokens all day: few reviews at once, in turns by address; what is no JWT or for another
 * audience is not asked about.
 */
import { isRecord } from '../api/compile.ts'
import { hashContent } from '../lib/hash.ts'
import type { Logger } from '../lib/logger.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { FairTurns, type FairTurnsOptions } from '../lib/fair-turns.ts'
import { type KubeClient, KubeError } from './kube-client.ts'
import { readFailure } from './write-failure.ts'

/** A service account, and the pod that its token was made for. */
export interface TokenOwner {
  readonly namespace: string
  readonly name: string
  /** Absent when the token is bound to no pod. */
  readonly pod?: string | undefined
}

/** Why there is no owner. `unavailable`: it may be good, ask again. The message does not quote the token. */
export interface ReviewFailure {
  readonly kind: 'invalid' | 'unavailable'
  readonly message: string
}

/** Whom to ask about tokens, and for which audience they must be. */
export interface TokenReviewerOptions {
  readonly client: KubeClient
  /** That tokens must be for. */
  readonly audience: string
  readonly logger: Logger
  /** In ms since 1970 UTC. Default: Date.now. */
  readonly now?: (() => number) | undefined
  readonly turns?: FairTurnsOptions | undefined
}

/** A good token is asked about again after this time: it may have been revoked with its pod. As Kubernetes' own webhooks. */
const freshMs = 120_000
/** A bad one can become good when clocks or keys are mended. */
const refusedMs = 10_000
/** After a failure nothing is asked for so long. */
const pauseMs = 2_000
const reviewTimeoutMs = 5_000
const maxKept = 10_000
const maxRefused = 1_000
/** Half of what the client does at once, or statuses would wait for logins. */
const defaultTurns: FairTurnsOptions = { concurrent: 8, waitingEach: 64, waitingAll: 2_048 }

interface Kept {
  readonly owner: TokenOwner
  readonly freshUntilMs: number
  /** Until then it counts while the API server cannot be asked. */
  readonly expiresMs: number
}

type Review = Result<TokenOwner, ReviewFailure>

/** Reviews tokens and remembers them by their hash. */
export class TokenReviewer {
  readonly #options: TokenReviewerOptions
  readonly #now: () => number
  readonly #turns: FairTurns
  readonly #kept = new Map<string, Kept>()
  readonly #refused = new Map<string, { readonly failure: ReviewFailure; readonly untilMs: number }>()
  readonly #underWay = new Map<string, Promise<Review>>()
  #pausedUntilMs = 0
  #isFailing = false

  constructor(options: TokenReviewerOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#turns = new FairTurns(options.turns ?? defaultTurns)
  }

  /** The owner of a token that `asker`, an address, has sent. Never throws. */
  review(token: string, asker: string): Promise<Review> {
    const key = hashContent(token)
    const kept = this.#kept.get(key)
    if (kept !== undefined && this.#now() < kept.freshUntilMs) return Promise.resolve(ok(kept.owner))
    const refused = this.#refused.get(key)
    if (refused !== undefined && this.#now() < refused.untilMs) return Promise.resolve(err(refused.failure))
    const claims = readClaims(token)
    const problem = claims === undefined ? 'the token is no JWT' : this.#audienceProblem(claims)
    if (problem !== undefined) return Promise.resolve(err({ kind: 'invalid', message: problem }))
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const review = this.#inTurn(token, asker)
      .then((result) => this.#remember(key, result, claims?.exp))
      .finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, review)
    return review
  }

  #audienceProblem({ aud }: Claims): string | undefined {
    const { audience } = this.#options
    if (aud === audience || (Array.isArray(aud) && aud.includes(audience))) return undefined
    return `the token is not for the audience "${audience}"`
  }

  async #inTurn(token: string, asker: string): Promise<Review> {
    if (this.#now() < this.#pausedUntilMs) return err(unavailable)
    if (!(await this.#turns.take(asker))) {
      return err({ kind: 'unavailable', message: 'too many logins are being checked; try again' })
    }
    try {
      return this.#now() < this.#pausedUntilMs ? err(unavailable) : await this.#ask(token)
    } finally {
      this.#turns.give()
    }
  }

  async #ask(token: string): Promise<Review> {
    const { client, audience, logger } = this.#options
    const spec = { token, audiences: [audience] }
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }
    try {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews'
      const answer = await client.send({ method: 'POST', path, body, timeoutMs: reviewTimeoutMs })
      if (this.#isFailing) logger.info('tokens of proxies can be checked again')
      this.#isFailing = false
      return readOwner(answer, audience)
    } catch (error) {
      this.#fail(error)
      return err(unavailable)
    }
  }

  /** Says it once, and spares the API server, and those who wait, more of the same. */
  #fail(error: unknown): void {
    const failure = error instanceof KubeError ? readFailure(error) : undefined
    const message = failure !== undefined && 'message' in failure ? failure.message : String(error)
    this.#pausedUntilMs = this.#now() + pauseMs
    if (!this.#isFailing) this.#options.logger.warn({ error: message }, 'tokens of proxies cannot be checked')
    this.#isFailing = true
  }

  #remember(key: string, result: Review, exp: unknown): Review {
    const now = this.#now()
    const kept = this.#kept.get(key)
    if (result.ok) {
      const expiresMs = typeof exp === 'number' ? exp * 1000 : now + freshMs
      put(
        this.#kept,
        key,
        { owner: result.value, freshUntilMs: Math.min(now + freshMs, expiresMs), expiresMs },
        maxKept,
      )
      return result
    }
    if (result.error.kind === 'unavailable') return kept !== undefined && now < kept.expiresMs ? ok(kept.owner) : result
    this.#kept.delete(key)
    put(this.#refused, key, { failure: result.error, untilMs: now + refusedMs }, maxRefused)
    return result
  }
}

const unavailable: ReviewFailure = { kind: 'unavailable', message: 'tokens cannot be checked now; try again' }

/** Adds as the newest, and lets go of the oldest beyond `max`. */
function put<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > max && oldest !== undefined) map.delete(oldest)
}

interface Claims {
  readonly aud?: unknown
  readonly exp?: unknown
}

/** The middle part of a JWT (RFC 7519), of which nobody has said yet that it is true. */
function readClaims(token: string): Claims | undefined {
  const [, claims, signature, ...more] = token.split('.')
  if (claims === undefined || signature === undefined || more.length > 0) return undefined
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString())
    return isRecord(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const madeAnew =
  'its ServiceAccount was deleted and made anew: replace the pods that had the old one (kubectl rollout restart)'
const userName = /^system:serviceaccount:([^:]+):([^:]+)$/
const podName = 'authentication.kubernetes.io/pod-name'

/** With another audience there is no `authenticated`, and an authenticator that knows none gives back no audiences. */
function readOwner(answer: unknown, audience: string): Review {
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {}
  const { authenticated, audiences, user, error } = status
  const isFor = Array.isArray(audiences) && audiences.includes(audience)
  if (authenticated !== true || !isFor || !isRecord(user)) {
    const said = typeof error === 'string' ? error : ''
    const reason = said === '' ? '' : `: ${said.slice(0, 300)}`
    // The kubelet goes on giving the old token to pods that run, for most of an hour.
    const remedy = /service account UID .*does not match/.test(said) ? `; ${madeAnew}` : ''
    return err({ kind: 'invalid', message: `the API server does not know the token${reason}${remedy}` })
  }
  const [, namespace, name] = userName.exec(String(user.username)) ?? []
  if (namespace === undefined || name === undefined) {
    return err({ kind: 'invalid', message: 'the token is not that of a service account' })
  }
  const pods = isRecord(user.extra) ? user.extra[podName] : undefined
  const [pod] = Array.isArray(pods) ? pods : []
  return ok({ namespace, name, pod: typeof pod === 'string' ? pod : undefined })
}
