import { GraphNode, type Host, type Inlet, type Origin, type Outlet } from './node.ts'
import { Store } from './store.ts'
import type { View } from './view.ts'

/** The union of collections; where several have a key, the first of them counts. */
export class JoinNode<V> extends GraphNode {
  readonly kind = 'join'
  readonly store: Store<V>
  readonly outlets: readonly Outlet[]
  readonly #inputs: readonly View<V>[]

  constructor(host: Host, name: string, rank: number, inputs: readonly View<V>[]) {
    super(host, name, rank)
    // Another input may come to hold the same value: it is a change only if an input would call it one.
    this.store = new Store<V>(this, name, (a, b) => inputs.every((input) => input.same(a, b)))
    this.outlets = [this.store]
    this.#inputs = inputs
    for (const input of inputs) input.subscribe(this)
  }

  get isUnsettled(): boolean {
    return this.store.isUnsettled
  }

  visit(key: string): void {
    const value = this.#winner(key)?.get(key)
    if (value === undefined) this.store.drop(key)
    else this.store.put(key, value)
  }

  settle(): number {
    return this.store.settle()
  }

  *inlets(): Iterable<Inlet> {
    for (const outlet of this.#inputs) yield { outlet, how: 'input', keys: undefined }
  }

  *origins(_outlet: Outlet, key: string): Iterable<Origin> {
    const outlet = this.#winner(key)
    if (outlet !== undefined) yield { node: outlet.node, outlet, key, how: 'input' }
  }

  #winner(key: string): View<V> | undefined {
    return this.#inputs.find((input) => input.has(key))
  }
}
