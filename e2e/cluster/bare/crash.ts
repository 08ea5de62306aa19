import { existsSync, readFileSync } from 'node:fs'
import { waitFor } from '../command.ts'
import { processesOf } from './cgroups.ts'
import type { BareCluster } from './cluster.ts'

/** Ends the API server as a crash would, and returns when it is gone. `startApiServer` brings it back. */
export async function crashApiServer({ layout, nodes: [first] }: BareCluster): Promise<void> {
  const running = processesOf(layout, first).filter((id) => programOf(id).endsWith('/kube-apiserver'))
  if (running.length === 0) throw new Error('no API server runs')
  for (const id of running) process.kill(id, 'SIGKILL')
  // A process that ends loses its arguments before its sockets: only when it is no more its port is free.
  await waitFor('the API server is gone', 10, async () => running.every((id) => !existsSync(`/proc/${id}`)))
}

function programOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')[0] ?? ''
  } catch {
    return '' // It has ended.
  }
}
