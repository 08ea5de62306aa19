import { structuralEqual } from '../lib/equal.ts'
import { compareStrings } from '../lib/sorted.ts'
import type { Index } from './collection.ts'
import { CountsView, type GroupBefore, GroupsView, PresenceView } from './index-views.ts'
import { KeyMultimap } from './key-multimap.ts'
import { GraphNode, type Host, type Inlet, type Origin, type Outlet } from './node.ts'
import { ImpureError } from './purity.ts'
import type { View } from './view.ts'

/** What an index is made of. */
export interface IndexParts<V> {
  readonly host: Host
  readonly name: string
  readonly rank: number
  readonly input: View<V>
  readonly keysOf: (value: V, key: string) => readonly string[]
}

/**
 * A secondary index of one collection. What is kept is which member is in which group; values stay in the input, and a
 * group's array is made when it is read.
 */
export class IndexNode<V> extends GraphNode implements Index<V> {
  readonly kind = 'index'
  readonly groups: GroupsView<V>
  readonly counts: CountsView
  readonly presence: PresenceView
  readonly outlets: readonly Outlet[]
  readonly #parts: IndexParts<V>
  readonly #members = new KeyMultimap()
  /** Member key to its groups; a single one stands for itself. */
  readonly #groupsOf = new Map<string, string | readonly string[]>()
  readonly #touched = new Map<string, GroupBefore<V>>()

  constructor(parts: IndexParts<V>) {
    super(parts.host, parts.name, parts.rank)
    this.#parts = parts
    this.groups = new GroupsView(this, `${parts.name}.groups`, this.#members, parts.input)
    this.counts = new CountsView(this, `${parts.name}.counts`, this.#members)
    this.presence = new PresenceView(this, `${parts.name}.presence`, this.#members)
    this.outlets = [this.groups, this.counts, this.presence]
    parts.input.subscribe(this)
  }

  get isUnsettled(): boolean {
    return this.#touched.size > 0
  }

  visit(member: string): void {
    const held = this.#groupsOf.get(member)
    const old = held === undefined ? [] : typeof held === 'string' ? [held] : held
    const next = this.#keysOf(member) ?? old
    for (const group of old) {
      this.#touch(group, member)
      if (!next.includes(group)) this.#members.delete(group, member)
    }
    for (const group of next) {
      this.#touch(group, member)
      this.#members.add(group, member)
    }
    const [only] = next
    if (only === undefined) this.#groupsOf.delete(member)
    else this.#groupsOf.set(member, next.length === 1 ? only : next)
  }

  settle(): number {
    let changes = 0
    for (const [group, before] of this.#touched) {
      const count = this.#members.count(group)
      if (before.count === 0 && count === 0) continue
      this.groups.publish(group, before, count)
      if (count !== before.count) this.counts.publish(group, before.count, count)
      if (count === 0 || before.count === 0) this.presence.publish(group, count > 0)
      changes++
    }
    this.#touched.clear()
    return changes
  }

  *inlets(): Iterable<Inlet> {
    yield { outlet: this.#parts.input, how: 'input', keys: undefined }
  }

  *origins(_outlet: Outlet, group: string): Iterable<Origin> {
    const { input } = this.#parts
    for (const key of [...this.#members.members(group)].sort(compareStrings)) {
      yield { node: input.node, outlet: input, key, how: 'input' }
    }
  }

  /** The groups a member is in now, repetitions included; undefined when `keysOf` threw. */
  #keysOf(member: string): readonly string[] | undefined {
    const value = this.#parts.input.get(member)
    if (value === undefined) {
      this.failures.delete(member)
      return []
    }
    try {
      const keys = this.#parts.keysOf(value, member)
      if (this.host.checksPurity && !structuralEqual(keys, this.#parts.keysOf(value, member))) {
        throw new ImpureError(`${this.name}: "${member}" gave two lists of keys`)
      }
      this.failures.delete(member)
      return keys
    } catch (error) {
      if (error instanceof ImpureError) throw error
      this.recordFailure(member, error)
      return undefined
    }
  }

  #touch(group: string, member: string): void {
    if (!this.#touched.has(group)) {
      this.#touched.set(group, { count: this.#members.count(group), members: this.groups.beforeTouch(group) })
    }
    this.groups.expire(group, member)
  }
}
