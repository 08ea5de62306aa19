/** A cluster that the client was sent and that does not serve yet. */
interface Warming {
  /** Name its endpoints are asked by; undefined for a cluster that brings its own. */
  readonly endpoints: string | undefined
  /** Position of the response that carried it: only endpoints sent later count. */
  readonly order: number
  isAcked: boolean
  isFilled: boolean
}

/**
 * Which clusters of one client serve. A cluster is warm when the client acknowledged it and, for EDS, the endpoints that
 * were sent after it: until then routes that name it answer 503. Once warm it stays so: a changed cluster replaces the
 * old one only when it is warm itself.
 */
export class ClusterWarmth {
  readonly #warming = new Map<string, Warming>()
  readonly #byEndpoints = new Map<string, Set<string>>()

  isWarming(cluster: string): boolean {
    return this.#warming.has(cluster)
  }

  /** A cluster that the client does not have was sent. */
  begin(cluster: string, endpoints: string | undefined, order: number): void {
    this.forget(cluster)
    this.#warming.set(cluster, { endpoints, order, isAcked: false, isFilled: endpoints === undefined })
    if (endpoints === undefined) return
    const clusters = this.#byEndpoints.get(endpoints)
    if (clusters === undefined) this.#byEndpoints.set(endpoints, new Set([cluster]))
    else clusters.add(cluster)
  }

  /** The cluster is acknowledged. True when that made it warm. */
  acknowledge(cluster: string): boolean {
    const warming = this.#warming.get(cluster)
    if (warming === undefined) return false
    warming.isAcked = true
    return this.#finish(cluster, warming)
  }

  /** Endpoints of a response are acknowledged. Returns the clusters that became warm. */
  fill(endpoints: string, order: number): readonly string[] {
    const warm: string[] = []
    for (const cluster of [...(this.#byEndpoints.get(endpoints) ?? [])]) {
      const warming = this.#warming.get(cluster)
      if (warming === undefined || order < warming.order) continue
      warming.isFilled = true
      if (this.#finish(cluster, warming)) warm.push(cluster)
    }
    return warm
  }

  /** The client refused what it was sent. True when nothing is left to wait for: it took no earlier version either. */
  refuse(cluster: string): boolean {
    if (this.#warming.get(cluster)?.isAcked === true) return false
    this.forget(cluster)
    return true
  }

  /** The cluster is gone. */
  forget(cluster: string): void {
    const warming = this.#warming.get(cluster)
    if (warming === undefined) return
    this.#warming.delete(cluster)
    if (warming.endpoints === undefined) return
    const clusters = this.#byEndpoints.get(warming.endpoints)
    clusters?.delete(cluster)
    if (clusters?.size === 0) this.#byEndpoints.delete(warming.endpoints)
  }

  #finish(cluster: string, warming: Warming): boolean {
    if (!warming.isAcked || !warming.isFilled) return false
    this.forget(cluster)
    return true
  }
}
