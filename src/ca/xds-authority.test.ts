import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { must } from '../lib/assert.ts'
import {
  authorityContents,
  createAuthority,
  parseAuthority,
  renewedAuthority,
  signServing,
  trustBundle,
  type XdsAuthority,
} from './xds-authority.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const dayMs = 86_400_000
const yearMs = 365 * dayMs
const names = ['fairlead.fairlead-system.svc', 'fairlead.fairlead-system.svc.cluster.local']
const first = createAuthority(nowMs)

/** Which signer signs at a time: its place. */
function signerOf(authority: XdsAuthority, atMs: number): number {
  const { certPem } = signServing(authority, names, atMs)
  const serving = new X509Certificate(certPem)
  return authority.signers.findIndex(({ keys }) => serving.verify(keys.publicKey))
}

describe('an authority', () => {
  test('lives for ten years and has nothing to do for two thirds of them', () => {
    expect(first.signers.map(({ notAfterMs }) => notAfterMs)).toEqual([nowMs + 10 * yearMs])
    expect(renewedAuthority(first, nowMs)).toBeUndefined()
    expect(renewedAuthority(first, nowMs + 6.6 * yearMs)).toBeUndefined()
    expect(renewedAuthority(first, nowMs + 6.7 * yearMs)).toBeDefined()
  })

  test('is trusted with its successor, which does not sign before every proxy knows it', () => {
    const atMs = nowMs + 7 * yearMs
    const both = must(renewedAuthority(first, atMs), 'it is time')
    expect(trustBundle(both).startsWith(trustBundle(first))).toBe(true)
    expect(both.drainSecret).toBe(first.drainSecret)
    expect(renewedAuthority(both, atMs + yearMs)).toBeUndefined()
    expect([0, 1, 2, 2.9].map((years) => signerOf(both, atMs + years * yearMs))).toEqual([0, 0, 1, 1])
  })

  test('leaves out what has expired when the next successor comes, not before', () => {
    const both = must(renewedAuthority(first, nowMs + 7 * yearMs), 'it is time')
    expect(renewedAuthority(both, nowMs + 12 * yearMs)).toBeUndefined()
    const third = must(renewedAuthority(both, nowMs + 14 * yearMs), 'it is time')
    expect(third.signers).toHaveLength(2)
    expect(third.signers[0]).toBe(both.signers[1])
  })

  test('that has expired is made anew', () => {
    const next = must(renewedAuthority(first, nowMs + 11 * yearMs), 'it is time')
    expect(next.signers).toHaveLength(1)
    expect(signerOf(next, nowMs + 11 * yearMs)).toBe(0)
  })
})

describe('a serving certificate', () => {
  test('is for the names of the Service, for 90 days, and renewed after two thirds', () => {
    const { certPem, keyPem, renewAtMs } = signServing(first, names, nowMs)
    const certificate = new X509Certificate(certPem)
    expect(certificate.subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '))
    expect(certificate.validToDate.getTime()).toBe(nowMs + 90 * dayMs)
    expect(Math.round((renewAtMs - nowMs) / dayMs)).toBe(60)
    expect(keyPem).toContain('PRIVATE KEY')
  })

  test('does not outlive the one that signed it', () => {
    const atMs = nowMs + 10 * yearMs - 30 * dayMs
    const { certPem, renewAtMs } = signServing(first, names, atMs)
    expect(new X509Certificate(certPem).validToDate.getTime()).toBe(nowMs + 10 * yearMs)
    expect(renewAtMs).toBeLessThan(nowMs + 10 * yearMs)
  })
})

describe('a Secret', () => {
  test('gives back what was put into it', () => {
    const both = must(renewedAuthority(first, nowMs + 7 * yearMs), 'it is time')
    const read = parseAuthority(authorityContents(both))
    expect(read.ok && authorityContents(read.value)).toEqual(authorityContents(both))
    expect(read.ok && read.value.signers.map(({ name, notAfterMs }) => [name, notAfterMs])).toEqual(
      both.signers.map(({ name, notAfterMs }) => [name, notAfterMs]),
    )
    expect(read.ok && signerOf(read.value, nowMs)).toBe(0)
  })

  const contents = authorityContents(first)
  const foreign = authorityContents(createAuthority(nowMs))
  const leaf = signServing(first, names, nowMs)
  test.each([
    ['without anything', {}, 'ca.crt holds no certificate'],
    ['with text for a certificate', { ...contents, 'ca.crt': 'hello' }, 'ca.crt holds no certificate'],
    ['without a key', { ...contents, 'ca.key': '' }, 'ca.key must hold one key for each certificate of ca.crt'],
    ['with a key of another', { ...contents, 'ca.key': foreign['ca.key'] ?? '' }, 'do not belong together'],
    ['with a cut key', { ...contents, 'ca.key': contents['ca.key']?.replace(/\n.{8}/, '\n') ?? '' }, 'do not belong'],
    [
      'with a server in place of an authority',
      { ...contents, 'ca.crt': leaf.certPem, 'ca.key': leaf.keyPem },
      'do not',
    ],
    ['without a drain secret', { ...contents, 'drain-secret': '' }, 'drain-secret is missing or too short'],
  ])('%s says what is wrong and quotes nothing', (_title, damaged, message) => {
    const read = parseAuthority(damaged)
    expect(read).toMatchObject({ ok: false, error: expect.stringContaining(message) })
    expect(JSON.stringify(read)).not.toMatch(/[A-Za-z0-9+/]{40}/)
  })
})
