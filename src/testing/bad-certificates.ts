/** Certificates that cannot be used, and those that can. */
import { generateKeyPairSync } from 'node:crypto'
import { type BadCase, type Fields, gateway, secret } from './bad-objects.ts'
import { ecKeys, forgedKey, rsaKeys, type TestKeys, testCertificate } from './certificates.ts'

/** A Gateway of its own, so that nothing of the good one may change. */
export const tlsGateway = gateway('tls', [
  { name: 'https', port: 8443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'cert' }] } },
])

function certificate(what: string, given: Fields, says: readonly string[]): BadCase {
  return { what: `a certificate ${what}`, objects: [given, tlsGateway], says }
}

const [first, second] = [testCertificate(), testCertificate()]
const [rsa, otherRsa, ec, otherEc] = [rsaKeys(2048), rsaKeys(2048), ecKeys('P-256'), ecKeys('P-256')]
const curve = (namedCurve: string): TestKeys => generateKeyPairSync('ec', { namedCurve })

/** Each with a Gateway of its own that uses it. */
export const badCertificates: readonly BadCase[] = [
  certificate('that is good', secret(first), []),
  certificate('that expired', secret(testCertificate({ notAfter: new Date('2021-01-01T00:00:00Z') })), []),
  certificate(
    'that does not parse',
    secret({ ...first, chain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
    [
      'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: certificate 1 of 1 in the chain does not parse; replace it',
    ],
  ),
  certificate('that is no PEM', secret({ ...first, chain: 'hello' }), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the chain holds no PEM block "-----BEGIN CERTIFICATE-----" at the start of a line; add one',
  ]),
  certificate('that begins twice', secret({ ...first, chain: `-----BEGIN CERTIFICATE-----\n${first.chain}` }), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: 2 certificates begin in the chain and 1 end; replace what is cut short',
  ]),
  certificate('of another key', secret({ ...first, key: second.key }), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the private key does not belong to the certificate; store the two that were made together',
  ]),
  certificate(
    'whose key does not parse',
    secret({ ...first, key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' }),
    [
      'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the private key does not parse; replace it',
    ],
  ),
  ...(['d', 'dp', 'dq', 'qi'] as const).map((number) =>
    certificate(
      `whose RSA key has a wrong ${number}`,
      secret({ ...testCertificate({ keys: rsa }), key: forgedKey(rsa, otherRsa, number) }),
      [
        'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the numbers of the private key contradict each other, as when bytes of it were changed; replace it',
      ],
    ),
  ),
  certificate(
    'whose EC key has a wrong d',
    secret({ ...testCertificate({ keys: ec }), key: forgedKey(ec, otherEc, 'd') }),
    [
      'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the numbers of the private key contradict each other, as when bytes of it were changed; replace it',
    ],
  ),
  certificate('of RSA with 1024 bits', secret(testCertificate({ keys: rsaKeys(1024) })), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the certificate has an RSA key of 1024 bits; Envoy takes 2048 or more: make a new one',
  ]),
  certificate('on curve P-224', secret(testCertificate({ keys: curve('P-224') })), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the certificate has a key on curve secp224r1; Envoy takes P-256, P-384 and P-521: make a new one',
  ]),
  certificate('on curve secp256k1', secret(testCertificate({ keys: curve('secp256k1') })), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: the certificate has a key on curve secp256k1; Envoy takes P-256, P-384 and P-521: make a new one',
  ]),
  certificate('without its key', secret({ chain: first.chain }), [
    'data["tls.key"]: tls.key is missing; a Secret of type kubernetes.io/tls has tls.crt and tls.key',
    'spec.listeners[0].tls.certificateRefs[0]: Secret default/cert does not exist; create it or correct the reference',
  ]),
  certificate('in a Secret of type Opaque', secret(first, 'Opaque'), [
    'spec.listeners[0].tls.certificateRefs[0]: Secret "default/cert" cannot be used: it is of type "Opaque"; a certificate has type kubernetes.io/tls with tls.crt and tls.key',
  ]),
  certificate('that is not there', { ...secret(first), metadata: { name: 'other' } }, [
    'spec.listeners[0].tls.certificateRefs[0]: Secret default/cert does not exist; create it or correct the reference',
  ]),
]
