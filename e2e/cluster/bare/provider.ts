import { existsSync } from 'node:fs'
import { ensurePrograms } from '../programs.ts'
import type { ClusterProvider, Step } from '../provider.ts'
import { BareCluster, type ClusterPrograms } from './cluster.ts'
import { takeDown } from './down.ts'
import { bareLayout } from './layout.ts'
import { ensureRequirements } from './requirements.ts'
import { readState } from './state.ts'
import { bringUp } from './up.ts'

/** Kubernetes as plain processes in namespaces: Linux and root, no Docker. */
export const bareProvider = {
  name: 'bare',
  async start(id, step) {
    await ensureRequirements(console.error)
    const layout = bareLayout(id)
    try {
      return await bringUp(layout, await ensureClusterPrograms(step), step)
    } catch (error) {
      throw new Error(`the cluster did not start; its logs are in ${layout.state}/log`, { cause: error })
    }
  },
  async find(id) {
    const layout = bareLayout(id)
    const state = readState(layout)
    if (state?.isUp !== true || !state.nodes.every(({ pid }) => existsSync(`/proc/${pid}/root/run/ready`)))
      return undefined
    return new BareCluster(layout, await ensureClusterPrograms(), state.nodes)
  },
  remove: (id) => takeDown(bareLayout(id)),
} satisfies ClusterProvider

async function ensureClusterPrograms(step: Step = (_, action) => action()): Promise<ClusterPrograms> {
  return {
    kubernetes: await step('Kubernetes programs', () => ensurePrograms('kubernetes')),
    node: await step('containerd and CoreDNS programs', () => ensurePrograms('node')),
  }
}
