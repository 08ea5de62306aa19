/** Certificates and keys in every state. */
import { badCertificates } from '../src/testing/bad-certificates.ts'
import { ecKeys, ed25519Keys, rsaKeys, type TestCertificate, testCertificate } from '../src/testing/certificates.ts'
import type { Dice } from '../src/testing/dice.ts'
import type { Corpus } from './corpus.ts'
import { vary } from './vary.ts'
import type { Fields } from './world.ts'

/** Made when they are first asked for: keys take time. */
let made: readonly TestCertificate[] | undefined

function certificates(): readonly TestCertificate[] {
  made ??= [
    testCertificate(),
    testCertificate({ keys: ecKeys('P-384') }),
    testCertificate({ keys: ecKeys('P-521') }),
    testCertificate({ keys: ecKeys('P-256', 'explicit') }),
    testCertificate({ keys: ed25519Keys() }),
    testCertificate({ keys: rsaKeys(2048) }),
    testCertificate({ keys: rsaKeys(512) }),
    testCertificate({ dnsNames: ['a.com', '*.a.com', '', 'x'.repeat(300), 'é'] }),
    testCertificate({ dnsNames: [] }),
    testCertificate({ notBefore: new Date('2048-01-01T00:00:00Z') }),
    testCertificate({ notBefore: new Date('2040-01-01T00:00:00Z'), notAfter: new Date('2030-01-01T00:00:00Z') }),
  ]
  return made
}

const secretNames = ['cert', 'cert', 'cert2', 'a']

/** A Secret that a listener may name. */
export function makeSecret(corpus: Corpus, dice: Dice): Fields {
  const metadata = { name: dice.pick(secretNames), namespace: dice.pick(['default', 'default', 'other']) }
  if (dice.isHit(0.2)) return { ...vary(dice.pick(corpus.of('Secret')), corpus, dice), metadata }
  const bad = dice.pick(badCertificates).objects[0] ?? {}
  if (dice.isHit(0.3)) return { ...bad, metadata }
  const { chain, key } = dice.pick(certificates())
  const data = { 'tls.crt': damaged(chain, dice), 'tls.key': damaged(dice.isHit(0.1) ? chain : key, dice) }
  const type = dice.isHit(0.95) ? 'kubernetes.io/tls' : 'Opaque'
  return { apiVersion: 'v1', kind: 'Secret', metadata, type, stringData: data }
}

/** PEM with something done to it. */
function damaged(pem: string, dice: Dice): string {
  const other = dice.pick(certificates())
  const lines = pem.split('\n')
  const at = dice.below(lines.length)
  switch (dice.below(14)) {
    case 0:
      return pem + other.chain
    case 1:
      return pem + other.key
    case 2:
      return pem.replaceAll('\n', '\r\n')
    case 3:
      return `\n\n  ${pem}`
    case 4:
      return `# a comment\n${pem}trailing`
    case 5:
      return lines.toSpliced(at, 1).join('\n')
    case 6:
      return lines.toSpliced(at, 0, lines[at] ?? '').join('\n')
    case 7:
      return pem.replace(/[A-Z](?=[a-z0-9+/]{4})/, 'é')
    case 8:
      return pem.slice(0, dice.below(pem.length))
    case 9:
      return (pem + other.chain).repeat(dice.pick([2, 20]))
    default:
      return pem
  }
}
