/** What end-to-end tests need of a cluster, and nothing of where it comes from. */

/** One node. */
export interface ClusterNode {
  readonly name: string
  /** Reachable from where test programs run. */
  readonly address: string
}

/** A cluster that runs: CoreDNS, LoadBalancer Services that get an address, network between all pods. */
export interface Cluster {
  /** Path of the administrator's kubeconfig; its server is reachable from where `enter` runs commands. */
  readonly kubeconfig: string
  /** Path of a kubectl. */
  readonly kubectl: string
  readonly nodes: readonly ClusterNode[]
  /** Its id, where the provider is `bare`: tests may lay hands on what runs there. */
  readonly bareId?: string | undefined
  /**
   * What stands before a command so that it reaches pods, Services and LoadBalancer addresses by their addresses. It
   * sees this machine's files. Empty where this machine reaches them itself.
   */
  readonly enter: readonly string[]
  /** Makes the images of a tar file known on every node, under the references that it names. */
  loadImage(tarFile: string): Promise<void>
  /** Ends everything and leaves nothing behind. */
  stop(): Promise<void>
}

/** Does a step of the way there, and tells what it is and how long it took. */
export type Step = <T>(title: string, action: () => Promise<T>) => Promise<T>

/** A way to get a cluster. Clusters of different ids run beside each other. */
export interface ClusterProvider {
  readonly name: 'bare' | 'kind' | 'k3s'
  /** Ends what is left of a cluster of this id, then starts a new one. */
  start(id: string, step: Step): Promise<Cluster>
  /** The cluster of this id, if it runs. */
  find(id: string): Promise<Cluster | undefined>
  /** Removes a cluster of this id, however it was left. */
  remove(id: string): Promise<void>
}
