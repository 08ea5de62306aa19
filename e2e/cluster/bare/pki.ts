/** The certificates of a cluster: one authority, and one certificate for each of its programs. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../command.ts'
import { apiServerUrl, type BareLayout, certificateFolder, kubeconfigFile } from './layout.ts'

interface Identity {
  /** Name of its files. */
  readonly name: string
  readonly subject: string
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
  /** It gets a kubeconfig of this name. */
  readonly isUser?: boolean
}

const apiServerNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]

function identities(layout: BareLayout): readonly Identity[] {
  const addresses = ['127.0.0.1', '10.96.0.1', layout.nodes[0].address]
  return [
    { name: 'apiserver', subject: '/CN=kube-apiserver', dnsNames: ['localhost', ...apiServerNames], addresses },
    { name: 'apiserver-kubelet', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
    { name: 'admin', subject: '/O=system:masters/CN=admin', isUser: true },
    { name: 'controller-manager', subject: '/CN=system:kube-controller-manager', isUser: true },
    { name: 'scheduler', subject: '/CN=system:kube-scheduler', isUser: true },
    { name: 'proxy', subject: '/CN=system:kube-proxy', isUser: true },
    ...layout.nodes.map(({ name, address }) => {
      const subject = `/O=system:nodes/CN=system:node:${name}`
      return { name, subject, dnsNames: [name], addresses: [address], isUser: true }
    }),
  ]
}

/** Writes the authority, all certificates with keys, the key of service accounts, and the kubeconfigs. */
export async function writeCertificates(layout: BareLayout): Promise<void> {
  const folder = certificateFolder(layout)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // RSA, as in most clusters: the algorithm shows in every token.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'service-accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const usage = 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'
  await openssl(folder, 'ca', '/CN=bare-ca', ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', usage])
  for (const identity of identities(layout)) {
    await issue(folder, identity)
    if (identity.isUser === true) writeKubeconfig(layout, identity.name)
  }
}

function issue(folder: string, { name, subject, dnsNames = [], addresses = [] }: Identity): Promise<string> {
  const names = [...dnsNames.map((value) => `DNS:${value}`), ...addresses.map((value) => `IP:${value}`)]
  return openssl(folder, name, subject, [
    ...['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
    ...(names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]),
  ])
}

/** Makes a key and a certificate of it for 30 days. ECDSA: an RSA key for each would cost seconds. */
function openssl(folder: string, name: string, subject: string, more: readonly string[]): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', join(folder, `${name}.key`)]
  const certificate = ['-x509', '-days', '30', '-subj', subject, '-out', join(folder, `${name}.crt`)]
  return run('openssl', ['req', ...key, ...certificate, ...more])
}

/** JSON, which YAML includes. The files hold all that is needed, so that they can be copied. */
function writeKubeconfig(layout: BareLayout, name: string): void {
  const encoded = (file: string) => readFileSync(join(certificateFolder(layout), file)).toString('base64')
  const user = { 'client-certificate-data': encoded(`${name}.crt`), 'client-key-data': encoded(`${name}.key`) }
  const cluster = { server: apiServerUrl(layout), 'certificate-authority-data': encoded('ca.crt') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bare', cluster }],
    users: [{ name, user }],
    contexts: [{ name: 'bare', context: { cluster: 'bare', user: name } }],
    'current-context': 'bare',
  }
  writeFileSync(kubeconfigFile(layout, name), JSON.stringify(config), { mode: 0o600 })
}
