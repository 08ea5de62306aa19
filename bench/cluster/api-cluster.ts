/** An API server with the definitions of the Gateway API and an installation of Fairlead, but no nodes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../src/lib/logger.ts'
import { type ApiServer, startApiServer } from '../../src/testing/api-server.ts'
import { connectCluster, type ConnectedCluster } from '../../src/watch/client.ts'
import { cpuMsOf } from '../processes.ts'

const manifest = join(import.meta.dirname, '..', '..', 'deploy', 'fairlead.yaml')

export interface ApiCluster {
  readonly server: ApiServer
  /** As an administrator. */
  readonly client: ConnectedCluster
  /** Of the control plane: it may do what an installation lets it. */
  readonly kubeconfig: string
  /** CPU time of the API server and of etcd. */
  cpuMs(): { readonly server: number; readonly etcd: number }
  /** Writes that the API server was asked for since it started, by what was asked. */
  writes(): Promise<ReadonlyMap<string, number>>
  stop(): Promise<void>
}

export async function startApiCluster(): Promise<ApiCluster> {
  const server = await startApiServer({ flags: ['--max-requests-inflight=800'] })
  await server.installGatewayApi('standard')
  await server.apply(readFileSync(manifest, 'utf8'))
  const token = await server.kubectl(['create', 'token', 'fairlead', '-n', 'fairlead-system', '--duration', '24h'])
  const kubeconfig = `${server.kubeconfig}.controller`
  const config = readFileSync(server.kubeconfig, 'utf8').replaceAll(server.token, token.trim())
  writeFileSync(kubeconfig, config, { mode: 0o600 })
  const client = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger(), maxConcurrent: 64 })
  if (!client.ok) throw new Error(client.error)
  return {
    server,
    client: client.value,
    kubeconfig,
    cpuMs: () => ({ server: cpuMsOf(server.pids().server), etcd: cpuMsOf(server.pids().etcd) }),
    writes: async () => countWrites(await server.kubectl(['get', '--raw', '/metrics'])),
    stop: async () => {
      await client.value.close()
      await server.stop()
    },
  }
}

const writingVerbs: ReadonlySet<string | undefined> = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE'])

function countWrites(metrics: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of metrics.split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? ''
    if (!writingVerbs.has(label('verb'))) continue
    const resource = [label('resource'), label('subresource')].filter((part) => part !== '').join('/')
    const key = `${label('verb')} ${resource}`
    counts.set(key, (counts.get(key) ?? 0) + Number(line.slice(line.lastIndexOf(' '))))
  }
  return counts
}
