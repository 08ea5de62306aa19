import { existsSync } from 'node:fs'
import { attempt, run } from '../command.ts'

/** Files whose absence shows that a package is missing. Debian's and Ubuntu's names. */
const packages: readonly (readonly [file: string, name: string])[] = [
  ['/usr/sbin/runc', 'runc'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['/usr/bin/etcd', 'etcd-server'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/sbin/conntrack', 'conntrack'],
  ['/usr/bin/nsenter', 'util-linux'],
  ['/usr/bin/openssl', 'openssl'],
]

/** Makes sure that this machine can run the cluster, and installs what is missing. Throws with the remedy. */
export async function ensureRequirements(say: (text: string) => void): Promise<void> {
  const reason = unfitReason()
  if (reason !== undefined) throw new Error(`the bare provider cannot run here: ${reason}`)
  const ip = (await attempt('ip', ['-V'])).code === 0 ? [] : ['iproute2']
  const missing = [...packages.filter(([file]) => !existsSync(file)).map(([, name]) => name), ...ip]
  if (missing.length === 0) return
  if ((await attempt('apt-get', ['--version'])).code !== 0) {
    throw new Error(`install what is called on Debian: ${missing.join(' ')}; this machine has no apt-get`)
  }
  say(`installing Debian packages: ${missing.join(' ')}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // A package list that was never fetched, or is too old, is no reason to fail.
  await attempt('apt-get', ['update', '-q'], { env })
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env })
  // The package of etcd starts a server on its default ports.
  if (missing.includes('etcd-server')) await attempt('systemctl', ['disable', '--now', 'etcd'])
}

/** Why this machine cannot run the cluster; undefined when it can. */
export function unfitReason(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and cgroups'
  if (!existsSync('/proc/sys/net/bridge')) return 'the kernel has no br_netfilter: try `modprobe br_netfilter`'
  return undefined
}
