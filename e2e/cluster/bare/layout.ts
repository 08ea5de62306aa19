/** Names, places and addresses of a bare cluster. Everything but the id is the same in each: nothing is seen outside. */
import { join } from 'node:path'
import { cacheFolder } from '../programs.ts'

/** One node: a set of namespaces. */
export interface NodeLayout {
  readonly name: string
  readonly address: string
  /** Addresses of its pods. */
  readonly podRange: string
  /** What it writes to disk. */
  readonly folder: string
}

/** One cluster. */
export interface BareLayout {
  /** Two clusters on one machine differ in it. */
  readonly id: string
  /** All that a run writes; removed by `down`. */
  readonly state: string
  /** Cgroup of everything that runs, in every hierarchy. */
  readonly cgroup: string
  /** The first is the control plane too. */
  readonly nodes: readonly [NodeLayout, ...NodeLayout[]]
}

/** Every pod has an address of it. */
export const podNetwork = '10.88.0.0/16'
/** ClusterIPs. */
export const serviceNetwork = '10.96.0.0/16'
/** The ClusterIP of the cluster's DNS server. */
export const dnsAddress = '10.96.0.10'
/** Addresses of LoadBalancer Services; .10 to .199 are given, others only when a Service wishes for them. */
export const loadBalancerNetwork = '10.89.1.0/24'

/** The layout of the cluster of that id: lower-case letters, digits and `-`. */
export function bareLayout(id: string): BareLayout {
  if (!/^[a-z][a-z0-9-]{0,20}$/.test(id)) throw new Error(`"${id}" is no id of a cluster: use a to z, 0 to 9 and -`)
  const state = join(cacheFolder(), `cluster-${id}`)
  const covered = ['/etc/', '/var/', '/opt/', '/run/'].find((folder) => state.startsWith(folder))
  if (covered !== undefined) {
    throw new Error(`the cache is in ${covered}, which nodes cover with their own: set FAIRLEAD_CACHE to another place`)
  }
  return { id, state, cgroup: `fairlead-${id}`, nodes: [nodeLayout(state, 1), nodeLayout(state, 2)] }
}

function nodeLayout(state: string, number: number): NodeLayout {
  return {
    name: `node${number}`,
    address: `10.89.0.${10 + number}`,
    podRange: `10.88.${number}.0/24`,
    folder: join(state, `node${number}`),
  }
}

/** Folder of the certificates. */
export const certificateFolder = (layout: BareLayout) => join(layout.state, 'pki')

/** File of a program's kubeconfig: `admin`, `scheduler` and others. */
export const kubeconfigFile = (layout: BareLayout, name: string) => join(layout.state, `${name}.kubeconfig`)

/** Where the API server is found from inside of the cluster's network. */
export const apiServerUrl = (layout: BareLayout) => `https://${layout.nodes[0].address}:6443`
