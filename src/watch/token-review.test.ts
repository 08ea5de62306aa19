import { beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '../lib/logger.ts'
import { answerError, type KubeClient, KubeError, type KubeRequest } from './kube-client.ts'
import { TokenReviewer } from './token-review.ts'

const expSeconds = 10_000
let nowMs = 0
let lines: string[]
let api: FakeReviews
let reviewer: TokenReviewer
beforeEach(() => {
  nowMs = 1_000_000
  lines = []
  api = new FakeReviews()
  reviewer = makeReviewer()
})

function makeReviewer(turns?: ConstructorParameters<typeof TokenReviewer>[0]['turns']): TokenReviewer {
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } })
  return new TokenReviewer({ client: api, audience: 'fairlead', logger, now: () => nowMs, turns })
}

/** A JWT whose signature only FakeReviews looks at. */
function token(claims: object = {}, signature = 'good'): string {
  const body = Buffer.from(JSON.stringify({ aud: ['fairlead'], exp: expSeconds, ...claims })).toString('base64url')
  return `e30.${body}.${signature}`
}

/** Answers TokenReviews as a real API server was seen to. */
class FakeReviews implements KubeClient {
  readonly asked: string[] = []
  username = 'system:serviceaccount:infra:edge-fairlead'
  audiences: readonly string[] | undefined = ['fairlead']
  fault: (() => unknown) | undefined
  refusal = 'invalid bearer token'
  hold: Promise<void> | undefined

  async send({ path, body }: KubeRequest): Promise<unknown> {
    const { spec } = body as { readonly spec: { readonly token: string; readonly audiences: readonly string[] } }
    expect(path).toBe('/apis/authentication.k8s.io/v1/tokenreviews')
    expect(spec.audiences).toEqual(['fairlead'])
    this.asked.push(spec.token)
    await this.hold
    const fault = this.fault?.()
    if (fault !== undefined) throw fault
    if (!spec.token.endsWith('.good')) return { status: { user: {}, error: this.refusal } }
    const extra = { 'authentication.kubernetes.io/pod-name': ['edge-0'] }
    return { status: { authenticated: true, audiences: this.audiences, user: { username: this.username, extra } } }
  }

  open(): Promise<never> {
    return Promise.reject(new Error('there are no watches'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const edge = { ok: true, value: { namespace: 'infra', name: 'edge-fairlead', pod: 'edge-0' } }
const down = () => new KubeError('connection refused', { status: 0 })

describe('a token', () => {
  test('is that of the service account and the pod which the API server names', async () => {
    expect(await reviewer.review(token(), 'a')).toEqual(edge)
  })

  test.each([
    ['is no JWT', 'hello', 'no JWT'],
    ['has a part that is no JSON', 'e30.aGVsbG8.x', 'no JWT'],
    ['has a part that is no object', 'e30.Mw.x', 'no JWT'],
    ['is for nobody in particular', token({ aud: undefined }), 'not for the audience "fairlead"'],
    ['is for another audience', token({ aud: ['https://kubernetes.default.svc'] }), 'not for the audience "fairlead"'],
  ])('that %s is refused without asking', async (_title, bad, message) => {
    const review = await reviewer.review(bad, 'a')
    expect(review).toMatchObject({ ok: false, error: { kind: 'invalid', message: expect.stringContaining(message) } })
    expect(api.asked).toEqual([])
  })

  test('a token of a service account that was made anew says what to do', async () => {
    const error = 'invalid bearer token, service account UID (1) does not match claim (2)'
    api.refusal = error
    const remedy =
      'its ServiceAccount was deleted and made anew: replace the pods that had the old one (kubectl rollout restart)'
    expect(await reviewer.review(token({}, 'old'), '10.0.0.1')).toEqual({
      ok: false,
      error: { kind: 'invalid', message: `the API server does not know the token: ${error}; ${remedy}` },
    })
  })

  test('that the API server does not know is refused with its words', async () => {
    const message = 'the API server does not know the token: invalid bearer token'
    expect(await reviewer.review(token({}, 'forged'), 'a')).toEqual({ ok: false, error: { kind: 'invalid', message } })
  })

  test('is refused unless its audience comes back', async () => {
    for (const audiences of [undefined, [], ['another']]) {
      api.audiences = audiences
      nowMs += 60_000
      expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false, error: { kind: 'invalid' } })
    }
  })

  test('of a person is refused', async () => {
    api.username = 'admin'
    expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false, error: { kind: 'invalid' } })
  })

  test('is asked about once for all who bring it at the same time', async () => {
    const reviews = await Promise.all(Array.from({ length: 20 }, () => reviewer.review(token(), 'a')))
    expect(reviews).toEqual(Array.from({ length: 20 }, () => edge))
    expect(api.asked).toHaveLength(1)
  })

  test('is asked about again after two minutes, and refused from when the API server refuses it', async () => {
    await reviewer.review(token(), 'a')
    nowMs += 119_000
    await reviewer.review(token(), 'a')
    expect(api.asked).toHaveLength(1)
    nowMs += 2_000
    api.audiences = undefined // Its pod is gone.
    expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false })
    api.fault = down
    nowMs += 20_000
    expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })

  test('that was refused is not asked about for ten seconds', async () => {
    for (const pause of [0, 9_000, 2_000]) {
      nowMs += pause
      await reviewer.review(token({}, 'forged'), 'a')
    }
    expect(api.asked).toHaveLength(2)
  })

  test('is never written into the log', async () => {
    api.fault = () => answerError({ method: 'POST', path: '/x' }, { status: 500, body: { message: 'oh' } })
    await reviewer.review(token(), 'a')
    expect(lines.join('')).toContain('tokens of proxies cannot be checked')
    expect(lines.join('')).not.toContain(token().slice(4, 24))
  })
})

describe('while the API server cannot be asked', () => {
  test('a token that was good counts until it expires, and a new one has to wait', async () => {
    await reviewer.review(token(), 'a')
    api.fault = down
    nowMs += 3_600_000
    expect(await reviewer.review(token(), 'a')).toEqual(edge)
    expect(await reviewer.review(token({ n: 1 }), 'a')).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    nowMs = expSeconds * 1000
    expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })

  test('it is asked once in two seconds, and its recovery is seen', async () => {
    api.fault = down
    for (let count = 0; count < 10; count++) await reviewer.review(token({ count }), 'a')
    expect(api.asked).toHaveLength(1)
    expect(lines.filter((line) => line.includes('cannot be checked'))).toHaveLength(1)
    api.fault = undefined
    nowMs += 2_000
    expect(await reviewer.review(token(), 'a')).toEqual(edge)
    expect(lines.at(-1)).toContain('can be checked again')
  })

  test('a role that lacks the verb is named', async () => {
    const message =
      'tokenreviews.authentication.k8s.io is forbidden: User "system:serviceaccount:fairlead-system:fairlead" cannot create resource "tokenreviews" in API group "authentication.k8s.io" at the cluster scope'
    api.fault = () =>
      answerError({ method: 'POST', path: '/x' }, { status: 403, body: { reason: 'Forbidden', message } })
    expect(await reviewer.review(token(), 'a')).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    expect(lines.join('')).toContain('ClusterRole fairlead lacks `create` on tokenreviews of authentication.k8s.io')
  })
})

describe('a flood of bad tokens', () => {
  const turns = { concurrent: 2, waitingEach: 10, waitingAll: 100 }

  test('costs the API server few requests at once, and others wait for one turn of each at most', async () => {
    reviewer = makeReviewer(turns)
    const held = Promise.withResolvers<void>()
    api.hold = held.promise
    const flood = Array.from({ length: 1_000 }, (_, n) => reviewer.review(token({ n }, 'forged'), 'bad'))
    const good = reviewer.review(token(), 'good')
    await flood.at(-1)
    expect(api.asked).toHaveLength(2)
    held.resolve()
    expect(await good).toEqual(edge)
    expect(api.asked.indexOf(token())).toBeLessThan(6)
    const reviews = await Promise.all(flood)
    expect(reviews.filter((one) => !one.ok && one.error.message.includes('too many logins'))).toHaveLength(988)
    expect(api.asked).toHaveLength(13)
  })

  test('pushes out no token that is known to be good', async () => {
    await reviewer.review(token(), 'good')
    for (let n = 0; n < 2_000; n++) await reviewer.review(token({ n }, 'forged'), 'bad')
    const { length } = api.asked
    expect(await reviewer.review(token(), 'good')).toEqual(edge)
    expect(api.asked).toHaveLength(length)
  })
})
