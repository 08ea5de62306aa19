import { compareStrings } from '../lib/sorted.ts'
import type { Entry } from './collection.ts'
import type { KeyMultimap } from './key-multimap.ts'
import type { GraphNode } from './node.ts'
import { deepFreeze } from './purity.ts'
import { View } from './view.ts'

const NONE: ReadonlySet<string> = new Set()

/** A group as it was announced last. */
export interface GroupBefore<V> {
  readonly count: number
  /** Known only while the groups are observed. */
  readonly members: readonly Entry<V>[] | undefined
}

/** A materialised group, and the members that came, went or changed since. */
interface Materialised<V> {
  readonly members: readonly Entry<V>[]
  stale: Set<string> | undefined
}

/** One way to look at the groups of an index; the groups themselves are kept by the index. */
abstract class GroupedView<V> extends View<V> {
  protected readonly members: KeyMultimap

  constructor(node: GraphNode, name: string, members: KeyMultimap) {
    super(node, name)
    this.members = members
  }

  get size(): number {
    return this.members.size
  }

  has(group: string): boolean {
    return this.members.has(group)
  }

  keys(): IterableIterator<string> {
    return this.members.keys()
  }

  *entries(): IterableIterator<readonly [string, V]> {
    for (const group of this.members.keys()) {
      const value = this.get(group)
      if (value !== undefined) yield [group, value]
    }
  }

  same(a: V, b: V): boolean {
    return a === b
  }
}

/** The groups with their members, materialised on read. */
export class GroupsView<V> extends GroupedView<readonly Entry<V>[]> {
  readonly #input: View<V>
  readonly #cache = new Map<string, Materialised<V>>()

  constructor(node: GraphNode, name: string, members: KeyMultimap, input: View<V>) {
    super(node, name, members)
    this.#input = input
  }

  get(group: string): readonly Entry<V>[] | undefined {
    if (!this.members.has(group)) return undefined
    const cached = this.#cache.get(group)
    if (cached !== undefined && cached.stale === undefined) return cached.members
    const stale = cached?.stale ?? NONE
    const isPatched = cached !== undefined && stale.size * 8 < cached.members.length
    const members = isPatched ? this.#patched(group, cached.members, stale) : this.#sorted(group)
    if (this.node.host.checksPurity) deepFreeze(members)
    this.#cache.set(group, { members, stale: undefined })
    return members
  }

  /** From now on every group is kept materialised, so that its members before a change are known. */
  override observe(): void {
    super.observe()
    for (const group of this.members.keys()) this.get(group)
  }

  /** The members as they were announced last; undefined when nobody observes. */
  beforeTouch(group: string): readonly Entry<V>[] | undefined {
    return this.isObserved ? this.#cache.get(group)?.members : undefined
  }

  /** Notes that a member of a group came, goes or has changed. */
  expire(group: string, member: string): void {
    const cached = this.#cache.get(group)
    if (cached === undefined) return
    cached.stale ??= new Set()
    cached.stale.add(member)
  }

  /** Announces a change of a group. */
  publish(group: string, before: GroupBefore<V>, count: number): void {
    if (count === 0) this.#cache.delete(group)
    this.announce(group, before.members, before.count > 0, count > 0)
  }

  #sorted(group: string): readonly Entry<V>[] {
    const old = new Map(this.#cache.get(group)?.members.map((entry) => [entry.key, entry]))
    const members: Entry<V>[] = []
    for (const key of [...this.members.members(group)].sort(compareStrings)) {
      const value = this.#input.get(key)
      const last = old.get(key)
      if (value !== undefined) members.push(last?.value === value ? last : { key, value })
    }
    // A copy is as long as it must be; an array that grew holds room for 16 more.
    return members.slice()
  }

  /** The old array with only the stale members looked at: a change in a large group costs a copy, not a sort. */
  #patched(group: string, before: readonly Entry<V>[], stale: ReadonlySet<string>): readonly Entry<V>[] {
    const members = [...before]
    for (const key of stale) {
      const at = lowerBound(members, key)
      const isHeld = members[at]?.key === key
      const value = this.members.contains(group, key) ? this.#input.get(key) : undefined
      if (value !== undefined) members.splice(at, isHeld ? 1 : 0, { key, value })
      else if (isHeld) members.splice(at, 1)
    }
    return members
  }
}

/** The number of members of each group. */
export class CountsView extends GroupedView<number> {
  get(group: string): number | undefined {
    return this.members.has(group) ? this.members.count(group) : undefined
  }

  /** Announces another number of members. */
  publish(group: string, before: number, count: number): void {
    this.announce(group, before === 0 ? undefined : before, before > 0, count > 0)
  }
}

/** Which groups have members. */
export class PresenceView extends GroupedView<true> {
  get(group: string): true | undefined {
    return this.members.has(group) ? true : undefined
  }

  /** Announces that a group has its first member, or lost its last. */
  publish(group: string, isPresent: boolean): void {
    this.announce(group, isPresent ? undefined : true, !isPresent, isPresent)
  }
}

/** Where a key stands, or belongs, in entries sorted by key. */
function lowerBound(entries: readonly Entry<unknown>[], key: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    const at = entries[middle]
    if (at !== undefined && compareStrings(at.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
