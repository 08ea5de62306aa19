import type { Brand } from './brand.ts'

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

/** `group/kind/namespace/name`. Injective, since no part may contain a slash. */
export type ObjectKey = Brand<string, 'ObjectKey'>

/** The key of an object among all kinds. */
export function objectKey(ref: ObjectRef): ObjectKey {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}` as ObjectKey
}

/** How an object is named in messages: `HTTPRoute shop/orders`, `GatewayClass fairlead`. */
export function describeObject(ref: Omit<ObjectRef, 'group'>): string {
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`
}
