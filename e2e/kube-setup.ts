/** Set-up of the vitest project `kube`: builds Kubernetes where it is missing and says where it is. */
import { join } from 'node:path'
import { ensurePackages, etcdFile } from './cluster/debian.ts'
import { ensureGatewayApi } from './cluster/gateway-api.ts'
import { ensurePrograms } from './cluster/programs.ts'

/** Called by vitest before the first test. Tests inherit the environment. */
export async function setup(): Promise<void> {
  await ensurePackages([etcdFile], console.error)
  process.env.FAIRLEAD_KUBE_BIN ||= await ensurePrograms('kubernetes')
  process.env.FAIRLEAD_STREAMING_ETCD ||= join(await ensurePrograms('etcd'), 'server')
  process.env.FAIRLEAD_GATEWAY_API ||= await ensureGatewayApi()
}
