import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { currentCluster } from '../cluster/facts.ts'

/** Port of Envoy's admin interface, on the loopback of its pod. */
const adminPort = 19_001

/** One part of the configuration of a proxy, as its admin interface shows it. */
export async function configDump(
  namespace: string,
  pod: string,
  resource: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { kubectl, kubeconfig } = currentCluster()
  const args = ['--kubeconfig', kubeconfig, '-n', namespace, 'port-forward', `pod/${pod}`, `:${adminPort}`]
  const child = spawn(kubectl, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line) ?? []
      if (port === undefined) continue
      const answer = await fetch(`http://127.0.0.1:${port}/config_dump?resource=${resource}`)
      const { configs } = (await answer.json()) as { readonly configs: readonly Readonly<Record<string, unknown>>[] }
      return configs
    }
    throw new Error(`the admin interface of ${pod} cannot be reached`)
  } finally {
    child.kill()
  }
}
