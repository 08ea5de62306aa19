/** Set-up of the vitest projects that need Kubernetes: builds its programs where they are missing and says where they are. */
import { dirname } from 'node:path'
import { ensureGatewayApi, ensurePrograms } from './cluster/programs.ts'

/** Called by vitest before the first test. Tests inherit the environment. */
export async function setup(): Promise<void> {
  process.env.FAIRLEAD_KUBE_BIN ||= await ensurePrograms('kubernetes')
  process.env.FAIRLEAD_GATEWAY_API ||= dirname(await ensureGatewayApi('experimental'))
}
