/**
 * A string to a set of strings, lean for the common case: a single member is stored as itself, without a Set.
 * Every operation on one pair costs the same however many there are.
 */
export class KeyMultimap {
  readonly #members = new Map<string, string | Set<string>>()

  /** Number of keys that have a member. */
  get size(): number {
    return this.#members.size
  }

  /** Adds the pair; false when it was there. */
  add(key: string, member: string): boolean {
    const held = this.#members.get(key)
    if (held === undefined) {
      this.#members.set(key, member)
      return true
    }
    if (typeof held === 'string') {
      if (held === member) return false
      this.#members.set(key, new Set([held, member]))
      return true
    }
    if (held.has(member)) return false
    held.add(member)
    return true
  }

  /** Removes the pair; false when it was not there. */
  delete(key: string, member: string): boolean {
    const held = this.#members.get(key)
    if (typeof held === 'string') return held === member && this.#members.delete(key)
    if (held?.delete(member) !== true) return false
    if (held.size === 1) for (const last of held) this.#members.set(key, last)
    return true
  }

  has(key: string): boolean {
    return this.#members.has(key)
  }

  contains(key: string, member: string): boolean {
    const held = this.#members.get(key)
    return typeof held === 'string' ? held === member : held?.has(member) === true
  }

  /** Number of members of a key. */
  count(key: string): number {
    const held = this.#members.get(key)
    return held === undefined ? 0 : typeof held === 'string' ? 1 : held.size
  }

  keys(): IterableIterator<string> {
    return this.#members.keys()
  }

  /** The members of a key, in no particular order. */
  members(key: string): Iterable<string> {
    const held = this.#members.get(key)
    return held === undefined ? [] : typeof held === 'string' ? [held] : held
  }

  /** Adds the members of a key to a set. */
  addMembersTo(key: string, target: Set<string>): void {
    const held = this.#members.get(key)
    if (held === undefined) return
    if (typeof held === 'string') target.add(held)
    else for (const member of held) target.add(member)
  }
}
