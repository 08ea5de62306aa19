import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkKeyPair } from '../lib/x509.ts'
import { ensureDevCertificate, selfSigned } from './dev-certificate.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const dayMs = 86_400_000
const request = { namespace: 'infra', name: 'edge-tls', hosts: ['shop.example.com', '*.apps.example.com'] }

describe('selfSigned', () => {
  test('is a key pair that is served for its hosts, from an hour ago for 90 days', () => {
    const { certificate, key } = selfSigned(request.hosts, nowMs)
    expect(checkKeyPair(certificate, key)).toMatchObject({
      ok: true,
      value: {
        facts: {
          notBeforeMs: nowMs - dayMs / 24,
          notAfterMs: nowMs + 90 * dayMs,
          dnsNames: request.hosts,
          chainLength: 1,
        },
      },
    })
  })

  test('is signed by its own key', () => {
    const certificate = new X509Certificate(selfSigned(request.hosts, nowMs).certificate)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  test('holds more names than fit in a short DER length', () => {
    const hosts = Array.from({ length: 100 }, (_, index) => `host-${index}.example.com`)
    expect(new X509Certificate(selfSigned(hosts, nowMs).certificate).checkHost('host-99.example.com')).toBeDefined()
  })
})

describe('ensureDevCertificate', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('writes a Secret that only its owner reads', () => {
    const { secret } = ensureDevCertificate(request, folder, nowMs)
    expect(parse(readFileSync(secret, 'utf8'))).toMatchObject({
      kind: 'Secret',
      metadata: { namespace: 'infra', name: 'edge-tls' },
      type: 'kubernetes.io/tls',
    })
    expect(statSync(secret).mode & 0o777).toBe(0o600)
  })

  test('keeps the one that is there', () => {
    const first = readFileSync(ensureDevCertificate(request, folder, nowMs).secret, 'utf8')
    const later = ensureDevCertificate(request, folder, nowMs + 80 * dayMs)
    expect(readFileSync(later.secret, 'utf8')).toBe(first)
  })

  test.each([
    ['in its last week', request, nowMs + 84 * dayMs],
    ['for other hosts', { ...request, hosts: ['other.example.com'] }, nowMs],
  ])('makes a new one %s', (_title, again, atMs) => {
    const first = readFileSync(ensureDevCertificate(request, folder, nowMs).secret, 'utf8')
    expect(readFileSync(ensureDevCertificate(again, folder, atMs).secret, 'utf8')).not.toBe(first)
  })
})
