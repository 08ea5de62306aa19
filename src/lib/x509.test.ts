import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ecKeys, ed25519Keys, forgedKey, rsaKeys, testCertificate } from '../testing/certificates.ts'
import { checkKeyPair } from './x509.ts'

const [rsa, ec] = [rsaKeys(2048), ecKeys('P-256')]
const good = testCertificate({ keys: rsa, dnsNames: ['Shop.Example.com', '*.example.org'] })
const ofEc = testCertificate({ keys: ec })
const other = testCertificate()

function problemOf(chain: string, key: string) {
  const result = checkKeyPair(chain, key)
  return result.ok ? undefined : result.error
}

describe('checkKeyPair', () => {
  test('a usable pair gives its dates and names', () => {
    expect(checkKeyPair(good.chain, good.key)).toMatchObject({
      ok: true,
      value: {
        facts: {
          notBeforeMs: Date.UTC(2020, 0, 1),
          notAfterMs: Date.UTC(2049, 0, 1),
          dnsNames: ['shop.example.com', '*.example.org'],
          chainLength: 1,
        },
      },
    })
  })

  test.each(['P-256', 'P-384', 'P-521'])('ECDSA on %s is accepted', (curve) => {
    const { chain, key } = testCertificate({ keys: ecKeys(curve) })
    expect(problemOf(chain, key)).toBeUndefined()
  })

  test('an expired certificate is accepted: its date is a fact for the caller, who has the clock', () => {
    const { chain, key } = testCertificate({ notAfter: new Date('2021-01-01T00:00:00Z') })
    expect(checkKeyPair(chain, key)).toMatchObject({ ok: true, value: { facts: { notAfterMs: Date.UTC(2021, 0, 1) } } })
  })

  test.each([
    ['CRLF line ends', good.chain.replaceAll('\n', '\r\n'), good.key.replaceAll('\n', '\r\n')],
    ['text around the blocks', `issued by us\n${good.chain}end\n`, `# key\n${good.key}`],
    ['a chain of two', good.chain + other.chain, good.key],
    ['PKCS#1', good.chain, createPrivateKey(good.key).export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['SEC 1', other.chain, createPrivateKey(other.key).export({ type: 'sec1', format: 'pem' }).toString()],
    [
      'EC parameters ahead of the key',
      other.chain,
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${other.key}`,
    ],
  ])('accepts %s', (_what, chain, key) => {
    expect(problemOf(chain, key)).toBeUndefined()
  })

  test('what is handed on holds what was checked and nothing else', () => {
    const chain = `issued by us\n${good.chain.replaceAll('\n', ' \r\n')}${good.key}${other.chain}`
    const key = createPrivateKey(good.key).export({ type: 'pkcs1', format: 'pem' }).toString() + other.key
    expect(checkKeyPair(chain, key)).toMatchObject({
      ok: true,
      value: { chain: good.chain + other.chain, key: good.key },
    })
  })

  test.each([
    ['RSA of 1024 bits', testCertificate({ keys: rsaKeys(1024) }), /RSA key of 1024 bits; Envoy takes 2048 or more/],
    ['RSA of 2047 bits', testCertificate({ keys: rsaKeys(2047) }), /RSA key of 2047 bits/],
    [
      'curve P-224',
      testCertificate({ keys: ecKeys('secp224r1') }),
      /curve secp224r1; Envoy takes P-256, P-384 and P-521/,
    ],
    ['curve secp256k1', testCertificate({ keys: ecKeys('secp256k1') }), /curve secp256k1/],
    ['a curve in parameters', testCertificate({ keys: ecKeys('P-256', 'explicit') }), /spells out its curve/],
    ['Ed25519', testCertificate({ keys: ed25519Keys() }), /key of type ed25519; use RSA/],
  ])('refuses %s', (_what, { chain, key }, message) => {
    expect(problemOf(chain, key)).toMatchObject({ part: 'certificate', message: expect.stringMatching(message) })
  })

  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  test.each([
    ['no certificate', '', /holds no PEM block/],
    [
      'DER',
      Buffer.from(good.chain.split('\n').slice(1, -2).join(''), 'base64').toString('latin1'),
      /holds no PEM block/,
    ],
    ['a byte order mark', `\uFEFF${good.chain}`, /holds no PEM block/],
    ['a broken certificate', broken, /certificate 1 of 1 in the chain does not parse/],
    ['a broken second certificate', good.chain + broken, /certificate 2 of 2/],
    ['begun twice', `-----BEGIN CERTIFICATE-----\n${good.chain}`, /2 certificates begin in the chain and 1 end/],
    ['cut short', good.chain + other.chain.slice(0, -10), /2 certificates begin in the chain and 1 end/],
  ])('refuses a chain that is %s', (_what, chain, message) => {
    expect(problemOf(chain, good.key)).toMatchObject({ part: 'certificate', message: expect.stringMatching(message) })
  })

  const encrypted = createPrivateKey(good.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
    .toString()
  const legacy =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n'
  test.each([
    ['missing', '', /holds no PEM block/],
    ['encrypted (PKCS#8)', encrypted, /is encrypted .* store it decrypted/],
    ['encrypted (PEM header)', legacy, /is encrypted/],
    ['broken', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n', /does not parse/],
    [
      'changed in one number of RSA',
      forgedKey(rsa, rsaKeys(2048), 'qi'),
      /numbers of the private key contradict each other/,
    ],
    [
      'changed in the number of EC',
      forgedKey(ec, ecKeys('P-256'), 'd'),
      /numbers of the private key contradict/,
      ofEc.chain,
    ],
    ['of another certificate', other.key, /does not belong to the certificate/],
  ])('refuses a key that is %s', (_what, key, message, chain = good.chain) => {
    expect(problemOf(chain, key)).toMatchObject({ part: 'key', message: expect.stringMatching(message) })
  })

  test('a chain in the wrong order is told from a wrong key', () => {
    expect(problemOf(other.chain + good.chain, good.key)?.message).toMatch(/put the server's own certificate first/)
  })

  test('no message quotes the key', () => {
    const secret = 'c2VjcmV0c2VjcmV0'
    const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`
    expect(JSON.stringify(checkKeyPair(good.chain, key))).not.toContain(secret)
  })
})
