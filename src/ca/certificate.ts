/** X.509 certificates with ECDSA on P-256: of authorities, and of servers (RFC 5280). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { bits, der, octets, oid, pem, sequence, setOf, time, utf8 } from './der.ts'

/** A key pair. */
export interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** What a certificate says. */
export interface CertificateFacts {
  /** Common name of the subject. */
  readonly name: string
  readonly keys: Keys
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** `authority`: may sign certificates of servers. Otherwise the server's names. */
  readonly use: 'authority' | { readonly dnsNames: readonly string[] }
  /** Absent: signed by its own key. */
  readonly issuer?: Issuer | undefined
}

/** Who signs. */
export interface Issuer {
  /** Common name of its subject. */
  readonly name: string
  readonly keys: Keys
}

/** A new key pair on P-256. */
export function ecKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** A certificate, PEM. Times lose their milliseconds. */
export function signCertificate(facts: CertificateFacts): string {
  const { name, keys, notBeforeMs, notAfterMs, issuer = facts } = facts
  const algorithm = sequence(oids.ecdsaWithSha256)
  // RFC 5280 4.1: version 3, serial, algorithm, issuer, validity, subject, key, extensions.
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    subject(issuer.name),
    sequence(time(notBeforeMs), time(notAfterMs)),
    subject(name),
    publicKeyBytes(keys),
    der(0xa3, sequence(...extensions(facts, issuer))),
  )
  const signature = bits(sign('sha256', body, issuer.keys.privateKey))
  return pem('CERTIFICATE', sequence(body, algorithm, signature))
}

/** The private key, PEM (PKCS #8). */
export function keyPem({ privateKey }: Keys): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function extensions({ use, keys }: CertificateFacts, issuer: Issuer): readonly Buffer[] {
  const shared = [
    extension(oids.subjectKeyIdentifier, octets(keyId(keys))),
    extension(oids.authorityKeyIdentifier, sequence(der(0x80, keyId(issuer.keys)))),
  ]
  if (use === 'authority') {
    const noIntermediates = sequence(yes, der(0x02, Buffer.from([0])))
    return [critical(oids.basicConstraints, noIntermediates), critical(oids.keyUsage, certSign), ...shared]
  }
  const names = sequence(...use.dnsNames.map((dnsName) => der(0x82, Buffer.from(dnsName))))
  return [
    extension(oids.subjectAltName, names),
    critical(oids.keyUsage, digitalSignature),
    extension(oids.extKeyUsage, sequence(oids.serverAuth)),
    ...shared,
  ]
}

/** RFC 5280 4.2.1.2 asks for something made of the key; nobody recomputes it. */
function keyId(keys: Keys): Buffer {
  return createHash('sha256').update(publicKeyBytes(keys)).digest().subarray(0, 20)
}

function publicKeyBytes({ publicKey }: Keys): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

function subject(commonName: string): Buffer {
  return sequence(setOf(sequence(oids.commonName, utf8(commonName))))
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, octets(value))
}

function critical(id: Buffer, value: Buffer): Buffer {
  return sequence(id, yes, octets(value))
}

const yes = der(0x01, Buffer.from([0xff]))
const digitalSignature = bits(Buffer.from([0x80]), 7)
/** keyCertSign. */
const certSign = bits(Buffer.from([0x04]), 2)

const oids = {
  ecdsaWithSha256: oid('2a8648ce3d040302'),
  commonName: oid('550403'),
  subjectKeyIdentifier: oid('551d0e'),
  keyUsage: oid('551d0f'),
  subjectAltName: oid('551d11'),
  basicConstraints: oid('551d13'),
  authorityKeyIdentifier: oid('551d23'),
  extKeyUsage: oid('551d25'),
  serverAuth: oid('2b06010505070301'),
} as const
