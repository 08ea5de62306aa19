import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'

/** What a stream may read: the resources of its Gateway, and the endpoints of all. */
export interface Shelf {
  of(type: XdsType): ReadonlyStock
  /**
   * Routes that went in the newest epoch, and scopes of which the whole table went: no listener asks them any more, only
   * connections of an earlier one.
   */
  readonly retired: ReadonlyMap<string, NamedResource>
}

/** The resources of one type. */
export interface ReadonlyStock {
  readonly size: number
  get(name: string): NamedResource | undefined
  names(): IterableIterator<string>
  /** The newest version before the current one that some proxy took; undefined once the current one was taken. */
  lastGood(name: string): NamedResource | undefined
  /** Whether a proxy of that Envoy version acknowledged these very bytes, salted or not. */
  isProven(resource: NamedResource, envoyVersion: string): boolean
  /** Notes that a proxy of that Envoy version acknowledged the resource. */
  prove(resource: NamedResource, envoyVersion: string): void
}

/** One name: what is wanted, and what is known to work while that is not. */
interface Entry {
  current: NamedResource
  /** Envoy versions that acknowledged `current`. */
  provenBy: readonly string[]
  good: NamedResource | undefined
  goodBy: readonly string[]
}

/** The resources of one type by name, each with the last version that a proxy took while the newest is unproven. */
export class Stock implements ReadonlyStock {
  readonly #entries = new Map<string, Entry>()

  get size(): number {
    return this.#entries.size
  }

  get(name: string): NamedResource | undefined {
    return this.#entries.get(name)?.current
  }

  names(): IterableIterator<string> {
    return this.#entries.keys()
  }

  /** Sets, or with undefined removes, one resource. False when nothing changed. */
  put(name: string, resource: NamedResource | undefined): boolean {
    if (resource === undefined) return this.#entries.delete(name)
    const entry = this.#entries.get(name)
    if (entry === undefined) {
      this.#entries.set(name, { current: resource, provenBy: [], good: undefined, goodBy: [] })
      return true
    }
    if (entry.current.version === resource.version) {
      // Same bytes, but origins, clusters or gate may differ. They are read from the store when they are needed.
      entry.current = resource
      return false
    }
    const { current, provenBy, good, goodBy } = entry
    entry.current = resource
    entry.provenBy = good?.version === resource.version ? goodBy : []
    if (provenBy.length > 0) {
      entry.good = current
      entry.goodBy = provenBy
    }
    return true
  }

  lastGood(name: string): NamedResource | undefined {
    return this.#entries.get(name)?.good
  }

  isProven(resource: NamedResource, envoyVersion: string): boolean {
    const entry = this.#entries.get(resource.name)
    if (entry === undefined) return false
    if (entry.current.version === resource.version) return entry.provenBy.includes(envoyVersion)
    return entry.good?.version === resource.version && entry.goodBy.includes(envoyVersion)
  }

  prove(resource: NamedResource, envoyVersion: string): void {
    const entry = this.#entries.get(resource.name)
    if (entry === undefined) return
    if (entry.current.version === resource.version) {
      entry.provenBy = withVersion(entry.provenBy, envoyVersion)
      entry.good = undefined
      entry.goodBy = []
    } else if (entry.good?.version === resource.version) {
      entry.goodBy = withVersion(entry.goodBy, envoyVersion)
    } else if (entry.provenBy.length === 0) {
      entry.good = resource
      entry.goodBy = [envoyVersion]
    }
  }
}

/** The usual list of one Envoy version is shared by all entries. */
const singles = new Map<string, readonly string[]>()

function withVersion(versions: readonly string[], version: string): readonly string[] {
  if (versions.includes(version)) return versions
  if (versions.length > 0) return [...versions, version]
  let single = singles.get(version)
  if (single === undefined) {
    single = [version]
    if (singles.size < 16) singles.set(version, single)
  }
  return single
}
