import { existsSync } from 'node:fs'
import { ensurePackages, etcdFile, type PackagedFile } from '../debian.ts'

const files: readonly PackagedFile[] = [
  etcdFile,
  ['/usr/sbin/runc', 'runc'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/sbin/conntrack', 'conntrack'],
  ['/usr/bin/nsenter', 'util-linux'],
  ['/usr/bin/openssl', 'openssl'],
  ['/bin/ip', 'iproute2'],
]

/** Makes sure that this machine can run the cluster, and installs what is missing. Throws with the remedy. */
export async function ensureRequirements(say: (text: string) => void): Promise<void> {
  const reason = unfitReason()
  if (reason !== undefined) throw new Error(`the bare provider cannot run here: ${reason}`)
  await ensurePackages(files, say)
}

function unfitReason(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and cgroups'
  if (!existsSync('/proc/sys/net/bridge')) return 'the kernel has no br_netfilter: try `modprobe br_netfilter`'
  return undefined
}
