import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ecKeys, keyPem, signCertificate } from './certificate.ts'

const from = Date.parse('2026-03-01T12:00:00Z')
const until = Date.parse('2051-03-01T12:00:00Z')
const authority = { name: 'an authority', keys: ecKeys() }
const times = { notBeforeMs: from, notAfterMs: until }

describe('signCertificate', () => {
  test('makes an authority that signs for itself (RFC 5280 4.2.1.9)', () => {
    const certificate = new X509Certificate(signCertificate({ ...authority, ...times, use: 'authority' }))
    expect(certificate.ca).toBe(true)
    expect(certificate.subject).toBe('CN=an authority')
    expect(certificate.verify(authority.keys.publicKey)).toBe(true)
    expect(certificate.checkIssued(certificate)).toBe(true)
  })

  test('makes a certificate of a server that an authority issued', () => {
    const keys = ecKeys()
    const names = Array.from({ length: 100 }, (_, index) => `host-${index}.example.com`)
    const facts = { name: 'a server', keys, ...times, use: { dnsNames: names }, issuer: authority }
    const certificate = new X509Certificate(signCertificate(facts))
    const issuer = new X509Certificate(signCertificate({ ...authority, ...times, use: 'authority' }))
    expect(certificate.checkIssued(issuer)).toBe(true)
    expect(certificate.verify(authority.keys.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(keys.privateKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '))
    expect(keyPem(keys)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
  })

  test('writes years from 2050 with four digits (RFC 5280 4.1.2.5)', () => {
    const certificate = new X509Certificate(signCertificate({ ...authority, ...times, use: 'authority' }))
    expect(certificate.validFromDate.getTime()).toBe(from)
    expect(certificate.validToDate.getTime()).toBe(until)
  })
})
