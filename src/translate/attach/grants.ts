/** ReferenceGrant lookups: references across namespaces are refused unless the target's namespace allows them. */
import type { ReferenceGrant } from '../../api/gen/types.ts'
import type { Index, Reader } from '../../graph/collection.ts'

/** Who refers to what. `name` of the target matters where a grant names its targets. */
export interface CrossReference {
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string }
  readonly to: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string }
}

/** Grants by `<namespace>|<target group>|<target kind>`: a lookup reads only the grants that could matter. */
export type GrantIndex = Index<ReferenceGrant>

/** Keys under which a grant is found. */
export function grantKeys(grant: ReferenceGrant): readonly string[] {
  const namespace = grant.metadata.namespace
  return [...new Set(grant.spec.to.map((to) => grantKey(namespace, to.group, to.kind)))]
}

function grantKey(namespace: string | undefined, group: string, kind: string): string {
  return `${namespace}|${group}|${kind}`
}

/** Whether the reference stays in its namespace or a ReferenceGrant there allows it (`ReferenceGrantSpec`). */
export function isGranted(read: Reader, grants: GrantIndex, reference: CrossReference): boolean {
  const { from, to } = reference
  if (from.namespace === to.namespace) {
    return true
  }
  return read.group(grants, grantKey(to.namespace, to.group, to.kind)).some(({ value: { spec } }) => {
    const fromAllowed = spec.from.some(
      (allowed) => allowed.group === from.group && allowed.kind === from.kind && allowed.namespace === from.namespace,
    )
    return (
      fromAllowed &&
      spec.to.some(
        (allowed) =>
          allowed.group === to.group &&
          allowed.kind === to.kind &&
          (allowed.name === undefined || allowed.name === '' || allowed.name === to.name),
      )
    )
  })
}
