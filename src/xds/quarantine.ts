import type { NamedResource } from '../envoy/resource.ts'

/** Why bytes are in quarantine. */
export interface Sentence {
  /** What the proxy that refused them said. */
  readonly message: string
}

/** Entries kept; the oldest go first. An entry that was dropped costs one more refusal. */
const maxEntries = 10_000

/**
 * Bytes that some proxy of a Gateway refused, by content hash and Envoy version. They are never sent again to a proxy of that
 * version, on no stream; a new version of the same resource is tried at once.
 */
export class Quarantine {
  readonly #sentences = new Map<string, Sentence>()

  get size(): number {
    return this.#sentences.size
  }

  has(resource: NamedResource, envoyVersion: string): boolean {
    return this.#sentences.has(keyOf(resource, envoyVersion))
  }

  get(resource: NamedResource, envoyVersion: string): Sentence | undefined {
    return this.#sentences.get(keyOf(resource, envoyVersion))
  }

  add(resource: NamedResource, envoyVersion: string, message: string): void {
    const key = keyOf(resource, envoyVersion)
    this.#sentences.delete(key)
    this.#sentences.set(key, { message })
    if (this.#sentences.size <= maxEntries) return
    for (const oldest of this.#sentences.keys()) {
      this.#sentences.delete(oldest)
      break
    }
  }
}

function keyOf(resource: NamedResource, envoyVersion: string): string {
  return `${envoyVersion}|${resource.type}|${resource.name}|${resource.version}`
}
