import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../command.ts'
import { clusterImages, ensureImage } from '../images.ts'
import type { Step } from '../provider.ts'
import { createCgroups } from './cgroups.ts'
import { BareCluster, type ClusterPrograms } from './cluster.ts'
import { apiServerArguments, controllerArguments, etcdArguments, schedulerArguments } from './control-plane.ts'
import { takeDown } from './down.ts'
import { type BareLayout, kubeconfigFile } from './layout.ts'
import { type HeldNode, holdNode, startDaemon } from './namespaces.ts'
import { connectNodes } from './network.ts'
import {
  containerdConfig,
  kubeletArguments,
  kubeletConfig,
  kubeProxyArguments,
  networkPluginConfig,
} from './node-config.ts'
import { writeCertificates } from './pki.ts'
import { writeState } from './state.ts'

/** Starts a cluster, after everything of an older one of that id is gone. */
export async function bringUp(layout: BareLayout, programs: ClusterPrograms, step: Step): Promise<BareCluster> {
  const images = await Promise.all(clusterImages.map(ensureImage))
  await step('what was left of an older cluster', () => takeDown(layout))
  const nodes = await step('namespaces, network, certificates', () => makeNodes(layout, programs))
  const cluster = new BareCluster(layout, programs, nodes)
  startEtcd(cluster)
  startApiServer(cluster)
  const imported = Promise.all(nodes.map((node) => startContainerd(cluster, node))).then(async () => {
    for (const file of images) await cluster.loadImage(file)
  })
  // Awaited below; until then a failure must not end this process.
  imported.catch(() => undefined)
  await step('API server', () =>
    waitFor('the API server is ready', 120, () => succeeds(cluster.runKubectl('get', '--raw', '/readyz'))),
  )
  await step('nodes', () => startNodes(cluster))
  await step('containerd and first images', () => imported)
  await step('CoreDNS', () => startAddons(cluster))
  writeState(layout, { nodes, isUp: true })
  return cluster
}

async function makeNodes(layout: BareLayout, programs: ClusterPrograms): Promise<readonly [HeldNode, ...HeldNode[]]> {
  mkdirSync(layout.state, { recursive: true })
  createCgroups(layout)
  const pause = join(programs.node, 'pause')
  const [first, ...others] = layout.nodes
  const nodes: [HeldNode, ...HeldNode[]] = [await holdNode(layout, first, pause)]
  for (const node of others) nodes.push(await holdNode(layout, node, pause))
  writeState(layout, { nodes, isUp: false })
  await connectNodes(nodes)
  await writeCertificates(layout)
  return nodes
}

function startEtcd({ layout, nodes: [first] }: BareCluster): void {
  startDaemon(layout, first, 'etcd', ['etcd', ...etcdArguments(layout)])
}

/** Starts the API server, which waits for etcd by itself. */
export function startApiServer({ layout, programs, nodes: [first] }: BareCluster): void {
  const program = join(programs.kubernetes, 'kube-apiserver')
  startDaemon(layout, first, 'kube-apiserver', [program, ...apiServerArguments(layout)])
}

/** Starts the container runtime of a node and waits until it answers. */
export async function startContainerd(cluster: BareCluster, node: HeldNode): Promise<void> {
  const { layout, programs } = cluster
  const config = join(node.folder, 'containerd.toml')
  writeFileSync(config, containerdConfig)
  // It looks for its shim and runc on its path. Version 1 of cgroups is on its list of what will end.
  const env = [`PATH=${programs.node}:${process.env.PATH ?? ''}`, 'CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1']
  startDaemon(layout, node, 'containerd', ['env', ...env, join(programs.node, 'containerd'), '-c', config])
  await waitFor(`containerd of ${node.name} answers`, 60, () => succeeds(cluster.ctr(node, ['version'])))
}

/** Starts what makes a node of Kubernetes: kubelet, kube-proxy and the network plugin. */
export function startNode({ layout, programs }: BareCluster, node: HeldNode): void {
  const mounts = `/proc/${node.pid}/root`
  writeFileSync(join(mounts, '/etc/cni/net.d/10-bare.conflist'), networkPluginConfig(node))
  writeFileSync(join(node.folder, 'kubelet.json'), kubeletConfig(layout, node))
  const path = `PATH=${programs.node}:${process.env.PATH ?? ''}`
  const kubelet = [join(programs.kubernetes, 'kubelet'), ...kubeletArguments(layout, node)]
  startDaemon(layout, node, 'kubelet', ['env', path, ...kubelet])
  const kubeProxy = [join(programs.kubernetes, 'kube-proxy'), ...kubeProxyArguments(layout, node)]
  startDaemon(layout, node, 'kube-proxy', kubeProxy)
}

async function startNodes(cluster: BareCluster): Promise<void> {
  const { layout, programs, nodes } = cluster
  const manager = [join(programs.kubernetes, 'kube-controller-manager'), ...controllerArguments(layout)]
  startDaemon(layout, nodes[0], 'kube-controller-manager', manager)
  const scheduler = [join(programs.kubernetes, 'kube-scheduler'), ...schedulerArguments(layout)]
  startDaemon(layout, nodes[0], 'kube-scheduler', scheduler)
  for (const node of nodes) startNode(cluster, node)
  const condition = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}'
  await waitFor('both nodes are Ready', 120, async () => {
    const statuses = await cluster.runKubectl('get', 'nodes', '-o', `jsonpath=${condition}`)
    return (
      statuses
        .trim()
        .split(' ')
        .filter((status) => status === 'True').length === nodes.length
    )
  })
  for (const { name, podRange } of nodes) {
    const patch = JSON.stringify({ spec: { podCIDR: podRange, podCIDRs: [podRange] } })
    await cluster.runKubectl('patch', 'node', name, '-p', patch)
  }
}

async function startAddons(cluster: BareCluster): Promise<void> {
  const { layout, nodes } = cluster
  const loop = [process.execPath, join(import.meta.dirname, 'load-balancer.ts'), kubeconfigFile(layout, 'admin')]
  startDaemon(layout, nodes[0], 'load-balancer', loop)
  await cluster.runKubectl('apply', '--server-side', '-f', join(import.meta.dirname, 'coredns.yaml'))
  await cluster.runKubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=120s')
}

async function succeeds(action: Promise<unknown>): Promise<boolean> {
  try {
    await action
    return true
  } catch {
    return false // Not yet: who waits gives up in the end, and says for what.
  }
}
