/** What the API server holds of objects beyond what is translated: the writers need it, the graph must not see it. */

/** The server's side of an object. */
export interface LiveObject {
  readonly uid: string
  readonly resourceVersion: string
  readonly generation: number
  /** As the server has it, unparsed; foreign fields and conditions included. */
  readonly status: Readonly<Record<string, unknown>> | undefined
}

/** By `<Kind>/<namespace>/<name>`, `<Kind>//<name>` when cluster-scoped. */
export class LiveObjects {
  readonly #objects = new Map<string, LiveObject>()
  readonly #listeners = new Set<(key: string) => void>()

  get(key: string): LiveObject | undefined {
    return this.#objects.get(key)
  }

  set(key: string, object: LiveObject): void {
    this.#objects.set(key, object)
    this.#tell(key)
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#tell(key)
  }

  entries(): IterableIterator<[string, LiveObject]> {
    return this.#objects.entries()
  }

  /** Calls back with the key of every object that came, changed or went, after the fact. */
  onChange(listener: (key: string) => void): void {
    this.#listeners.add(listener)
  }

  #tell(key: string): void {
    for (const listener of this.#listeners) listener(key)
  }
}
