import { beforeEach, describe, expect, test } from 'vitest'
import { authorityContents, createAuthority, trustBundle } from './ca/xds-authority.ts'
import { FakeApi } from './watch/fake-api.ts'
import { ensureXdsAuthority } from './xds-secret.ts'

const namespace = 'fairlead-system'
const nowMs = Date.parse('2026-03-01T12:00:00Z')
const yearMs = 365 * 86_400_000

let api: FakeApi
beforeEach(() => {
  api = new FakeApi()
})

function put(contents: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): void {
  const data = Object.fromEntries(Object.entries(contents).map(([key, text]) => [key, btoa(text)]))
  api.put({ kind: 'Secret', type: 'fairlead.dev/xds', metadata: { name: 'fairlead-xds', namespace, labels }, data })
}

const secret = () => api.get('Secret', namespace, 'fairlead-xds')
const writes = () => api.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method)

describe('the Secret of the authority', () => {
  test('is created at the first start and read at the next', async () => {
    const first = await ensureXdsAuthority(api, { namespace, nowMs })
    const second = await ensureXdsAuthority(api, { namespace, nowMs })
    expect([first.origin, second.origin]).toEqual(['created', 'found'])
    expect(authorityContents(second.authority)).toEqual(authorityContents(first.authority))
    expect(secret()).toMatchObject({
      type: 'fairlead.dev/xds',
      metadata: { labels: { 'app.kubernetes.io/name': 'fairlead' } },
    })
    expect(writes()).toEqual(['POST'])
  })

  test('is created once by replicas that start together', async () => {
    const all = await Promise.all([1, 2, 3].map(() => ensureXdsAuthority(api, { namespace, nowMs })))
    expect(new Set(all.map(({ authority }) => trustBundle(authority))).size).toBe(1)
    expect(all.map(({ origin }) => origin).sort()).toEqual(['created', 'found', 'found'])
  })

  test('gets a successor by one of several replicas', async () => {
    const old = createAuthority(nowMs)
    put(authorityContents(old))
    const laterMs = nowMs + 7 * yearMs
    const all = await Promise.all([1, 2].map(() => ensureXdsAuthority(api, { namespace, nowMs: laterMs })))
    expect(all.map(({ origin }) => origin).sort()).toEqual(['found', 'renewed'])
    const [one, two] = all.map(({ authority }) => trustBundle(authority))
    expect(one).toBe(two)
    expect(one?.startsWith(trustBundle(old))).toBe(true)
  })

  test('that was deleted when it is time for a successor comes back with one', async () => {
    const known = createAuthority(nowMs)
    const { authority, origin } = await ensureXdsAuthority(api, { namespace, known, nowMs: nowMs + 7 * yearMs })
    expect(origin).toBe('restored')
    expect(authority.signers.map(({ name }) => name)).toEqual([known.signers[0]?.name, expect.any(String)])
  })

  test('that was deleted comes back as it was, from a replica that runs', async () => {
    const known = createAuthority(nowMs)
    const { authority, origin } = await ensureXdsAuthority(api, { namespace, known, nowMs })
    expect(origin).toBe('restored')
    expect(authority).toBe(known)
    expect((await ensureXdsAuthority(api, { namespace, nowMs })).origin).toBe('found')
  })

  test('that was damaged comes back too, and keeps what others wrote beside', async () => {
    const known = createAuthority(nowMs)
    put({ ...authorityContents(known), 'ca.key': '' }, { owner: 'us' })
    const damage = 'ca.key must hold one key for each certificate of ca.crt'
    expect(await ensureXdsAuthority(api, { namespace, known, nowMs })).toEqual({
      authority: known,
      origin: 'restored',
      damage,
    })
    expect(secret()).toMatchObject({
      metadata: { labels: { owner: 'us' } },
      data: { 'ca.key': expect.stringMatching(/.+/) },
    })
  })

  test('that is damaged when nobody knows better is made anew, and says why', async () => {
    const lost = createAuthority(nowMs)
    put({ ...authorityContents(lost), 'ca.key': '' })
    const { authority, origin, damage } = await ensureXdsAuthority(api, { namespace, nowMs })
    expect([origin, damage]).toEqual(['replaced', 'ca.key must hold one key for each certificate of ca.crt'])
    expect(trustBundle(authority)).not.toBe(trustBundle(lost))
  })

  test('of another replica counts more than what was known here', async () => {
    const theirs = createAuthority(nowMs)
    put(authorityContents(theirs))
    const { authority, origin } = await ensureXdsAuthority(api, { namespace, known: createAuthority(nowMs), nowMs })
    expect([origin, trustBundle(authority)]).toEqual(['found', trustBundle(theirs)])
  })

  test('is given up after a few tries when somebody writes it all the time', async () => {
    api.fault = ({ method }) =>
      method === 'POST' ? { kind: 'answer', status: 409, reason: 'AlreadyExists' } : undefined
    await expect(ensureXdsAuthority(api, { namespace, nowMs })).rejects.toThrow(
      'somebody else wrote it each of 5 times',
    )
  })

  test('whose write is refused is an error', async () => {
    api.forbid('create', 'secrets')
    await expect(ensureXdsAuthority(api, { namespace, nowMs })).rejects.toThrow('cannot create resource "secrets"')
  })
})
