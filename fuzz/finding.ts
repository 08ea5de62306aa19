/** What a set of objects may not do. */
import type { Fields } from './world.ts'

/** One promise that was broken. */
export interface Finding {
  readonly kind: /** The proxy ended. */
    | 'crash'
    /** The proxy refused a resource, for which translation should have refused an object. */
    | 'refusal'
    /** The proxy wrote of an error: of Lua, say. */
    | 'log'
    /** Something in the control plane threw. */
    | 'throw'
    /** A sentinel was not answered by the backend. */
    | 'sentinel'
    /** A resource of an object that nobody touched has other bytes. */
    | 'sibling'
    /** A status that the API server would not take. */
    | 'status'
    /** A rendered object that the API server would not take. */
    | 'fleet'
    /** The outputs are not those of the objects that are there. */
    | 'history'
    /** The control plane or the proxy did not come to an end. */
    | 'stuck'
  readonly message: string
}

/** What happens to one object, or that all that happened so far takes effect. */
export type Step =
  | { readonly do: 'set'; readonly object: Fields }
  | { readonly do: 'delete'; readonly kind: string; readonly namespace: string; readonly name: string }
  | { readonly do: 'tick' }

/** Objects that come, change and go beside those of the base. Ports are those of `setPorts`. */
export interface ObjectSet {
  /** `<seed>/<index>`. */
  readonly id: string
  readonly steps: readonly Step[]
}

/** One line for people. */
export function describeFinding({ kind, message }: Finding): string {
  return `${kind}: ${message.slice(0, 2_000)}`
}
