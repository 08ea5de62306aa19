/** Certificates outside their validity: Envoy serves them, clients refuse them. Said here, where there is a clock. */
import type { Secret } from '../api/core.ts'
import { checkKeyPair } from '../lib/x509.ts'
import { checkCertificate } from '../translate/gateway/tls.ts'

/** When a certificate is good, in ms since 1970 UTC; undefined for Secrets that hold none that can be served. */
interface Validity {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** Kept as long as the object lives: parsing a certificate costs much more than looking at its dates. */
const known = new WeakMap<Secret, { readonly validity: Validity | undefined }>()

/** What clients will not like about the dates of a certificate; undefined when all is well. */
export function dateProblem(secret: Secret, nowMs: number): string | undefined {
  const validity = validityOf(secret)
  if (validity === undefined) return undefined
  const { notBeforeMs, notAfterMs } = validity
  if (nowMs > notAfterMs) return `expired on ${day(notAfterMs)}: it is served and clients refuse it; renew it`
  if (nowMs < notBeforeMs) return `is not valid before ${day(notBeforeMs)}: it is served and clients refuse it`
  return undefined
}

function validityOf(secret: Secret): Validity | undefined {
  const seen = known.get(secret)
  if (seen !== undefined) return seen.validity
  const certificate = secret.type === 'kubernetes.io/tls' ? checkCertificate(secret) : undefined
  const facts = certificate?.ok === true ? checkKeyPair(certificate.value.chain, certificate.value.key) : undefined
  const validity = facts?.ok === true ? facts.value.facts : undefined
  known.set(secret, { validity })
  return validity
}

/** `2026-01-31` */
function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
