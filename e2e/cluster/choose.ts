import { bareProvider } from './bare/provider.ts'
import { attempt } from './command.ts'
import { k3sProvider } from './k3s.ts'
import { kindProvider } from './kind.ts'
import type { ClusterProvider } from './provider.ts'

const providers: Readonly<Record<string, ClusterProvider>> = {
  bare: bareProvider,
  kind: kindProvider,
  k3s: k3sProvider,
}

/** The provider of that name; without a name, kind where Docker and it are there, k3s where Docker is, else bare. */
export async function chooseProvider(name: string | undefined): Promise<ClusterProvider> {
  const chosen = name ?? (await usableProvider())
  const provider = providers[chosen]
  if (provider === undefined) throw new Error(`no provider ${chosen}: ${Object.keys(providers).join(', ')} are known`)
  return provider
}

async function usableProvider(): Promise<string> {
  if ((await attempt('docker', ['info'])).code !== 0) return 'bare'
  return (await attempt('kind', ['version'])).code === 0 ? 'kind' : 'k3s'
}
