/** What an API server keeps: objects with versions, and the history that watches are served from. */
import { structuralEqual } from '../lib/equal.ts'
import { compareStrings } from '../lib/sorted.ts'

/** A kind that FakeApi serves. */
export interface FakeResource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** From a CustomResourceDefinition: items of its lists carry apiVersion and kind, those of built-in kinds do not. */
  readonly isCustom: boolean
}

/** An object as the API server shows it. */
export interface RawObject extends Readonly<Record<string, unknown>> {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: RawMetadata
}

/** Metadata as far as FakeApi looks at it. */
export interface RawMetadata extends Readonly<Record<string, unknown>> {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
}

/** One change of one object. */
export interface FakeEvent {
  readonly version: number
  readonly resource: FakeResource
  /** Undefined when the object did not exist before. */
  readonly before: RawObject | undefined
  /** Undefined when it is gone. */
  readonly after: RawObject | undefined
}

/** `plural.group`, as RBAC and CRDs name it; `plural` alone for core kinds. */
export function resourceName({ plural, group }: Pick<FakeResource, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** Objects of all kinds, with one count of versions. */
export class FakeStore {
  /** Version of the newest change. */
  version = 100
  /** Events up to this version are forgotten: there was a time before us. */
  compacted = 100
  readonly #objects = new Map<string, RawObject>()
  #history: FakeEvent[] = []
  #uids = 0
  readonly #listeners = new Set<(event: FakeEvent) => void>()

  get(resource: FakeResource, namespace: string, name: string): RawObject | undefined {
    return this.#objects.get(keyOf(resource, namespace, name))
  }

  /** In the order of etcd: by namespace and name. */
  list(resource: FakeResource, namespace: string | undefined): readonly RawObject[] {
    const prefix = `${resourceName(resource)}/${namespace === undefined ? '' : `${namespace}/`}`
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareStrings)
    return keys.flatMap((key) => this.#objects.get(key) ?? [])
  }

  /** Stores a new object, or a new version of one unless nothing changed; returns what is stored. */
  write(resource: FakeResource, wanted: Readonly<Record<string, unknown>>, namespace: string, name: string): RawObject {
    const key = keyOf(resource, namespace, name)
    const before = this.#objects.get(key)
    const metadata = this.#metadata(resource, wanted, before, { namespace, name })
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    const next: RawObject = { ...wanted, apiVersion, kind: resource.kind, metadata }
    if (before !== undefined && structuralEqual(before, next)) return before
    this.version += 1
    const after = freeze({ ...next, metadata: { ...metadata, resourceVersion: String(this.version) } })
    this.#objects.set(key, after)
    this.#tell({ version: this.version, resource, before, after })
    return after
  }

  delete(resource: FakeResource, namespace: string, name: string): void {
    const key = keyOf(resource, namespace, name)
    const before = this.#objects.get(key)
    if (before === undefined) return
    this.#objects.delete(key)
    this.version += 1
    this.#tell({ version: this.version, resource, before, after: undefined })
  }

  /** What happened after a version; undefined when that is forgotten. */
  since(version: number): readonly FakeEvent[] | undefined {
    return version < this.compacted ? undefined : this.#history.filter((event) => event.version > version)
  }

  /** Forgets everything up to now. */
  compact(): void {
    this.version += 1
    this.compacted = this.version
    this.#history = []
  }

  onEvent(listener: (event: FakeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #metadata(
    resource: FakeResource,
    wanted: Readonly<Record<string, unknown>>,
    before: RawObject | undefined,
    { namespace, name }: { readonly namespace: string; readonly name: string },
  ): RawMetadata {
    const given = typeof wanted.metadata === 'object' ? wanted.metadata : {}
    if (before === undefined) this.#uids += 1
    const counts = resource.group !== ''
    const generation = before?.metadata.generation ?? 0
    const isNew = before === undefined || !structuralEqual(specOf(before), specOf(wanted))
    return {
      ...given,
      name,
      ...(resource.namespaced ? { namespace } : {}),
      uid: before?.metadata.uid ?? `uid-${this.#uids}`,
      creationTimestamp: before?.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
      resourceVersion: before?.metadata.resourceVersion ?? '',
      ...(counts ? { generation: isNew ? generation + 1 : generation } : {}),
    }
  }

  #tell(event: FakeEvent): void {
    this.#history.push(event)
    for (const listener of [...this.#listeners]) listener(event)
  }
}

function keyOf(resource: FakeResource, namespace: string, name: string): string {
  return `${resourceName(resource)}/${namespace}/${name}`
}

function specOf(object: Readonly<Record<string, unknown>>): unknown {
  const { apiVersion, kind, metadata, status, ...spec } = object
  return spec
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}
