/** The network of a cluster: a bridge in the first node, to which every other node has a cable. No default route. */
import { run } from '../command.ts'
import { loadBalancerNetwork, serviceNetwork } from './layout.ts'
import { enterNetwork, type HeldNode } from './namespaces.ts'

const bridge = 'bare0'

/** Makes the bridge and connects every node. */
export async function connectNodes(nodes: readonly [HeldNode, ...HeldNode[]]): Promise<void> {
  const [first, ...others] = nodes
  await ip(first, 'link', 'add', bridge, 'type', 'bridge')
  await addRoutes(nodes, first, bridge)
  for (const node of others) await connectNode(nodes, node)
}

/** Connects one node, which is not the first, to the bridge. */
export async function connectNode(nodes: readonly [HeldNode, ...HeldNode[]], node: HeldNode): Promise<void> {
  const cable = `b-${node.name}`
  await ip(nodes[0], 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(node.pid))
  await ip(nodes[0], 'link', 'set', cable, 'master', bridge, 'up')
  await addRoutes(nodes, node, 'eth0')
}

async function addRoutes(nodes: readonly HeldNode[], node: HeldNode, device: string): Promise<void> {
  await ip(node, 'addr', 'add', `${node.address}/24`, 'dev', device)
  await ip(node, 'link', 'set', device, 'up')
  // Without a route connect() fails before kube-proxy's rules see a packet to one of these.
  for (const network of [loadBalancerNetwork, serviceNetwork]) await ip(node, 'route', 'add', network, 'dev', device)
  for (const other of nodes) {
    if (other.name === node.name) continue
    await ip(node, 'route', 'add', other.podRange, 'via', other.address, 'dev', device, 'onlink')
  }
}

function ip(node: HeldNode, ...args: readonly string[]): Promise<string> {
  const [program = '', ...before] = enterNetwork(node)
  return run(program, [...before, 'ip', ...args])
}
