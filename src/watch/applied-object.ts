/** What the applier marks its objects with, and what it reads of objects that are there. Metadata is enough. */
import { isRecord } from '../api/compile.ts'
import type { FleetKindName, ManagedObject } from '../api/managed-kinds.ts'
import { hashContent } from '../lib/hash.ts'
import { isApiObject } from './watch-event.ts'

/** Selects everything that we manage. */
export const managedLabel = { name: 'app.kubernetes.io/managed-by', value: 'fairlead' } as const
/** Annotation: hash of what was applied. */
export const hashAnnotation = 'fairlead.dev/applied-hash'
/** Annotation: controllerName of who applied it. Several controllers may share a cluster and the label. */
export const controllerAnnotation = 'fairlead.dev/controller'

/** An object as it is sent. */
export interface StampedObject {
  readonly object: ManagedObject
  readonly hash: string
}

/** What is looked at of an object of a fleet's kind, whoever made it. */
export interface ObservedObject {
  readonly kind: FleetKindName
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly isDeleting: boolean
  /** Has the label. */
  readonly isManaged: boolean
  readonly hash: string | undefined
  readonly controller: string | undefined
  readonly owners: readonly ObservedOwner[]
  /**
   * Hash of the fields that the API server holds us to own (`managedFields` of our last apply). It changes when somebody
   * changes one of them, and not when somebody sets fields of his own. Undefined when no field is ours.
   */
  readonly ownFields: string | undefined
}

/** One of `metadata.ownerReferences`. */
export interface ObservedOwner {
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly isController: boolean
}

/** `<Kind>/<namespace>/<name>`. */
export function objectKeyOf(
  kind: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${kind}/${namespace}/${name}`
}

/** The object with our annotations. */
export function stampObject(object: ManagedObject, controllerName: string): StampedObject {
  const hash = hashContent(JSON.stringify([object, controllerName]))
  const marks = { [controllerAnnotation]: controllerName, [hashAnnotation]: hash }
  const { metadata } = object
  return { hash, object: { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...marks } } } }
}

/** Reads an object, or the metadata of one, as the API server sends it; undefined when it is none. */
export function readObserved(kind: FleetKindName, raw: unknown, fieldManager: string): ObservedObject | undefined {
  if (!isApiObject(raw)) return undefined
  const { namespace = '', name, uid, resourceVersion, deletionTimestamp, labels, annotations } = raw.metadata
  const mark = (annotation: string) => textOf(isRecord(annotations) ? annotations[annotation] : undefined)
  return {
    kind,
    namespace,
    name,
    uid,
    resourceVersion,
    isDeleting: deletionTimestamp !== undefined,
    isManaged: isRecord(labels) && labels[managedLabel.name] === managedLabel.value,
    hash: mark(hashAnnotation),
    controller: mark(controllerAnnotation),
    owners: listOf(raw.metadata.ownerReferences).map((owner) => ({
      kind: String(owner.kind),
      name: String(owner.name),
      uid: String(owner.uid),
      isController: owner.controller === true,
    })),
    ownFields: readOwnFields(raw.metadata.managedFields, fieldManager),
  }
}

function readOwnFields(managedFields: unknown, fieldManager: string): string | undefined {
  const own = listOf(managedFields).filter(
    ({ manager, operation, subresource }) =>
      manager === fieldManager && operation === 'Apply' && (subresource === undefined || subresource === ''),
  )
  return own.length === 0 ? undefined : hashContent(JSON.stringify(own.map(({ fieldsV1 }) => fieldsV1)))
}

/**
 * Whether an object that is there may be replaced by ours of the same name: its controlling owner is our owner, or one of
 * the same kind and name that existed before ours; without a controlling owner, it has our mark.
 */
export function isOurs(there: ObservedObject, { metadata }: ManagedObject, controllerName: string): boolean {
  const isMarked = there.controller === controllerName
  const controlling = there.owners.find(({ isController }) => isController)
  if (controlling === undefined) return isMarked
  return metadata.ownerReferences.some(
    ({ kind, name, uid }) =>
      controlling.uid === uid || (isMarked && controlling.kind === kind && controlling.name === name),
  )
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
