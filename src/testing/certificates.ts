/** Self-signed certificates for tests, of every key that node:crypto can make: written in DER by hand. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

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
  const name = sequence(set(sequence(oid('550403'), tagged(0x0c, Buffer.from(dnsNames[0] ?? 'test')))))
  const altNames = sequence(...dnsNames.map((dnsName) => tagged(0x82, Buffer.from(dnsName))))
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(utcTime(notBefore), utcTime(notAfter)),
    name,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(sequence(oid('551d11'), tagged(0x04, altNames)))),
  )
  const signature = sign(type === 'rsa' || type === 'ec' ? 'sha256' : null, body, keys.privateKey)
  const certificate = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
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

/** sha256WithRSAEncryption, ecdsa-with-SHA256, or Ed25519. */
function signatureAlgorithm(type: string | undefined): Buffer {
  if (type === 'rsa') return sequence(oid('2a864886f70d01010b'), tagged(0x05, Buffer.alloc(0)))
  return sequence(oid(type === 'ec' ? '2a8648ce3d040302' : '2b6570'))
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return tagged(0x17, Buffer.from(`${digits}Z`))
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts))
}

/** Tag, length, content (X.690). */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
