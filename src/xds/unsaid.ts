import type { XdsType } from '../envoy/types.ts'

/**
 * Types of which Envoy takes good resources of a response that it refuses: all, or endpoints, routes and secrets until
 * the first bad one. It records no version of those, and so does not speak of them when it comes back.
 */
const partlyTaken: ReadonlySet<XdsType> = new Set(['cluster', 'listener', 'endpoint', 'route', 'secret'])

/** What one client may have that it will not name on its next stream: what it was sent and did not acknowledge. */
export class UnsaidNames {
  readonly #names = new Map<XdsType, Set<string>>()

  get size(): number {
    let size = 0
    for (const names of this.#names.values()) size += names.size
    return size
  }

  of(type: XdsType): ReadonlySet<string> {
    return this.#names.get(type) ?? none
  }

  /** A name is sent. */
  add(type: XdsType, name: string): void {
    if (!partlyTaken.has(type)) return
    const names = this.#names.get(type)
    if (names === undefined) this.#names.set(type, new Set([name]))
    else names.add(name)
  }

  /** The client acknowledged the name, or that it is gone. */
  delete(type: XdsType, name: string): void {
    this.#names.get(type)?.delete(name)
  }
}

const none: ReadonlySet<string> = new Set()

/** Names that are remembered of all clients of a Gateway that left; those of the client that left first go first. */
const maxNames = 20_000

/** The unsaid names of the clients of one Gateway, from one stream of a client to the next. */
export class UnsaidMemory {
  readonly #present = new Map<string, { readonly names: UnsaidNames; streams: number }>()
  readonly #left = new Map<string, UnsaidNames>()
  #leftNames = 0

  /** A stream of a client begins. Streams of one client at a time share what they write. */
  join(node: string): UnsaidNames {
    const present = this.#present.get(node)
    if (present !== undefined) {
      present.streams++
      return present.names
    }
    const names = this.#left.get(node) ?? new UnsaidNames()
    this.#forget(node)
    this.#present.set(node, { names, streams: 1 })
    return names
  }

  /** A stream of a client ends. */
  leave(node: string): void {
    const present = this.#present.get(node)
    if (present === undefined || --present.streams > 0) return
    this.#present.delete(node)
    if (present.names.size === 0) return
    this.#left.set(node, present.names)
    this.#leftNames += present.names.size
    for (const oldest of this.#left.keys()) {
      if (this.#leftNames <= maxNames) return
      this.#forget(oldest)
    }
  }

  #forget(node: string): void {
    this.#leftNames -= this.#left.get(node)?.size ?? 0
    this.#left.delete(node)
  }
}
