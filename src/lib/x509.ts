/**
 * Key pairs as a TLS server uses them. Pure: no clock (dates are returned), no randomness. With hash.ts the only user
 * of node:crypto below the I/O layers.
 *
 * What is refused is what Envoy 1.40 (BoringSSL) was seen to refuse: RSA below 2048 bits, RSA-PSS keys, curves other than
 * P-256, P-384 and P-521, curves written as explicit parameters, Ed448, encrypted keys, keys whose numbers contradict
 * each other, a byte order mark, one broken certificate anywhere in the chain. Ed25519 loads there and then fails every handshake. Expired certificates, weak
 * ones behind the first, text around the blocks and a private key beside the certificates are accepted.
 */
import { createECDH, createPrivateKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto'
import { err, ok, type Result } from './result.ts'

/** A pair that can be used, as it is to be handed on: PEM of what was checked and of nothing else. */
export interface KeyPair {
  readonly facts: KeyPairFacts
  readonly chain: string
  /** PKCS#8. */
  readonly key: string
}

/** What is known of a usable key pair. Holds nothing secret. */
export interface KeyPairFacts {
  /** Validity of the first certificate, in ms since 1970 UTC. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Names it is for, lower case, in its order: `DNS` entries of subjectAltName. */
  readonly dnsNames: readonly string[]
  /** Certificates in the chain. */
  readonly chainLength: number
}

/** Why a pair cannot be used. `part` is the file at fault; the message says what to do and never quotes the key. */
export interface KeyPairProblem {
  readonly part: 'certificate' | 'key'
  readonly message: string
}

const minRsaBits = 2048
const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
/** DER of the object identifier prime-field (1.2.840.10045.1.1): there only when a curve is spelled out. */
const primeField = Buffer.from('06072a8648ce3d0101', 'hex')

const certificateBegin = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g
const certificateBlock = /^-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----$[^-]*^-----END \1-----$/gm
const keyBlock = /^-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----$[^-]*(?:-[^-]+)*^-----END \1-----$/m

/**
 * Checks a PEM certificate chain, the server's own certificate first, and its PEM private key. Both are written anew: what
 * one reader of PEM passes over, another stumbles at.
 */
export function checkKeyPair(chainPem: string, keyPem: string): Result<KeyPair, KeyPairProblem> {
  const chain = parseChain(chainPem)
  if (!chain.ok) return chain
  const [leaf] = chain.value
  const weakness = publicKeyProblem(leaf)
  if (weakness !== undefined) return refuse('certificate', weakness)
  const key = parseKey(keyPem)
  if (!key.ok) return key
  if (!leaf.checkPrivateKey(key.value)) return refuse('key', mismatch(chain.value, key.value))
  if (!isConsistent(key.value)) return refuse('key', contradiction)
  const facts: KeyPairFacts = {
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    dnsNames: dnsNamesOf(leaf),
    chainLength: chain.value.length,
  }
  return ok({
    facts,
    chain: chain.value.map(String).join(''),
    key: key.value.export({ type: 'pkcs8', format: 'pem' }).toString(),
  })
}

type Chain = readonly [X509Certificate, ...X509Certificate[]]

function parseChain(pem: string): Result<Chain, KeyPairProblem> {
  const blocks = [...normalLines(pem).matchAll(certificateBlock)].map(([block]) => block)
  const begun = pem.match(certificateBegin)?.length ?? 0
  if (blocks.length > 0 && begun > blocks.length) {
    const message = `${begun} certificates begin in the chain and ${blocks.length} end; replace what is cut short`
    return refuse('certificate', message)
  }
  const certificates: X509Certificate[] = []
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block))
    } catch {
      return refuse(
        'certificate',
        `certificate ${index + 1} of ${blocks.length} in the chain does not parse; replace it`,
      )
    }
  }
  const [leaf, ...others] = certificates
  return leaf === undefined
    ? refuse(
        'certificate',
        'the chain holds no PEM block "-----BEGIN CERTIFICATE-----" at the start of a line; add one',
      )
    : ok([leaf, ...others])
}

function publicKeyProblem({ publicKey, raw }: X509Certificate): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey
  const bits = details?.modulusLength ?? 0
  const curve = details?.namedCurve ?? 'none'
  if (type === 'rsa') {
    return bits >= minRsaBits
      ? undefined
      : `the certificate has an RSA key of ${bits} bits; Envoy takes ${minRsaBits} or more: make a new one`
  }
  if (type !== 'ec') {
    return `the certificate has a key of type ${type ?? 'unknown'}; use RSA of ${minRsaBits} bits or ECDSA on P-256`
  }
  if (!curves.has(curve))
    return `the certificate has a key on curve ${curve}; Envoy takes P-256, P-384 and P-521: make a new one`
  return raw.includes(primeField)
    ? 'the certificate spells out its curve as parameters; make one that names the curve'
    : undefined
}

function parseKey(pem: string): Result<KeyObject, KeyPairProblem> {
  const match = keyBlock.exec(normalLines(pem))
  if (match === null) {
    return refuse('key', 'the key holds no PEM block "-----BEGIN PRIVATE KEY-----" at the start of a line; add one')
  }
  const [block, label = ''] = match
  if (label.startsWith('ENCRYPTED') || block.includes('Proc-Type: 4,ENCRYPTED')) {
    return refuse('key', 'the private key is encrypted and nobody can type its passphrase; store it decrypted')
  }
  try {
    return ok(createPrivateKey(block))
  } catch {
    // The cause may quote bytes of the key: it is left out on purpose.
    return refuse('key', 'the private key does not parse; replace it')
  }
}

const contradiction =
  'the numbers of the private key contradict each other, as when bytes of it were changed; replace it'

/** Whether the parts of a key of a checked certificate belong together, which OpenSSL does not look at. */
function isConsistent(key: KeyObject): boolean {
  const jwk = key.export({ format: 'jwk' })
  return key.asymmetricKeyType === 'rsa' ? isRsaConsistent(jwk) : isEcConsistent(key, jwk)
}

/** RFC 8017 3.2, with two primes. */
function isRsaConsistent(jwk: JsonWebKey): boolean {
  const number = (text = '') => BigInt(`0x0${Buffer.from(text, 'base64url').toString('hex')}`)
  const [n, e, d, p, q] = [number(jwk.n), number(jwk.e), number(jwk.d), number(jwk.p), number(jwk.q)]
  const [dp, dq, qi] = [number(jwk.dp), number(jwk.dq), number(jwk.qi)]
  const isInverse = (a: bigint, b: bigint, modulus: bigint) => modulus > 1n && (a * b) % modulus === 1n
  return (
    n === p * q &&
    [d < n, dp < p, dq < q, qi < p].every(Boolean) &&
    isInverse(d, e, p - 1n) &&
    isInverse(d, e, q - 1n) &&
    isInverse(dp, e, p - 1n) &&
    isInverse(dq, e, q - 1n) &&
    isInverse(qi, q, p)
  )
}

/** The point that is stated is that of the secret number (RFC 5915 3). */
function isEcConsistent(key: KeyObject, { d = '', x = '', y = '' }: JsonWebKey): boolean {
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const pair = createECDH(key.asymmetricKeyDetails?.namedCurve ?? '')
  try {
    pair.setPrivateKey(Buffer.from(d, 'base64url'))
  } catch {
    return false // Not a number of this curve. The cause may quote it.
  }
  return pair.getPublicKey().equals(point)
}

function mismatch([, ...others]: Chain, key: KeyObject): string {
  return others.some((certificate) => certificate.checkPrivateKey(key))
    ? "the private key belongs to a later certificate of the chain; put the server's own certificate first"
    : 'the private key does not belong to the certificate; store the two that were made together'
}

/** `DNS:a.com, DNS:*.b.com, IP Address:10.0.0.1` */
function dnsNamesOf({ subjectAltName }: X509Certificate): readonly string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length).toLowerCase())
}

function normalLines(pem: string): string {
  return pem.replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '')
}

function refuse(part: KeyPairProblem['part'], message: string): Result<never, KeyPairProblem> {
  return err({ part, message })
}
