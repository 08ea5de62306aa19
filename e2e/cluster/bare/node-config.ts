/** Configuration of what runs on every node: containerd, kubelet, kube-proxy and the network plugin. */
import { join } from 'node:path'
import { isCgroupVersion2 } from './cgroups.ts'
import {
  type BareLayout,
  certificateFolder,
  dnsAddress,
  kubeconfigFile,
  type NodeLayout,
  podNetwork,
} from './layout.ts'

/** The image of pods' sandboxes, made here. */
export const pauseImage = 'fairlead.dev/e2e/pause:1'

/** containerd's configuration; paths are its defaults. */
export const containerdConfig = `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"
[plugins."io.containerd.cri.v1.runtime"]
  # runc dies where it may not lower the score, as without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/opt/cni/bin", "/usr/lib/cni"]
  conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
    SystemdCgroup = false
`

/** The socket of a node's containerd. */
export const containerdSocket = '/run/containerd/containerd.sock'

/** The kubelet's configuration, as JSON. */
export function kubeletConfig(layout: BareLayout, node: NodeLayout): string {
  const certificates = certificateFolder(layout)
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: isCgroupVersion2(),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroup}/${node.name}`,
    kubeletCgroups: `/${layout.cgroup}/${node.name}/sys`,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    clusterDNS: [dnsAddress],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(certificates, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(certificates, `${node.name}.crt`),
    tlsPrivateKeyFile: join(certificates, `${node.name}.key`),
    failSwapOn: false,
    maxPods: 200,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
  })
}

/** The network plugin's configuration: a bridge per node, addresses of the node's range, no masquerading. */
export function networkPluginConfig(node: NodeLayout): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'bare',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: node.podRange }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
    ],
  })
}

/** Arguments of a node's kubelet. */
export function kubeletArguments(layout: BareLayout, node: NodeLayout): readonly string[] {
  return [
    `--config=${join(node.folder, 'kubelet.json')}`,
    `--kubeconfig=${kubeconfigFile(layout, node.name)}`,
    `--node-ip=${node.address}`,
    `--hostname-override=${node.name}`,
  ]
}

/** Arguments of a node's kube-proxy. The zeros keep it from writing what only the machine's own network may set. */
export function kubeProxyArguments(layout: BareLayout, node: NodeLayout): readonly string[] {
  return [
    `--kubeconfig=${kubeconfigFile(layout, 'proxy')}`,
    `--hostname-override=${node.name}`,
    `--cluster-cidr=${podNetwork}`,
    '--proxy-mode=iptables',
    '--conntrack-max-per-core=0',
    '--conntrack-min=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0',
  ]
}
