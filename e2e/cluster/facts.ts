import { run } from './command.ts'
import type { Cluster, ClusterNode } from './provider.ts'

/** What a test process is told of the cluster that it runs in. */
interface ClusterFacts {
  readonly kubeconfig: string
  readonly kubectl: string
  readonly nodes: readonly ClusterNode[]
  readonly bareId?: string | undefined
}

/** The environment of a command that is to find the cluster: our tests by `currentCluster`, others by KUBECONFIG. */
export function environmentOf({ kubeconfig, kubectl, nodes, bareId }: Cluster): Readonly<Record<string, string>> {
  const named = nodes.map(({ name, address }) => ({ name, address }))
  const facts: ClusterFacts = { kubeconfig, kubectl, nodes: named, bareId }
  return { KUBECONFIG: kubeconfig, FAIRLEAD_CLUSTER_FACTS: JSON.stringify(facts) }
}

/** The cluster in whose network this test runs. */
export interface CurrentCluster extends ClusterFacts {
  /** Runs kubectl as administrator and returns what it prints on standard output. */
  runKubectl(args: readonly string[], input?: string): Promise<string>
}

/** The cluster in whose network this process runs. Throws with the command to run where there is none. */
export function currentCluster(): CurrentCluster {
  const text = process.env.FAIRLEAD_CLUSTER_FACTS
  if (text === undefined) {
    throw new Error(
      'no cluster: `npm run e2e -- FILTER`, or `npm run cluster -- exec npx vitest run FILE` in one that runs',
    )
  }
  const facts = JSON.parse(text) as ClusterFacts
  return {
    ...facts,
    runKubectl: (args, input) => run(facts.kubectl, ['--kubeconfig', facts.kubeconfig, ...args], { input }),
  }
}
