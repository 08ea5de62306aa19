import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authorityContents, createAuthority, trustBundle } from './ca/xds-authority.ts'
import { createLogger } from './lib/logger.ts'
import { FakeApi } from './watch/fake-api.ts'
import { XdsIdentity, type XdsTrust } from './xds-identity.ts'

const namespace = 'fairlead-system'
const dayMs = 86_400_000

let api: FakeApi
let identity: XdsIdentity
let nowMs = 0
let trusts: XdsTrust[]
let lines: string[]
/** The certificates that the server was given. */
let served: string[]
beforeEach(() => {
  api = new FakeApi()
  nowMs = Date.parse('2026-03-01T12:00:00Z')
  trusts = []
  lines = []
  served = []
  identity = new XdsIdentity({
    client: api,
    namespace,
    dnsNames: ['fairlead.fairlead-system.svc'],
    onTrust: (trust) => trusts.push(trust),
    logger: createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } }),
    now: () => nowMs,
  })
  identity.credentials.use = ({ certPem }) => served.push(certPem)
})
afterEach(() => identity.stop())

function put(contents: Readonly<Record<string, string>>): void {
  const data = Object.fromEntries(Object.entries(contents).map(([key, text]) => [key, btoa(text)]))
  api.put({ kind: 'Secret', metadata: { name: 'fairlead-xds', namespace }, data })
}

describe('the identity of a control plane', () => {
  test('is ready once the Secret could be made, which is tried again and again', async () => {
    let failures = 2
    api.fault = () => (failures-- > 0 ? { kind: 'lost' } : undefined)
    expect(identity.missing).toBe('Secret fairlead-system/fairlead-xds: not read yet')
    identity.start()
    await identity.ready
    expect(identity.missing).toBeUndefined()
    expect(trusts).toHaveLength(1)
    expect(served).toHaveLength(1)
    const told = lines.filter((line) => line.includes('no authority for proxies'))
    expect(told.map((line) => /"level":"(\w+)"/.exec(line)?.[1])).toEqual(['warn', 'debug'])
  })

  test('says what is missing', async () => {
    api.forbid('get', 'secrets')
    await identity.refresh()
    expect(identity.missing).toContain('cannot get resource "secrets"')
  })

  test('renews its certificate after 60 days, and tells proxies nothing of it', async () => {
    await identity.refresh()
    nowMs += 59 * dayMs
    await identity.refresh()
    expect(served).toHaveLength(1)
    nowMs += 2 * dayMs
    expect(await identity.refresh()).toBe(600_000)
    expect(served).toHaveLength(2)
    expect(trusts).toHaveLength(1)
  })

  test('looks at the Secret again within ten minutes', async () => {
    expect(await identity.refresh()).toBe(600_000)
  })

  test('follows the authority that another replica has made', async () => {
    await identity.refresh()
    const theirs = createAuthority(nowMs)
    put(authorityContents(theirs))
    await identity.refresh()
    expect(trusts.at(-1)).toEqual({ caPem: trustBundle(theirs), drainSecret: theirs.drainSecret })
    expect(served).toHaveLength(2)
  })

  test('puts the Secret back when it was damaged, and proxies learn nothing new', async () => {
    await identity.refresh()
    put({})
    await identity.refresh()
    expect(trusts).toHaveLength(1)
    expect(lines.at(-1)).toContain('the authority of proxies was put back')
    expect(lines.at(-1)).toContain('ca.crt holds no certificate')
  })

  test('serves on while the API server does not answer', async () => {
    await identity.refresh()
    api.fault = () => ({ kind: 'lost' })
    await identity.refresh()
    expect(identity.missing).toBeUndefined()
  })

  test('writes no key into the log', async () => {
    await identity.refresh()
    put({})
    await identity.refresh()
    expect(lines.join('')).not.toMatch(/PRIVATE|[A-Za-z0-9+/]{60}/)
  })
})
