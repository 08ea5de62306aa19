import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from './cluster/command.ts'
import type { Cluster } from './cluster/provider.ts'

const questions: Readonly<Record<string, readonly string[]>> = {
  'pods.txt': ['get', 'pods', '--all-namespaces', '-o', 'wide'],
  'events.txt': ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
  'gateway-api.yaml': ['get', 'gateway-api', '--all-namespaces', '-o', 'yaml'],
  'fairlead-pods.txt': ['describe', 'pods', '-n', 'fairlead-system'],
  'fairlead.log': ['logs', '-n', 'fairlead-system', '-l', 'app.kubernetes.io/name=fairlead', '--tail=-1'],
  'fairlead-before.log': ['logs', '-n', 'fairlead-system', '-l', 'app.kubernetes.io/name=fairlead', '--tail=-1', '-p'],
}

/** Writes what a cluster can tell of a failure into `.cache/e2e`, and returns that folder. */
export async function keepTraces(cluster: Cluster): Promise<string> {
  const folder = join(import.meta.dirname, '..', '.cache', 'e2e')
  mkdirSync(folder, { recursive: true })
  for (const [name, question] of Object.entries(questions)) {
    const [program = '', ...args] = [
      ...cluster.enter,
      cluster.kubectl,
      `--kubeconfig=${cluster.kubeconfig}`,
      ...question,
    ]
    const { stdout, stderr } = await attempt(program, args)
    writeFileSync(join(folder, name), stdout + stderr)
  }
  return folder
}
