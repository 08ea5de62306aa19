/** Listener.tls.certificateRefs -> SDS secrets, or what is wrong with them (`GatewayTLSConfig`, GEP-1364). */
import type { Secret } from '../../api/core.ts'
import type { ListenerTLSConfig } from '../../api/gen/types.ts'
import { missingGrant, missingObject, type Problem, type Reason, reasons } from '../../api/conditions.ts'
import type { Collection, Reader } from '../../graph/collection.ts'
import { type SecretName, secretName } from '../../ir/names.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { checkKeyPair } from '../../lib/x509.ts'
import { type GrantIndex, isGranted } from '../attach/grants.ts'

/** A Secret that can be served: PEM, checked. Compared by content, shown nowhere. */
export interface Certificate {
  readonly chain: string
  readonly key: string
}

/** By `<namespace>/<name>` of the Secret. A failed check is a value so that listeners can say why. */
export type CertificateCheck = Result<Certificate, string>

/** The collections that certificate references are looked up in. */
export interface CertificateContext {
  readonly certificates: Collection<CertificateCheck>
  readonly secretProblems: Collection<string>
  readonly grants: GrantIndex
}

/** Kept as long as the object lives: it is asked for where the Secret enters, by both the old and the new, and in the graph. */
const checks = new WeakMap<Secret, CertificateCheck>()

/** The key pair of a Secret of type kubernetes.io/tls. Messages never hold a value of the Secret. */
export function checkCertificate(secret: Secret): CertificateCheck {
  const known = checks.get(secret)
  if (known !== undefined) return known
  const check = checkPair(secret)
  checks.set(secret, check)
  return check
}

function checkPair(secret: Secret): CertificateCheck {
  if (secret.type !== 'kubernetes.io/tls') {
    return err(`it is of type "${secret.type}"; a certificate has type kubernetes.io/tls with tls.crt and tls.key`)
  }
  const chain = decode(secret, 'tls.crt')
  const key = decode(secret, 'tls.key')
  if (chain === undefined || key === undefined) {
    return err(`it has no ${chain === undefined ? 'tls.crt' : 'tls.key'}; add it to data, base64-encoded`)
  }
  const checked = checkKeyPair(chain, key)
  return checked.ok ? ok({ chain: checked.value.chain, key: checked.value.key }) : err(checked.error.message)
}

function decode(secret: Secret, name: string): string | undefined {
  const encoded = secret.data?.[name]
  return encoded === undefined ? undefined : decodeBase64(encoded)
}

/** UTF-8 text of a base64 value; undefined when it is no base64. */
function decodeBase64(encoded: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)))
  } catch {
    return undefined // Structural validation names the field; here it is a key pair that is not there.
  }
}

/** The usable certificates, in the order of the references, and a problem for each other one. */
export function resolveCertificates(
  read: Reader,
  context: CertificateContext,
  listener: { readonly namespace: string; readonly tls: ListenerTLSConfig | undefined; readonly field: string },
): { readonly names: readonly SecretName[]; readonly problems: readonly Problem[] } {
  const names: SecretName[] = []
  const problems: Problem[] = []
  const references = listener.tls?.certificateRefs ?? []
  const refuse = (reason: Reason, field: string, message: string) =>
    problems.push({ condition: 'ResolvedRefs', reason, field, message })
  if (references.length === 0) {
    const message = 'names no certificate; an HTTPS listener needs at least one'
    refuse(reasons.InvalidCertificateRef, `${listener.field}.certificateRefs`, message)
  }
  references.forEach((reference, index) => {
    const field = `${listener.field}.certificateRefs[${index}]`
    const { group, kind, name } = reference
    const namespace = reference.namespace ?? listener.namespace
    if (group !== '' || kind !== 'Secret') {
      refuse(reasons.InvalidCertificateRef, field, `kind "${kind}" is not supported; use a Secret`)
      return
    }
    const to = { group, kind, namespace, name }
    const from = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: listener.namespace }
    if (!isGranted(read, context.grants, { from, to })) {
      refuse(reasons.RefNotPermitted, field, missingGrant(from, to))
      return
    }
    const check = read.get(context.certificates, `${namespace}/${name}`)
    if (check === undefined) {
      refuse(reasons.InvalidCertificateRef, field, missingObject(to))
    } else if (check.ok) {
      names.push(secretName(namespace, name))
      const problem = read.get(context.secretProblems, `${namespace}/${name}`)
      if (problem !== undefined) {
        const message = `Secret "${namespace}/${name}" cannot be used: ${problem}; its last good certificate keeps serving`
        refuse(reasons.InvalidCertificateRef, field, message)
      }
    } else {
      refuse(reasons.InvalidCertificateRef, field, `Secret "${namespace}/${name}" cannot be used: ${check.error}`)
    }
  })
  return { names, problems }
}
