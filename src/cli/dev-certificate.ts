/** Self-signed certificates for trying HTTPS on one's own machine, kept as files like any other Secret. */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Which Secret to make, for which hosts. */
export interface CertificateRequest {
  readonly namespace: string
  readonly name: string
  readonly hosts: readonly string[]
}

/** Where it is. */
export interface CertificateFiles {
  /** The Secret, readable by its owner only. */
  readonly secret: string
  /** The certificate alone, for `curl --cacert`. */
  readonly certificate: string
}

const dayMs = 86_400_000
const validDays = 90
/** A kept certificate that ends sooner is made anew. */
const renewDays = 7

/** Makes the Secret below `folder`, or keeps the one that is there when it is for the same hosts and still valid. */
export function ensureDevCertificate(request: CertificateRequest, folder: string, nowMs: number): CertificateFiles {
  const base = join(folder, `${request.namespace}.${request.name}`)
  const files: CertificateFiles = { secret: `${base}.yaml`, certificate: `${base}.crt` }
  if (isUsable(files, request, nowMs)) return files
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { certificate, key } = selfSigned(request.hosts, nowMs)
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.secret, secretYaml(request, certificate, key), { mode: 0o600 })
  return files
}

function isUsable(files: CertificateFiles, { hosts }: CertificateRequest, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(readFileSync(files.certificate))
    const names = certificate.subjectAltName?.split(', ').sort().join()
    const isLasting = certificate.validToDate.getTime() - nowMs > renewDays * dayMs
    const isPair = readFileSync(files.secret, 'utf8').includes(encode(certificate.toString()))
    return (
      isLasting &&
      isPair &&
      names ===
        [...hosts]
          .map((host) => `DNS:${host}`)
          .sort()
          .join()
    )
  } catch {
    return false // None yet, or damaged: a new one replaces it.
  }
}

function secretYaml({ namespace, name }: CertificateRequest, certificate: string, key: string): string {
  return `# Made by fairlead up --dev-certificate: self-signed, for this machine alone.
apiVersion: v1
kind: Secret
metadata:
  namespace: ${namespace}
  name: ${name}
type: kubernetes.io/tls
data:
  tls.crt: ${encode(certificate)}
  tls.key: ${encode(key)}
`
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** A certificate for `hosts`, valid from an hour ago, and its key; both PEM. ECDSA on P-256, for servers only. */
export function selfSigned(
  hosts: readonly string[],
  nowMs: number,
): { readonly certificate: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oids.ecdsaWithSha256)
  const name = sequence(der(0x31, sequence(oids.commonName, der(0x0c, Buffer.from('Fairlead development')))))
  // RFC 5280 4.1: version 3, serial, algorithm, issuer, validity, subject, key, extensions.
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(utcTime(nowMs - dayMs / 24), utcTime(nowMs + validDays * dayMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(altNames(hosts), serverOnly)),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines =
    certificate
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n') ?? ''
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function altNames(hosts: readonly string[]): Buffer {
  const names = sequence(...hosts.map((host) => der(0x82, Buffer.from(host))))
  return sequence(oids.subjectAltName, der(0x04, names))
}

/** One value in DER: tag, length, content (X.690 8.1). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const lengthBytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

const oids = {
  ecdsaWithSha256: oid('2a8648ce3d040302'),
  commonName: oid('550403'),
  subjectAltName: oid('551d11'),
} as const

/** extendedKeyUsage: serverAuth. */
const serverOnly = sequence(oid('551d25'), der(0x04, sequence(oid('2b06010505070301'))))

function utcTime(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
}
