import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import type { Revision } from './revision.ts'
import { Quarantine } from './quarantine.ts'
import { type Shelf, Stock } from './stock.ts'
import { UnsaidMemory, UnsaidNames } from './unsaid.ts'

/** One resource that came, changed or (undefined) went. */
export interface ResourceChange {
  /** `<namespace>/<name>` of the Gateway whose proxies get it. */
  readonly gateway: string
  readonly type: XdsType
  readonly name: string
  readonly resource: NamedResource | undefined
}

/** The endpoints of one Service port that came, changed or (undefined) went. */
export interface EndpointChange {
  readonly name: string
  readonly resource: NamedResource | undefined
}

/** Everything that one epoch changed. Proxies learn of it as a whole. */
export interface StoreChanges {
  readonly resources: Iterable<ResourceChange>
  readonly endpoints: Iterable<EndpointChange>
  /** Gateways of which this is a new state that has a name. */
  readonly revisions?: Iterable<RevisionChange> | undefined
}

/** A Gateway whose state got a new name, or (undefined) that went. */
export interface RevisionChange {
  readonly gateway: string
  readonly label: string | undefined
  readonly ownerUid?: string | undefined
}

/** Names that changed, by type: what a stream looks up when it has room to send. */
export type DirtyNames = ReadonlyMap<XdsType, ReadonlySet<string>>

/** A stream as the store knows it. */
export interface StoreListener {
  /**
   * Called once an epoch, and only when a resource of its Gateway changed or endpoints that it watches, or when the state
   * of the Gateway got a new name; once without names when the first configuration is complete.
   */
  changed(dirty: DirtyNames, revision?: Revision): void
}

/** Told when a resource leaves the store, so that what is remembered about it can go too. */
export type GoneCallback = (gateway: string, type: XdsType, name: string) => void

/**
 * What all streams serve from: resources by Gateway, type and name, endpoints by name for everybody. An epoch costs as
 * much as it changes, times the streams of the Gateways concerned; no name that did not change is looked at.
 */
export class ResourceStore {
  readonly #audiences = new Map<string, Audience>()
  readonly #endpoints = new Stock()
  /** Endpoint name to the audiences with a stream that asked for it. */
  readonly #watched = new Map<string, Map<Audience, number>>()
  readonly #onGone: GoneCallback[] = []
  #revisions = 0
  #isSynced = false

  /** False until the first complete configuration is in: until then no stream is served. */
  get isSynced(): boolean {
    return this.#isSynced
  }

  /** Says that the epochs applied so far are a complete configuration. Streams that waited for it are told. */
  markSynced(): void {
    if (this.#isSynced) return
    this.#isSynced = true
    for (const audience of this.#audiences.values()) {
      for (const listener of [...audience.listeners]) listener.changed(new Map())
    }
  }

  /** Takes over one epoch and tells the streams concerned. */
  apply(changes: StoreChanges): void {
    const dirty = new Map<Audience, Map<XdsType, Set<string>>>()
    const gone: { readonly audience: Audience; readonly resource: NamedResource }[] = []
    for (const { gateway, type, name, resource } of changes.resources) {
      const audience = this.#audience(gateway)
      const before = resource === undefined ? audience.of(type).get(name) : undefined
      if (!audience.put(type, name, resource)) continue
      if (before !== undefined && (type === 'scoped-route' || type === 'route'))
        gone.push({ audience, resource: before })
      mark(dirty, audience, type, name)
      if (resource === undefined) for (const callback of this.#onGone) callback(gateway, type, name)
    }
    for (const { name, resource } of changes.endpoints) {
      if (!this.#endpoints.put(name, resource)) continue
      for (const audience of this.#watched.get(name)?.keys() ?? []) mark(dirty, audience, 'endpoint', name)
    }
    for (const { audience, resource } of gone) audience.retire(resource)
    const renamed = new Set<Audience>()
    for (const { gateway, label, ownerUid } of changes.revisions ?? []) {
      const audience = this.#audience(gateway)
      audience.revision = label === undefined ? undefined : { sequence: ++this.#revisions, label, ownerUid }
      renamed.add(audience)
      if (!dirty.has(audience)) dirty.set(audience, new Map())
    }
    for (const [audience, names] of dirty) {
      const revision = renamed.has(audience) ? audience.revision : undefined
      for (const listener of [...audience.listeners]) listener.changed(names, revision)
      audience.retired.clear()
      this.#dropIfEmpty(audience)
    }
  }

  /** Whether a Gateway is known: one that has no resource is served nothing, and its proxies are done at once. */
  has(gateway: string): boolean {
    const audience = this.#audiences.get(gateway)
    return audience !== undefined && (!audience.isEmpty || audience.revision !== undefined)
  }

  /** The wanted resource of a Gateway; endpoints are the same for all. */
  get(gateway: string, type: XdsType, name: string): NamedResource | undefined {
    return this.#audiences.get(gateway)?.of(type).get(name)
  }

  /** Tells `listener` about changes of a Gateway until it leaves. Of a `node` is remembered what it will not say. */
  join(gateway: string, listener: StoreListener, node?: string): StoreMembership {
    const audience = this.#audience(gateway)
    audience.listeners.add(listener)
    const unsaid = node === undefined ? new UnsaidNames() : audience.unsaid.join(node)
    const watching = new Set<string>()
    return {
      shelf: audience,
      quarantine: audience.quarantine,
      unsaid,
      get revision() {
        return audience.revision
      },
      watchEndpoints: (name) => {
        if (watching.has(name)) return
        watching.add(name)
        this.#watch(audience, name, 1)
      },
      unwatchEndpoints: (name) => {
        if (watching.delete(name)) this.#watch(audience, name, -1)
      },
      leave: () => {
        if (audience.listeners.delete(listener) && node !== undefined) audience.unsaid.leave(node)
        for (const name of watching) this.#watch(audience, name, -1)
        watching.clear()
        this.#dropIfEmpty(audience)
      },
    }
  }

  /** Calls `callback` for every resource that leaves the store. */
  onGone(callback: GoneCallback): void {
    this.#onGone.push(callback)
  }

  #audience(gateway: string): Audience {
    let audience = this.#audiences.get(gateway)
    if (audience === undefined) {
      audience = new Audience(gateway, this.#endpoints)
      this.#audiences.set(gateway, audience)
    }
    return audience
  }

  #dropIfEmpty(audience: Audience): void {
    if (audience.isEmpty && audience.revision === undefined && audience.listeners.size === 0)
      this.#audiences.delete(audience.gateway)
  }

  #watch(audience: Audience, name: string, by: 1 | -1): void {
    let counts = this.#watched.get(name)
    if (counts === undefined) {
      counts = new Map()
      this.#watched.set(name, counts)
    }
    const count = (counts.get(audience) ?? 0) + by
    if (count > 0) counts.set(audience, count)
    else counts.delete(audience)
    if (counts.size === 0) this.#watched.delete(name)
  }
}

/** What a stream holds while it is joined to the store. */
export interface StoreMembership {
  readonly shelf: Shelf
  /** Of the Gateway: what its proxies say of bytes that others are sent too, such as endpoints, is not believed for those. */
  readonly quarantine: Quarantine
  /** Of the client, across its streams. */
  readonly unsaid: UnsaidNames
  /** The newest one of the Gateway. */
  readonly revision: Revision | undefined
  watchEndpoints(name: string): void
  unwatchEndpoints(name: string): void
  leave(): void
}

/** The resources of one Gateway and the streams that serve them. */
class Audience implements Shelf {
  readonly gateway: string
  readonly listeners = new Set<StoreListener>()
  readonly quarantine = new Quarantine()
  readonly unsaid = new UnsaidMemory()
  revision: Revision | undefined
  readonly retired = new Map<string, NamedResource>()
  readonly #stocks = new Map<XdsType, Stock>()
  readonly #endpoints: Stock

  constructor(gateway: string, endpoints: Stock) {
    this.gateway = gateway
    this.#endpoints = endpoints
  }

  get isEmpty(): boolean {
    for (const stock of this.#stocks.values()) if (stock.size > 0) return false
    return true
  }

  of(type: XdsType): Stock {
    if (type === 'endpoint') return this.#endpoints
    let stock = this.#stocks.get(type)
    if (stock === undefined) {
      stock = new Stock()
      this.#stocks.set(type, stock)
    }
    return stock
  }

  /** Takes a route, or a scope of a table that no listener asks any more, for retired. Other scopes are just gone. */
  retire(resource: NamedResource): void {
    const { tables = [] } = resource
    const isTableGone = tables.length > 0 && !tables.some((table) => this.#isAsked(table))
    if (resource.type === 'route' || isTableGone) {
      this.retired.set(resource.name, resource)
    }
  }

  #isAsked(table: string): boolean {
    const listeners = this.of('listener')
    for (const name of listeners.names()) if (listeners.get(name)?.tables?.includes(table) === true) return true
    return false
  }

  put(type: XdsType, name: string, resource: NamedResource | undefined): boolean {
    return this.of(type).put(name, resource)
  }
}

function mark(dirty: Map<Audience, Map<XdsType, Set<string>>>, audience: Audience, type: XdsType, name: string): void {
  let types = dirty.get(audience)
  if (types === undefined) {
    types = new Map()
    dirty.set(audience, types)
  }
  let names = types.get(type)
  if (names === undefined) {
    names = new Set()
    types.set(type, names)
  }
  names.add(name)
}
