/** The objects that we manage, as they are, and the requests that bring one of them to what it should be. */
import { isRecord } from '../api/compile.ts'
import { type FleetKindName, fleetObjectsTable, type ManagedObject } from '../api/managed-kinds.ts'
import { must } from '../lib/assert.ts'
import { isOurs, type ObservedObject, objectKeyOf, readObserved, type StampedObject } from './applied-object.ts'
import { applyPatch, type KubeClient, type KubeRequest, mergePatch } from './kube-client.ts'
import { collectionPath } from './rest-path.ts'
import { isApiObject, isOlderVersion } from './watch-event.ts'
import { readFailure, type WriteFailure } from './write-failure.ts'

/** What became of an object that should be there. */
export type ApplyOutcome =
  /** It is as it should be, as far as the watch tells. `isVerified`: because we applied it ourselves. */
  | { readonly kind: 'same'; readonly isVerified: boolean }
  | { readonly kind: 'applied'; readonly isChanged: boolean }
  /** It is being deleted: the watch will tell when it is gone. */
  | { readonly kind: 'waiting' }
  /** An object of that name is somebody else's. Nothing was touched. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'failed'; readonly failure: WriteFailure }

/** Where objects are applied, and in whose name. */
export interface AppliedObjectsOptions {
  readonly client: KubeClient
  readonly fieldManager: string
  readonly controllerName: string
}

/** What our last apply of an object gave; or what we found of a former process, which is to be verified. */
interface Applied {
  readonly uid: string
  readonly isVerified: boolean
  readonly ownFields: string | undefined
}

/**
 * Every managed object as it was last seen. Tells what has to be applied, and applies or deletes one object at a
 * time.
 */
export class AppliedObjects {
  readonly #options: AppliedObjectsOptions
  /** By object key, the newest version that we know. */
  readonly #observed = new Map<string, ObservedObject>()
  readonly #applied = new Map<string, Applied>()
  /** What we know of these does not hold: read before they are applied. */
  readonly #doubted = new Set<string>()
  /** Objects that are being applied, with the uids of those that the watch told the end of meanwhile: the answer comes late. */
  readonly #underWay = new Map<string, Set<string>>()

  constructor(options: AppliedObjectsOptions) {
    this.#options = options
  }

  get(key: string): ObservedObject | undefined {
    return this.#observed.get(key)
  }

  keys(): IterableIterator<string> {
    return this.#observed.keys()
  }

  /** Takes in what the watch told. False when it was known, or is older than what is. */
  observe(object: ObservedObject): boolean {
    const key = objectKeyOf(object.kind, object)
    const known = this.#observed.get(key)
    if (known?.uid === object.uid) {
      const { resourceVersion } = object
      if (resourceVersion === known.resourceVersion || isOlderVersion(resourceVersion, known.resourceVersion))
        return false
    }
    this.#observed.set(key, object)
    return true
  }

  /** The watch does not have it any more: it is gone, or does not have our label. */
  forget(key: string): void {
    const known = this.#observed.get(key)
    if (known !== undefined) this.#underWay.get(key)?.add(known.uid)
    this.#observed.delete(key)
    this.#applied.delete(key)
    this.#doubted.delete(key)
  }

  /** Whether an object that nobody wants is ours to delete. One that somebody copied has our marks, but not our fields. */
  isLeftOver(key: string): boolean {
    const there = this.#observed.get(key)
    return (
      there !== undefined &&
      !there.isDeleting &&
      there.isManaged &&
      there.ownFields !== undefined &&
      there.controller === this.#options.controllerName
    )
  }

  /** Whether it has to be applied. `isVerifying`: what was applied before we came is not trusted. */
  look({ object, hash }: StampedObject, isVerifying: boolean): ApplyOutcome | undefined {
    const key = objectKeyOf(object.kind, object.metadata)
    const there = this.#observed.get(key)
    if (there === undefined || this.#doubted.has(key)) return undefined
    if (!isOurs(there, object, this.#options.controllerName)) return { kind: 'foreign' }
    if (there.isDeleting) return { kind: 'waiting' }
    const isOwned = object.metadata.ownerReferences.every(({ uid }) => there.owners.some((owner) => owner.uid === uid))
    if (there.hash !== hash || !isOwned) return undefined
    const { uid, ownFields } = there
    const known = this.#applied.get(key)
    const applied = known?.uid === uid ? known : { uid, ownFields, isVerified: false }
    if (applied.ownFields !== ownFields || ownFields === undefined) return undefined
    if (isVerifying && !applied.isVerified) return undefined
    this.#applied.set(key, applied)
    return { kind: 'same', isVerified: applied.isVerified }
  }

  /** Applies an object whose name is free or whose object is ours. */
  async apply(stamped: StampedObject): Promise<ApplyOutcome> {
    const { object } = stamped
    const key = objectKeyOf(object.kind, object.metadata)
    this.#underWay.set(key, new Set())
    try {
      const known = this.#doubted.has(key) ? undefined : this.#observed.get(key)
      const there = known ?? (await this.#read(object.kind, key))
      if (there !== undefined && !isOurs(there, object, this.#options.controllerName)) return { kind: 'foreign' }
      if (there?.isDeleting === true) return { kind: 'waiting' }
      const told = await this.#send(stamped, there)
      this.#doubted.delete(key)
      return { kind: 'applied', isChanged: told?.resourceVersion !== there?.resourceVersion }
    } catch (error) {
      const failure = readFailure(error)
      if (failure.kind === 'conflict' || failure.kind === 'gone') this.#doubted.add(key)
      return { kind: 'failed', failure }
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #send(stamped: StampedObject, there: ObservedObject | undefined): Promise<ObservedObject | undefined> {
    const { object, hash } = stamped
    const apply = () => this.#options.client.send(this.#applyRequest(stamped, there))
    let answer: unknown
    try {
      answer = await apply()
    } catch (error) {
      // It was taken before, so what is refused is how it goes with what others added.
      if (there?.hash !== hash || readFailure(error).kind !== 'refused') throw error
      await this.#replace(object, there)
      answer = await apply()
    }
    const told = readObserved(object.kind, answer, this.#options.fieldManager)
    const key = objectKeyOf(object.kind, object.metadata)
    if (told === undefined || this.#underWay.get(key)?.has(told.uid) === true) return told
    this.#applied.set(key, { uid: told.uid, ownFields: told.ownFields, isVerified: true })
    this.observe(told)
    return told
  }

  /**
   * Writes our lists in the place of those that are there. Somebody who changes the port of a Service puts an item of his
   * own beside ours, both with one name: that is what apply makes of it, and what the API server refuses.
   */
  async #replace(object: ManagedObject, { uid, namespace, name }: ObservedObject): Promise<void> {
    const { client, fieldManager } = this.#options
    const path = pathOf(object.kind, { namespace, name })
    const patch = { method: 'PATCH', path, query: { fieldManager }, contentType: mergePatch } as const
    const answer = await client.send({ ...patch, body: { ...object, metadata: { uid } } })
    if (!isApiObject(answer)) return
    // An update of ours beside our apply would own what we do not apply any more some day.
    const { resourceVersion, managedFields } = answer.metadata
    const entries: readonly unknown[] = Array.isArray(managedFields) ? managedFields : []
    const kept = entries.filter(
      (entry) => !isRecord(entry) || entry.manager !== fieldManager || entry.operation !== 'Update',
    )
    await client.send({ ...patch, body: { metadata: { uid, resourceVersion, managedFields: kept } } })
  }

  /** Deletes what we know under the key, and nothing else that may have its name by now. */
  async delete(key: string): Promise<WriteFailure | undefined> {
    const there = must(this.#observed.get(key), `${key} is to be deleted and unknown`)
    const body = { propagationPolicy: 'Background', preconditions: { uid: there.uid } }
    try {
      await this.#options.client.send({ method: 'DELETE', path: pathOf(there.kind, there), body })
      // The watch may have told its end before the answer came.
      if (this.#observed.get(key) === there) this.#observed.set(key, { ...there, isDeleting: true })
      return undefined
    } catch (error) {
      return readFailure(error)
    }
  }

  /** Objects without our label are not watched: before the first apply somebody else's would be unknown. */
  async #read(kind: FleetKindName, key: string): Promise<ObservedObject | undefined> {
    const [, namespace = '', name = ''] = key.split('/')
    try {
      const answer = await this.#options.client.send({ method: 'GET', path: pathOf(kind, { namespace, name }) })
      return readObserved(kind, answer, this.#options.fieldManager)
    } catch (error) {
      if (readFailure(error).kind === 'gone') return undefined
      throw error
    }
  }

  /**
   * With the uid of what is there, or else without force: an object that somebody made meanwhile is a conflict either way
   * and not overwritten.
   */
  #applyRequest({ object }: StampedObject, there: ObservedObject | undefined): KubeRequest {
    const { fieldManager } = this.#options
    const query = { fieldManager, force: there === undefined ? undefined : 'true' }
    const uid = there === undefined ? {} : { uid: there.uid }
    const body = { ...object, metadata: { ...object.metadata, ...uid } }
    return { method: 'PATCH', path: pathOf(object.kind, object.metadata), contentType: applyPatch, query, body }
  }
}

function pathOf(
  kind: FleetKindName,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const row = must(
    fleetObjectsTable.find((candidate) => candidate.kind === kind),
    `${kind} is not in fleetObjectsTable`,
  )
  return `${collectionPath(row, namespace)}/${name}`
}
