import { must } from '../lib/assert.ts'
import type { Equals, Single } from './collection.ts'
import type { Host } from './node.ts'
import { SourceNode } from './source.ts'
import { Store } from './store.ts'

/** The only key of a single's store. */
export const SINGLE_KEY = ''

/** A single value written from outside: configuration, today's date. A write waits for the next tick. */
export class Cell<V> implements Single<V> {
  readonly node: SourceNode<readonly [V]>
  readonly name: string
  readonly rank = 0

  constructor(host: Host, name: string, initial: V, equals: Equals<V> | undefined) {
    const boxes: Equals<readonly [V]> | undefined = equals && (([a], [b]) => equals(a, b))
    this.node = new SourceNode(host, 'single', name, (node) => new Store<readonly [V]>(node, name, boxes))
    this.name = name
    this.node.store.put(SINGLE_KEY, [initial])
    this.node.store.settle()
  }

  /** The value boxed, so that undefined is a value too. */
  get store(): Store<readonly [V]> {
    return this.node.store
  }

  get(): V {
    return must(this.store.get(SINGLE_KEY), `${this.name} has no value`)[0]
  }

  set(value: V): void {
    this.node.write(SINGLE_KEY, [value])
  }
}
