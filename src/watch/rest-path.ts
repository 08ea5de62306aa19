/** Where the objects of a kind are in the API, as `/apis/apps/v1/deployments`. */
import type { Kind } from '../api/kinds.ts'

/** Path of all objects of a kind, or of those in one namespace. */
export function collectionPath(
  { group, version, plural }: Pick<Kind, 'group' | 'version' | 'plural'>,
  namespace = '',
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}${namespace === '' ? '' : `/namespaces/${namespace}`}/${plural}`
}

/** `httproutes.gateway.networking.k8s.io`: how RBAC and CRDs name a kind; `secrets` for core kinds. */
export function resourceName({ group, plural }: Pick<Kind, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}
