/** Arguments of the programs of the control plane, which run on the first node. */
import { join } from 'node:path'
import { type BareLayout, certificateFolder, kubeconfigFile, podNetwork, serviceNetwork } from './layout.ts'

const etcdUrl = 'http://127.0.0.1:2379'
const etcdPeerUrl = 'http://127.0.0.1:2380'

/** etcd, which forgets what it has not written when the machine fails; nobody needs it then. */
export function etcdArguments(layout: BareLayout): readonly string[] {
  return [
    '--name=bare',
    `--data-dir=${join(layout.state, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=bare=${etcdPeerUrl}`,
    '--unsafe-no-fsync',
  ]
}

/** The API server. */
export function apiServerArguments(layout: BareLayout): readonly string[] {
  const file = (name: string) => join(certificateFolder(layout), name)
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=0.0.0.0',
    `--advertise-address=${layout.nodes[0].address}`,
    '--secure-port=6443',
    `--service-cluster-ip-range=${serviceNetwork}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--service-account-key-file=${file('service-accounts.key')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    `--kubelet-client-certificate=${file('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${file('apiserver-kubelet.key')}`,
    // Else exec and logs look the node's name up in DNS.
    '--kubelet-preferred-address-types=InternalIP',
  ]
}

/** The controller manager. It ends at once when the API server is not ready within ten seconds. */
export function controllerArguments(layout: BareLayout): readonly string[] {
  const file = (name: string) => join(certificateFolder(layout), name)
  return [
    `--kubeconfig=${kubeconfigFile(layout, 'controller-manager')}`,
    `--service-account-private-key-file=${file('service-accounts.key')}`,
    `--root-ca-file=${file('ca.crt')}`,
    `--cluster-signing-cert-file=${file('ca.crt')}`,
    `--cluster-signing-key-file=${file('ca.key')}`,
    '--use-service-account-credentials=true',
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--allocate-node-cidrs=false',
    `--cluster-cidr=${podNetwork}`,
    `--service-cluster-ip-range=${serviceNetwork}`,
  ]
}

/** The scheduler. */
export function schedulerArguments(layout: BareLayout): readonly string[] {
  return [`--kubeconfig=${kubeconfigFile(layout, 'scheduler')}`, '--bind-address=127.0.0.1', '--leader-elect=false']
}
