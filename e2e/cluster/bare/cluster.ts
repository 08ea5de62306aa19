import { join } from 'node:path'
import { run } from '../command.ts'
import type { Cluster } from '../provider.ts'
import { takeDown } from './down.ts'
import { type BareLayout, kubeconfigFile } from './layout.ts'
import { enterNetwork, type HeldNode, runInNode } from './namespaces.ts'
import { containerdSocket } from './node-config.ts'

/** Folders of the programs that a cluster is made of. */
export interface ClusterPrograms {
  readonly kubernetes: string
  readonly node: string
}

/** A bare cluster whose nodes run. */
export class BareCluster implements Cluster {
  readonly layout: BareLayout
  readonly programs: ClusterPrograms
  readonly nodes: readonly [HeldNode, ...HeldNode[]]
  readonly bareId: string
  readonly kubeconfig: string
  readonly kubectl: string
  readonly enter: readonly string[]

  constructor(layout: BareLayout, programs: ClusterPrograms, nodes: readonly [HeldNode, ...HeldNode[]]) {
    this.layout = layout
    this.programs = programs
    this.nodes = nodes
    this.bareId = layout.id
    this.kubeconfig = kubeconfigFile(layout, 'admin')
    this.kubectl = join(programs.kubernetes, 'kubectl')
    this.enter = enterNetwork(nodes[0])
  }

  async loadImage(tarFile: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.ctr(node, ['images', 'import', '--local', tarFile])))
  }

  stop(): Promise<void> {
    return takeDown(this.layout)
  }

  /** Runs kubectl as administrator and returns what it prints. */
  runKubectl(...args: readonly string[]): Promise<string> {
    const [program = '', ...before] = this.enter
    return run(program, [...before, this.kubectl, `--kubeconfig=${this.kubeconfig}`, ...args])
  }

  /** Runs containerd's client on a node and returns what it prints. */
  ctr(node: HeldNode, args: readonly string[]): Promise<string> {
    const ctr = [join(this.programs.node, 'ctr'), '-a', containerdSocket, '-n', 'k8s.io']
    return runInNode(this.layout, node, [...ctr, ...args])
  }
}
