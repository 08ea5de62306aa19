import { rmSync } from 'node:fs'
import { waitFor } from '../command.ts'
import { processesOf, removeCgroups } from './cgroups.ts'
import type { BareLayout } from './layout.ts'
import { readState } from './state.ts'

/** How long processes have to end after their nodes did, before they are ended one by one. */
const graceMs = 2000

/**
 * Ends a cluster and removes all of it, however it was left: half started, killed, or without its state folder. The
 * death of a node's first process takes all of its processes, mounts and interfaces with it.
 */
export async function takeDown(layout: BareLayout): Promise<void> {
  for (const { holder } of readState(layout)?.nodes ?? []) {
    if (processesOf(layout).includes(holder)) kill(holder)
  }
  const force = Date.now() + graceMs
  await waitFor(`the processes of the cluster ${layout.id} end`, 30, async () => {
    const left = processesOf(layout)
    if (Date.now() > force) left.forEach(kill)
    return left.length === 0
  })
  await waitFor(`the cgroups of the cluster ${layout.id} are removed`, 10, async () => removeCgroups(layout))
  rmSync(layout.state, { recursive: true, force: true })
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
