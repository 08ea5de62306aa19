/** Self-signed certificates for trying HTTPS on one's own machine, kept as files like any other Secret. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ecKeys, keyPem, signCertificate } from '../ca/certificate.ts'

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
  const keys = ecKeys()
  const certificate = signCertificate({
    name: 'Fairlead development',
    keys,
    notBeforeMs: nowMs - dayMs / 24,
    notAfterMs: nowMs + validDays * dayMs,
    use: { dnsNames: hosts },
  })
  return { certificate, key: keyPem(keys) }
}
