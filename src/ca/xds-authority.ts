/**
 * The authority that proxies know the control plane by: it signs the certificate of the xDS server and nothing else.
 *
 * A certificate of an authority lives for ten years. When two thirds are over a successor is added, which proxies learn to
 * trust with their next roll-out, and which signs only 20 months later. Until then the old one does, so that no proxy meets
 * a certificate of an authority that it has not heard of.
 */
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import { err, ok, type Result } from '../lib/result.ts'
import { ecKeys, keyPem, type Keys, signCertificate } from './certificate.ts'

/** The authority as one Secret keeps it. */
export interface XdsAuthority {
  /** Oldest first, at least one. */
  readonly signers: readonly Signer[]
  /** What the tokens of the drain hook are made of; lasts as long as the authority, so that proxies are not rolled. */
  readonly drainSecret: string
}

/** One certificate that may sign, with its key. */
export interface Signer {
  readonly certPem: string
  readonly keys: Keys
  readonly name: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** What the xDS server shows to proxies. */
export interface ServingCertificate {
  readonly certPem: string
  readonly keyPem: string
  /** When another one is due. */
  readonly renewAtMs: number
}

/** Keys of `Secret.data`. */
export const authorityKeys = { certificates: 'ca.crt', keys: 'ca.key', drainSecret: 'drain-secret' } as const

const dayMs = 86_400_000
const authorityMs = 3650 * dayMs
const servingMs = 90 * dayMs
/** Clocks differ. */
const skewMs = 3_600_000
/** Share of its life after which something is renewed. */
const renewAt = 2 / 3
/** Share of its life in which a successor is trusted and does not sign. */
const introduction = 1 / 6

/** A new authority with one signer and a new drain secret. */
export function createAuthority(nowMs: number): XdsAuthority {
  return { signers: [createSigner(nowMs)], drainSecret: randomBytes(24).toString('base64url') }
}

/** The authority with a successor, when it is time for one; undefined when there is nothing to do. */
export function renewedAuthority({ signers, drainSecret }: XdsAuthority, nowMs: number): XdsAuthority | undefined {
  const current = signers.filter(({ notAfterMs }) => notAfterMs > nowMs)
  const newest = current.at(-1)
  if (newest !== undefined && nowMs < timeAt(newest, renewAt)) return undefined
  return { signers: [...current, createSigner(nowMs)], drainSecret }
}

/** Every certificate that proxies trust. Changes only when a successor comes. */
export function trustBundle({ signers }: XdsAuthority): string {
  return signers.map(({ certPem }) => certPem).join('')
}

/** A new certificate for these names, to be kept in memory. */
export function signServing(authority: XdsAuthority, dnsNames: readonly string[], nowMs: number): ServingCertificate {
  const signer = signerAt(authority, nowMs)
  const keys = ecKeys()
  const [notBeforeMs, notAfterMs] = [nowMs - skewMs, Math.min(nowMs + servingMs, signer.notAfterMs)]
  const use = { dnsNames }
  const certPem = signCertificate({ name: 'fairlead xDS', keys, notBeforeMs, notAfterMs, use, issuer: signer })
  return { certPem, keyPem: keyPem(keys), renewAtMs: timeAt({ notBeforeMs, notAfterMs }, renewAt) }
}

/** What the Secret holds: text by key. */
export function authorityContents(authority: XdsAuthority): Readonly<Record<string, string>> {
  return {
    [authorityKeys.certificates]: trustBundle(authority),
    [authorityKeys.keys]: authority.signers.map(({ keys }) => keyPem(keys)).join(''),
    [authorityKeys.drainSecret]: authority.drainSecret,
  }
}

/** Reads what a Secret holds; an error says what is wrong with it, without quoting it. */
export function parseAuthority(contents: Readonly<Record<string, string>>): Result<XdsAuthority, string> {
  const drainSecret = contents[authorityKeys.drainSecret] ?? ''
  const certificates = blocks(contents[authorityKeys.certificates])
  const keys = blocks(contents[authorityKeys.keys])
  if (certificates.length === 0) return err('ca.crt holds no certificate')
  if (keys.length !== certificates.length) return err('ca.key must hold one key for each certificate of ca.crt')
  if (drainSecret.length < 16) return err('drain-secret is missing or too short')
  const signers: Signer[] = []
  for (const [index, certPem] of certificates.entries()) {
    const signer = parseSigner(certPem, keys[index] ?? '')
    if (signer === undefined)
      return err(`certificate ${index + 1} of ca.crt and its key in ca.key do not belong together`)
    signers.push(signer)
  }
  return ok({ signers, drainSecret })
}

function parseSigner(certPem: string, privatePem: string): Signer | undefined {
  try {
    const certificate = new X509Certificate(certPem)
    const privateKey = createPrivateKey(privatePem)
    if (!certificate.ca || !certificate.checkPrivateKey(privateKey)) return undefined
    return {
      certPem,
      keys: { privateKey, publicKey: createPublicKey(privateKey) },
      name: certificate.subject.replace(/^CN=/, ''),
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    }
  } catch {
    return undefined // No certificate or no key: the caller says which.
  }
}

const pemBlock = /-----BEGIN ([A-Z ]+)-----\n[^-]*-----END \1-----\n/g

function blocks(text = ''): readonly string[] {
  return [...text.matchAll(pemBlock)].map(([block]) => block)
}

function createSigner(nowMs: number): Signer {
  const keys = ecKeys()
  const wholeSeconds = Math.floor(nowMs / 1000) * 1000
  const [notBeforeMs, notAfterMs] = [wholeSeconds - skewMs, wholeSeconds + authorityMs]
  // A name of its own: where two are trusted, none is taken for the other.
  const name = `fairlead xDS ${randomBytes(6).toString('hex')}`
  const certPem = signCertificate({ name, keys, notBeforeMs, notAfterMs, use: 'authority' })
  return { certPem, keys, name, notBeforeMs, notAfterMs }
}

/** The newest that every proxy has had time to learn of; else the oldest that is valid. */
function signerAt({ signers }: XdsAuthority, nowMs: number): Signer {
  const current = signers.filter(({ notAfterMs }) => notAfterMs > nowMs)
  const signer = current.findLast((one) => nowMs >= timeAt(one, introduction)) ?? current[0]
  if (signer === undefined) throw new Error('an authority that has expired signs nothing; renew it first')
  return signer
}

function timeAt(life: Pick<Signer, 'notBeforeMs' | 'notAfterMs'>, share: number): number {
  return life.notBeforeMs + share * (life.notAfterMs - life.notBeforeMs)
}
