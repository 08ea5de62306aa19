import type { Brand } from './brand.ts'
import { compareStrings } from './sorted.ts'

/** An object of a kind known from context. `namespace` is '' for cluster-scoped kinds. */
export interface NamespacedName {
  readonly namespace: string
  readonly name: string
}

/** One Kubernetes object. The version is left out: every served version of a group is the same object. */
export interface ObjectRef extends NamespacedName {
  /** API group, '' for core kinds. */
  readonly group: string
  readonly kind: string
}

/** `namespace/name`; `/name` for cluster-scoped objects. Injective, since neither part may contain a slash. */
export type NamespacedNameKey = Brand<string, 'NamespacedNameKey'>

/** `group/kind/namespace/name`. Injective, since no part may contain a slash. */
export type ObjectKey = Brand<string, 'ObjectKey'>

/** The key of a name within its kind. */
export function namespacedNameKey(name: NamespacedName): NamespacedNameKey {
  return `${name.namespace}/${name.name}` as NamespacedNameKey
}

/** The name a key was made from. */
export function parseNamespacedNameKey(key: NamespacedNameKey): NamespacedName {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The key of an object among all kinds. */
export function objectKey(ref: ObjectRef): ObjectKey {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}` as ObjectKey
}

/** How an object is named in messages: `HTTPRoute shop/orders`, `GatewayClass fairlead`. */
export function describeObject(ref: Omit<ObjectRef, 'group'>): string {
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`
}

/** Orders objects by group, kind, namespace, name. */
export function compareObjectRefs(a: ObjectRef, b: ObjectRef): number {
  return (
    compareStrings(a.group, b.group) ||
    compareStrings(a.kind, b.kind) ||
    compareStrings(a.namespace, b.namespace) ||
    compareStrings(a.name, b.name)
  )
}
