/** What matters of Envoy's side of delta ADS, in memory: what it serves, what it remembers and what it asks for. */
import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import { endpointsNameOf } from '../xds/cluster-endpoints.ts'
import type { ScriptResponse, StreamScript } from './stream-script.ts'

interface ModelCluster {
  readonly endpoints: string | undefined
  /** Some version of it serves. */
  isWarm: boolean
  /** The newest version of it waits for endpoints that come after it. */
  needsEndpoints: boolean
}

/**
 * Behaves as Envoy 1.40 was seen to: CDS and LDS take good resources beside bad ones, EDS until a bad one, SRDS all or nothing,
 * and SRDS remembers the bytes before the culprit without serving them and then ignores them.
 */
export class ModelEnvoy {
  /** Content hash of what is served, by type and name. */
  readonly served: Readonly<Record<XdsType, Map<string, string>>> = {
    secret: new Map(),
    cluster: new Map(),
    endpoint: new Map(),
    listener: new Map(),
    'scoped-route': new Map(),
    route: new Map(),
  }
  /** What went wrong in a way that no order of events excuses. */
  readonly faults: string[] = []
  readonly #isBad: (hash: string) => boolean
  /** What it tells a new stream that it has. */
  readonly #versions = new Map<XdsType, Map<string, string>>()
  readonly #rememberedScopes = new Map<string, string>()
  readonly #clusters = new Map<string, ModelCluster>()
  /** What it refused alone, with the responses that were under way when it said so: those may hold the same. */
  readonly #refused = new Map<string, ReadonlySet<string>>()
  /** What it said to responses that it took and did not answer yet, by nonce. */
  readonly #verdicts = new Map<string, { readonly complaint: string | undefined }>()
  readonly #asked = new Set<XdsType>()
  #script: StreamScript | undefined

  constructor(isBad: (hash: string) => boolean) {
    this.#isBad = isBad
  }

  /** Clusters that wait for endpoints and, as it seems, for ever. */
  get warming(): readonly string[] {
    return [...this.#clusters].filter(([, { needsEndpoints }]) => needsEndpoints).map(([name]) => name)
  }

  /** Whether routes to that cluster are served: the server may not send one before. */
  isWarm(cluster: string): boolean {
    return this.#clusters.get(cluster)?.isWarm === true
  }

  /** Opens a stream, and asks for what it wants with what it has. */
  connect(script: StreamScript): void {
    this.#script = script
    this.#asked.clear()
    this.#verdicts.clear()
    // A server cannot know that a cluster of an earlier stream was still warming.
    for (const cluster of this.#clusters.values()) cluster.isWarm = true
    this.#askClusters()
    const endpoints = this.#wantedEndpoints()
    if (endpoints.length > 0) this.#askEndpoints(endpoints)
    this.#ask('listener')
    if (this.served.listener.size > 0) this.#ask('scoped-route')
  }

  /**
   * The server is started anew: it may try again what was refused. Returns what it cannot know to be there, as
   * `<type> <name>`: what was taken of a refused response.
   */
  forgetServer(): readonly string[] {
    this.#refused.clear()
    return (['cluster', 'listener'] as const).flatMap((type) =>
      [...this.served[type].keys()]
        .filter((name) => this.#versions.get(type)?.has(name) !== true)
        .map((name) => `${type} ${name}`),
    )
  }

  /** Takes responses in the order of the stream up to the oldest of a type, and answers that one. */
  answer(type: XdsType): boolean {
    const script = this.#script
    const index = script?.unanswered.findIndex((each) => each.type === type) ?? -1
    const response = script?.unanswered[index]
    if (script === undefined || response === undefined) return false
    for (const each of script.unanswered.slice(0, index + 1)) {
      if (this.#verdicts.has(each.nonce)) continue
      this.#verdicts.set(each.nonce, { complaint: this.#take(each) })
      this.#follow(each.type)
    }
    const complaint = this.#verdicts.get(response.nonce)?.complaint
    const underWay = new Set(script.unanswered.map(({ nonce }) => nonce))
    script.answer(type, complaint)
    const [only, ...others] = response.sent
    if (complaint !== undefined && only !== undefined && others.length === 0) {
      this.#refused.set(refusalKey(only.resource), underWay)
    }
    return true
  }

  #take(response: ScriptResponse): string | undefined {
    const { type, sent, removed } = response
    if (type === 'scoped-route' && sent.length > 0 && removed.length > 0) this.faults.push('scopes added and removed')
    for (const name of removed) this.#drop(type, name)
    const bad = sent.filter(({ resource }) => this.#isBad(resource.version))
    for (const { resource } of bad) {
      const isExcused = this.#refused.get(refusalKey(resource))?.has(response.nonce) ?? true
      if (!isExcused) this.faults.push(`${refusalKey(resource)} is sent again`)
    }
    if (bad.length === 0) {
      for (const each of sent) this.#apply(type, each.resource.name, each.version)
      if (type === 'cluster')
        for (const { resource } of sent) this.#addCluster(resource.name, endpointsNameOf(resource))
      return undefined
    }
    if (type === 'cluster' || type === 'listener') {
      for (const { resource, version } of sent) {
        if (this.#isBad(resource.version)) continue
        this.served[type].set(resource.name, hashOf(version))
        if (type === 'cluster') this.#addCluster(resource.name, endpointsNameOf(resource))
      }
      const complaints = bad.map(({ resource }) => `${resource.name}: no`)
      return `Error adding/updating ${type}(s) ${complaints.join(type === 'cluster' ? ', ' : '\n')}`
    }
    if (type === 'scoped-route') this.#poison(sent)
    if (type === 'endpoint') this.#serveBeforeCulprit(sent)
    return 'no'
  }

  #poison(sent: ScriptResponse['sent']): void {
    for (const { resource, version } of sent) {
      if (this.#isBad(resource.version)) return
      this.#rememberedScopes.set(resource.name, version)
    }
  }

  /** Endpoints go to those who watch them one after the other, until one objects; no version is recorded. */
  #serveBeforeCulprit(sent: ScriptResponse['sent']): void {
    for (const { resource, version } of sent) {
      if (this.#isBad(resource.version)) return
      this.#serveEndpoints(resource.name, version)
    }
  }

  #apply(type: XdsType, name: string, version: string): void {
    let versions = this.#versions.get(type)
    if (versions === undefined) {
      versions = new Map()
      this.#versions.set(type, versions)
    }
    versions.set(name, version)
    if (type === 'scoped-route') {
      if (this.#rememberedScopes.get(name) === version) return
      this.#rememberedScopes.set(name, version)
    }
    if (type === 'endpoint') this.#serveEndpoints(name, version)
    else this.served[type].set(name, hashOf(version))
  }

  #serveEndpoints(name: string, version: string): void {
    this.served.endpoint.set(name, hashOf(version))
    for (const cluster of this.#clusters.values()) {
      if (cluster.endpoints !== name) continue
      cluster.isWarm = true
      cluster.needsEndpoints = false
    }
  }

  #drop(type: XdsType, name: string): void {
    this.served[type].delete(name)
    this.#versions.get(type)?.delete(name)
    if (type === 'scoped-route') this.#rememberedScopes.delete(name)
    if (type === 'cluster') this.#clusters.delete(name)
  }

  #addCluster(name: string, endpoints: string | undefined): void {
    const isWarm = this.#clusters.get(name)?.isWarm ?? endpoints === undefined
    this.#clusters.set(name, { endpoints, isWarm, needsEndpoints: endpoints !== undefined })
  }

  /** Not while a cluster of an earlier stream waits for its endpoints. */
  #askClusters(): void {
    if (!this.#asked.has('cluster') && this.warming.length === 0) this.#ask('cluster')
  }

  /** What Envoy asks for after it took a response. */
  #follow(type: XdsType): void {
    if (type === 'endpoint') this.#askClusters()
    if (type === 'listener' && this.served.listener.size > 0 && !this.#asked.has('scoped-route')) {
      this.#ask('scoped-route')
    }
    if (type !== 'cluster') return
    const wanted = new Set(this.#wantedEndpoints())
    const gone = [...this.#subscribedEndpoints].filter((name) => !wanted.has(name))
    const fresh = [...wanted].filter((name) => !this.#subscribedEndpoints.has(name))
    for (const name of gone) {
      this.served.endpoint.delete(name)
      this.#versions.get('endpoint')?.delete(name)
    }
    if (fresh.length + gone.length > 0) this.#askEndpoints(fresh, gone)
  }

  #subscribedEndpoints = new Set<string>()

  #wantedEndpoints(): readonly string[] {
    return [...new Set([...this.#clusters.values()].flatMap(({ endpoints }) => endpoints ?? []))]
  }

  #askEndpoints(subscribe: readonly string[], unsubscribe: readonly string[] = []): void {
    if (!this.#asked.has('endpoint')) this.#subscribedEndpoints = new Set()
    for (const name of subscribe) this.#subscribedEndpoints.add(name)
    for (const name of unsubscribe) this.#subscribedEndpoints.delete(name)
    this.#ask('endpoint', subscribe, unsubscribe)
  }

  #ask(type: XdsType, subscribe: readonly string[] = [], unsubscribe: readonly string[] = []): void {
    const isFirst = !this.#asked.has(type)
    this.#asked.add(type)
    const has = isFirst ? Object.fromEntries(this.#versions.get(type) ?? []) : {}
    const request = { type, subscribe, unsubscribe, initialVersions: has }
    this.#script?.event({ kind: 'request', request, nonce: '', error: undefined })
  }
}

function refusalKey({ type, name, version }: NamedResource): string {
  return `refused ${type} ${name} ${version}`
}

function hashOf(version: string): string {
  return version.split('~')[0] ?? ''
}
