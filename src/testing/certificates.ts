/** Self-signed certificates for tests, of every key that node:crypto can make: written in DER by hand. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { bits, der, octets, oid, pem, sequence, setOf, time, utf8 } from '../ca/der.ts'

export interface TestKeys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export interface TestCertificate {
  /** PEM. */
  readonly chain: string
  readonly key: string
}

export interface TestCertificateOptions {
  readonly keys?: TestKeys | undefined
  readonly dnsNames?: readonly string[] | undefined
  readonly notBefore?: Date | undefined
  readonly notAfter?: Date | undefined
}

/** Default: ECDSA on P-256, for localhost, from 2020 to 2049. */
export function testCertificate(options: TestCertificateOptions = {}): TestCertificate {
  const {
    keys = ecKeys('P-256'),
    dnsNames = ['localhost'],
    notBefore = new Date('2020-01-01T00:00:00Z'),
    notAfter = new Date('2049-01-01T00:00:00Z'),
  } = options
  const type = keys.privateKey.asymmetricKeyType
  const algorithm = signatureAlgorithm(type)
  const name = sequence(setOf(sequence(oid('550403'), utf8(dnsNames[0] ?? 'test'))))
  const altNames = sequence(...dnsNames.map((dnsName) => der(0x82, Buffer.from(dnsName))))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(notBefore.getTime()), time(notAfter.getTime())),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(oid('551d11'), octets(altNames)))),
  )
  const signature = sign(type === 'rsa' || type === 'ec' ? 'sha256' : null, body, keys.privateKey)
  const certificate = sequence(body, algorithm, bits(signature))
  return {
    chain: pem('CERTIFICATE', certificate),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export function ecKeys(namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named'): TestKeys {
  return generateKeyPairSync('ec', { namedCurve, paramEncoding })
}

export function rsaKeys(modulusLength: number): TestKeys {
  return generateKeyPairSync('rsa', { modulusLength })
}

export function ed25519Keys(): TestKeys {
  return generateKeyPairSync('ed25519')
}

/** The key with one of its numbers (RFC 7518 6.2.2 and 6.3.2) from another key, as PEM: it parses all the same. */
export function forgedKey({ privateKey }: TestKeys, other: TestKeys, number: 'd' | 'dp' | 'dq' | 'qi'): string {
  const jwk = privateKey.export({ format: 'jwk' })
  const key = { ...jwk, [number]: other.privateKey.export({ format: 'jwk' })[number] }
  return createPrivateKey({ key, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** sha256WithRSAEncryption, ecdsa-with-SHA256, or Ed25519. */
function signatureAlgorithm(type: string | undefined): Buffer {
  if (type === 'rsa') return sequence(oid('2a864886f70d01010b'), der(0x05, Buffer.alloc(0)))
  return sequence(oid(type === 'ec' ? '2a8648ce3d040302' : '2b6570'))
}
