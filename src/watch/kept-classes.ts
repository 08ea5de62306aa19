/** Keeps a GatewayClass for as long as Gateways use it, though it was deleted. */
import type { Graph } from '../graph/graph.ts'
import type { Logger } from '../lib/logger.ts'
import type { ObjectSources } from './sources.ts'

/** What tells whether a class is still used. */
export interface KeptClassesOptions {
  readonly graph: Pick<Graph, 'onEpoch'>
  readonly sources: Pick<ObjectSources, 'gatewayClasses' | 'gateways'>
  readonly controllerName: string
  readonly logger: Logger
}

/**
 * `GatewayClass` says that a class should not be deleted while Gateways use it, by a finalizer. That would need the right
 * to change classes, and would keep one for ever when the controller goes first. So it may be deleted, and what its
 * Gateways serve stays until they go or name another class.
 */
export class KeptClasses {
  readonly #options: KeptClassesOptions
  readonly #kept = new Set<string>()

  constructor(options: KeptClassesOptions) {
    this.#options = options
    options.graph.onEpoch(() => {
      for (const name of [...this.#kept]) if (!this.#isUsed(name)) this.#drop(name)
    })
  }

  /** Names of classes that are kept. */
  get names(): ReadonlySet<string> {
    return this.#kept
  }

  /** The class is there, again or for the first time. */
  added(name: string): void {
    this.#kept.delete(name)
  }

  /** The class was deleted: so it is in the source, at once or later. */
  deleted(name: string): void {
    const { sources, controllerName, logger } = this.#options
    const isOurs = sources.gatewayClasses.get(name)?.spec.controllerName === controllerName
    if (!isOurs || !this.#isUsed(name)) {
      this.#drop(name)
      return
    }
    this.#kept.add(name)
    logger.warn({ gatewayClass: name }, 'a GatewayClass was deleted that Gateways use; they are served as before')
  }

  #drop(name: string): void {
    this.#kept.delete(name)
    this.#options.sources.gatewayClasses.delete(name)
  }

  #isUsed(name: string): boolean {
    for (const [, { spec }] of this.#options.sources.gateways.entries()) if (spec.gatewayClassName === name) return true
    return false
  }
}
