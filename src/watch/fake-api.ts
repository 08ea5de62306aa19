/** An API server in memory: FakeApi is held to the same tests as the real one. */
import { fleetObjectsTable } from '../api/managed-kinds.ts'
import { apiVersionOf, kinds } from '../api/kinds.ts'
import { applied, mergePatched, withOwnFields } from './fake-patch.ts'
import { FakeStore, type FakeResource, type RawObject, resourceName } from './fake-store.ts'
import { FakeStream } from './fake-stream.ts'
import { FakeWatch, isSelected } from './fake-watch.ts'
import {
  answerError,
  applyPatch,
  type KubeClient,
  KubeError,
  type KubeRequest,
  type KubeStream,
  mergePatch,
  partialMetadata,
  partialMetadataList,
} from './kube-client.ts'

/** What happens to a request instead of the usual. */
export type FakeFault =
  /** The server answers with an error. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly reason?: string
      readonly message?: string
      readonly details?: unknown
      readonly retryAfterMs?: number
    }
  /** The connection breaks before the server saw the request. */
  | { readonly kind: 'lost' }
  /** The server does as told, but its answer is lost. */
  | { readonly kind: 'lostAnswer' }
  /** The server answers later. */
  | { readonly kind: 'slow'; readonly until: Promise<unknown> }

const crds: FakeResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
  isCustom: false,
}

const leases: FakeResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  isCustom: false,
}

const isBuiltIn = (group: string) => !group.includes('.') || (group.endsWith('.k8s.io') && !group.startsWith('gateway'))

/** Serves every kind that we read or write. Objects and versions are real; there is no admission and no validation. */
export class FakeApi implements KubeClient {
  readonly store = new FakeStore()
  readonly resources: readonly FakeResource[]
  /** Every request, oldest first. */
  readonly requests: KubeRequest[] = []
  /** Asked about every request. */
  fault: ((request: KubeRequest) => FakeFault | undefined) | undefined
  /** Size of the pieces that streams come in. */
  chunkBytes = 65_536
  /** False: refused, as by API servers without the feature WatchList. */
  servesStreamingLists = true
  readonly #watches = new Set<FakeWatch>()
  readonly #forbidden = new Set<string>()
  readonly #pages = new Map<string, readonly RawObject[]>()
  readonly #applied = new Map<string, unknown>()
  #isClosed = false

  constructor() {
    const own = kinds.map(({ group, version, kind, plural, namespaced }) => {
      return { group, version, kind, plural, namespaced, isCustom: !isBuiltIn(group) }
    })
    const fleet = fleetObjectsTable.map((row) => ({ ...row, namespaced: true, isCustom: false }))
    const known = new Set(own.map(resourceName))
    this.resources = [...own, ...fleet.filter((row) => !known.has(resourceName(row))), crds, leases]
    this.store.onEvent((event) => {
      for (const watch of [...this.#watches]) watch.tell(event)
    })
    for (const resource of own.filter(({ isCustom }) => isCustom)) this.installCrd(resource.kind)
  }

  /** Adds or replaces an object with its status, as a test sees fit. */
  put(object: object): RawObject {
    const raw: Readonly<Record<string, unknown>> = { ...object }
    const resource = this.#resourceOf(String(raw.kind))
    const { name, namespace } = namesOf(raw)
    return this.store.write(resource, raw, resource.namespaced ? (namespace ?? 'default') : '', name)
  }

  get(kind: string, namespace: string, name: string): RawObject | undefined {
    return this.store.get(this.#resourceOf(kind), namespace, name)
  }

  remove(kind: string, namespace: string, name: string): void {
    this.store.delete(this.#resourceOf(kind), namespace, name)
  }

  /** Serves a kind of the Gateway API or our own. All are there from the start. */
  installCrd(kind: string, annotations?: Readonly<Record<string, string>>): void {
    const { group } = this.#resourceOf(kind)
    const marks = { [`${group}/bundle-version`]: 'v1.7.0', [`${group}/channel`]: 'experimental' }
    this.put({ kind: crds.kind, metadata: { name: this.#crdName(kind), annotations: annotations ?? marks } })
  }

  /** Deletes a CRD and with it all objects of the kind. */
  removeCrd(kind: string): void {
    const resource = this.#resourceOf(kind)
    for (const { metadata } of this.store.list(resource, undefined)) {
      this.store.delete(resource, metadata.namespace ?? '', metadata.name)
    }
    this.store.delete(crds, '', this.#crdName(kind))
    this.endWatches(resource.plural)
  }

  /** Refuses a verb of RBAC on a resource named as there, as `list`, `httproutes`; or allows it again. */
  forbid(verb: string, resource: string, isForbidden = true): void {
    if (isForbidden) this.#forbidden.add(`${verb} ${resource}`)
    else this.#forbidden.delete(`${verb} ${resource}`)
  }

  /** Forgets the history: watches from before, and lists that are under way, end with 410. */
  compact(): void {
    this.store.compact()
    this.#pages.clear()
  }

  /** Open watches, of one plural or of all. */
  watches(plural?: string): readonly FakeWatch[] {
    return [...this.#watches].filter(({ selection }) => plural === undefined || selection.resource.plural === plural)
  }

  /** Tells open watches the newest version. */
  bookmark(plural?: string): void {
    for (const watch of this.watches(plural)) watch.bookmark(this.store.version)
  }

  /** Ends open watches as the server does after timeoutSeconds. */
  endWatches(plural?: string): void {
    for (const watch of this.watches(plural)) {
      this.#watches.delete(watch)
      watch.stream.end()
    }
  }

  /** Breaks the connections of open watches. */
  breakWatches(plural?: string): void {
    for (const watch of this.watches(plural)) {
      this.#watches.delete(watch)
      watch.stream.fail(new KubeError('the connection broke', { status: 0 }))
    }
  }

  async send(request: KubeRequest): Promise<unknown> {
    const fault = await this.#receive(request)
    const answer = this.#answer(request)
    if (fault?.kind === 'lostAnswer') throw new KubeError(`${request.method} ${request.path}: lost`, { status: 0 })
    return structuredClone(answer)
  }

  async open(request: KubeRequest): Promise<KubeStream> {
    await this.#receive(request)
    const target = this.#target(request)
    this.#authorize(request, 'watch', target)
    if (request.query?.sendInitialEvents !== undefined && !this.servesStreamingLists) {
      const message = 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch'
      throw refusal(request, 422, 'Invalid', message)
    }
    const { resource, namespace } = target
    const stream: FakeStream = new FakeStream(() => this.#watches.delete(watch))
    const isPartial = request.accept === partialMetadata
    const shape = (object: RawObject) => (isPartial ? metadataOf(object) : object)
    const watch = new FakeWatch(
      stream,
      { resource, namespace, query: request.query ?? {} },
      { chunkBytes: this.chunkBytes, shape },
    )
    this.#watches.add(watch)
    request.signal?.addEventListener('abort', () => stream.fail(new KubeError('aborted', { status: 0 })))
    watch.begin(this.store)
    return stream
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.breakWatches()
    return Promise.resolve()
  }

  async #receive(request: KubeRequest): Promise<FakeFault | undefined> {
    this.requests.push(request)
    const fault = this.fault?.(request)
    if (fault?.kind === 'slow') await fault.until
    else await Promise.resolve()
    if (request.signal?.aborted || this.#isClosed || fault?.kind === 'lost') {
      throw new KubeError(`${request.method} ${request.path}: no connection`, { status: 0 })
    }
    if (fault?.kind === 'answer') {
      const { status, retryAfterMs, reason, message, details } = fault
      throw answerError(request, { status, retryAfterMs, body: { reason, message, details } })
    }
    return fault
  }

  #answer(request: KubeRequest): unknown {
    const versionPath = /^\/apis\/([^/]+)\/([^/]+)$/.exec(request.path)
    if (versionPath !== null) return this.#discover(request, versionPath[1] ?? '', versionPath[2] ?? '')
    const target = this.#target(request)
    switch (request.method) {
      case 'GET':
        return target.name === undefined ? this.#list(request, target) : this.#read(request, target)
      case 'POST':
        return this.#create(request, target)
      case 'PUT':
      case 'PATCH':
        return this.#update(request, target)
      case 'DELETE':
        return this.#delete(request, target)
    }
  }

  #target(request: KubeRequest): FakeTarget {
    const match = pathPattern.exec(request.path)?.groups
    if (match === undefined) throw refusal(request, 404, 'NotFound', 'the server could not find the requested resource')
    const { group = '', version, namespace, plural, name, subresource } = match
    const resource = this.resources.find((one) => one.plural === plural && one.group === group)
    if (resource === undefined || resource.version !== version || (resource.isCustom && !this.#hasCrd(resource))) {
      throw refusal(request, 404, 'NotFound', 'the server could not find the requested resource')
    }
    const decoded = name === undefined ? undefined : decodeURIComponent(name)
    return { resource, namespace, name: decoded, isStatus: subresource === 'status' }
  }

  #authorize(request: KubeRequest, verb: string, { resource, isStatus }: FakeTarget): void {
    const name = `${resource.plural}${isStatus ? '/status' : ''}`
    if (!this.#forbidden.has(`${verb} ${name}`)) return
    const where = `in API group "${resource.group}" at the cluster scope`
    const what = `${resourceName(resource)} is forbidden: User "fake" cannot ${verb} resource "${name}" ${where}`
    throw refusal(request, 403, 'Forbidden', what)
  }

  #read(request: KubeRequest, target: FakeTarget): RawObject {
    this.#authorize(request, 'get', target)
    return this.#existing(request, target)
  }

  #existing(request: KubeRequest, { resource, namespace = '', name = '' }: FakeTarget): RawObject {
    const found = this.store.get(resource, namespace, name)
    if (found === undefined) throw refusal(request, 404, 'NotFound', `${resourceName(resource)} "${name}" not found`)
    return found
  }

  #list(request: KubeRequest, target: FakeTarget): unknown {
    this.#authorize(request, 'list', target)
    const { resource, namespace } = target
    const query = request.query ?? {}
    const { continue: token } = query
    const selection = { resource, namespace, query }
    const [version, from] = token === undefined ? [String(this.store.version), 0] : parseToken(token)
    const all =
      token === undefined
        ? this.store.list(resource, namespace).filter((object) => isSelected(object, selection))
        : this.#pages.get(token)
    if (all === undefined) {
      throw refusal(request, 410, 'Expired', 'The provided continue parameter is too old to display a consistent list')
    }
    const to = from + (query.limit === undefined ? all.length : Number(query.limit))
    const next = to < all.length ? `${version}/${to}/${request.path}` : undefined
    if (next !== undefined) this.#pages.set(next, all)
    const isPartial = request.accept === partialMetadataList
    const items = all.slice(from, to).map((object) => {
      if (isPartial) return metadataOf(object)
      const { apiVersion, kind, ...rest } = object
      return resource.isCustom ? object : rest
    })
    const metadata = { resourceVersion: version, ...(next === undefined ? {} : { continue: next }) }
    return {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata,
      items: isPartial && items.length === 0 ? null : items,
    }
  }

  #create(request: KubeRequest, target: FakeTarget): RawObject {
    this.#authorize(request, 'create', target)
    const body = bodyOf(request)
    const { name } = namesOf(body)
    const { resource, namespace = '' } = target
    if (this.store.get(resource, namespace, name) !== undefined) {
      throw refusal(request, 409, 'AlreadyExists', `${resourceName(resource)} "${name}" already exists`)
    }
    const { status, ...rest } = body
    return this.store.write(resource, rest, namespace, name)
  }

  #update(request: KubeRequest, target: FakeTarget): RawObject {
    this.#authorize(request, request.method === 'PUT' ? 'update' : 'patch', target)
    const { resource, namespace = '', name = '', isStatus } = target
    const live = this.store.get(resource, namespace, name)
    if (live === undefined && request.contentType !== applyPatch) this.#existing(request, target)
    const body = bodyOf(request)
    const expected = body.metadata
    const version = isFields(expected) ? expected.resourceVersion : undefined
    if (live !== undefined && version !== undefined && version !== live.metadata.resourceVersion) {
      const message = `Operation cannot be fulfilled on ${resourceName(resource)} "${name}": the object has been modified`
      throw refusal(request, 409, 'Conflict', message)
    }
    if (isFields(expected) && expected.uid !== undefined && expected.uid !== live?.metadata.uid) {
      if (live === undefined) throw refusal(request, 409, 'Conflict', 'uid mismatch: the object does not exist')
      throw refusal(
        request,
        422,
        'Invalid',
        `metadata.uid: Invalid value: "${String(expected.uid)}": field is immutable`,
      )
    }
    const next = this.#patched(request, target, live, body)
    const kept = live?.status === undefined ? {} : { status: live.status }
    const { status, ...rest } = next
    if (!isStatus) return this.#finish(target, { ...rest, ...kept })
    return this.#finish(target, { ...live, ...(status === undefined ? {} : { status }) })
  }

  #patched(
    request: KubeRequest,
    target: FakeTarget,
    live: RawObject | undefined,
    body: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    if (request.method === 'PUT') return body
    if (request.contentType === mergePatch) return asFields(mergePatched(live, body))
    if (request.contentType !== applyPatch) throw refusal(request, 415, 'UnsupportedMediaType', 'unknown patch')
    const manager = request.query?.fieldManager
    if (manager === undefined) throw refusal(request, 400, 'BadRequest', 'fieldManager is required for apply patch')
    const key = `${manager} ${live?.metadata.uid ?? ''} ${request.path}`
    if (live !== undefined && request.query?.force !== 'true' && !this.#applied.has(key)) {
      throw refusal(request, 409, 'Conflict', 'Apply failed with 1 conflict: another manager owns a field')
    }
    const merged = applied(live, live === undefined ? undefined : this.#applied.get(key), body)
    const next = withOwnFields(asFields(merged), manager, body)
    const { resource, namespace = '', name = '' } = target
    const stored = live ?? this.store.write(resource, next, namespace, name)
    this.#applied.set(`${manager} ${stored.metadata.uid} ${request.path}`, body)
    return next
  }

  /** Stores a new version, or lets go of an object that waited for its last finalizer. */
  #finish({ resource, namespace = '', name = '' }: FakeTarget, next: Readonly<Record<string, unknown>>): RawObject {
    const stored = this.store.write(resource, next, namespace, name)
    const { deletionTimestamp, finalizers = [] } = stored.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0) this.store.delete(resource, namespace, name)
    return stored
  }

  #delete(request: KubeRequest, target: FakeTarget): unknown {
    this.#authorize(request, 'delete', target)
    const { resource, namespace = '', name = '' } = target
    const live = this.#existing(request, target)
    const body = isFields(request.body) ? request.body : {}
    const uid = isFields(body.preconditions) ? body.preconditions.uid : undefined
    if (uid !== undefined && uid !== live.metadata.uid) {
      throw refusal(request, 409, 'Conflict', `Precondition failed: UID in precondition: ${String(uid)}`)
    }
    if ((live.metadata.finalizers ?? []).length === 0) this.store.delete(resource, namespace, name)
    else {
      const metadata = { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }
      this.store.write(resource, { ...live, metadata }, namespace, name)
    }
    return { kind: 'Status', status: 'Success' }
  }

  #discover(request: KubeRequest, group: string, version: string): unknown {
    const served = this.resources.filter(
      (one) => one.group === group && one.version === version && (!one.isCustom || this.#hasCrd(one)),
    )
    if (served.length === 0) throw refusal(request, 404, 'NotFound', 'the server could not find the requested resource')
    const resources = served.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced }))
    return { kind: 'APIResourceList', groupVersion: `${group}/${version}`, resources }
  }

  #hasCrd(resource: FakeResource): boolean {
    return this.store.get(crds, '', resourceName(resource)) !== undefined
  }

  #crdName(kind: string): string {
    return resourceName(this.#resourceOf(kind))
  }

  #resourceOf(kind: string): FakeResource {
    const found = this.resources.find((resource) => resource.kind === kind)
    if (found === undefined) throw new Error(`FakeApi does not serve ${kind}`)
    return found
  }
}

/** What a path names. */
interface FakeTarget {
  readonly resource: FakeResource
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly isStatus: boolean
}

const pathPattern =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>v[^/]+)(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<subresource>[^/]+))?)?$/

function parseToken(token: string): readonly [string, number] {
  const [version = '', from] = token.split('/')
  return [version, Number(from)]
}

function refusal(request: KubeRequest, status: number, reason: string, message: string): KubeError {
  return answerError(request, { status, body: { kind: 'Status', status: 'Failure', reason, message } })
}

function metadataOf({ metadata }: RawObject): Readonly<Record<string, unknown>> {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
}

function bodyOf(request: KubeRequest): Readonly<Record<string, unknown>> {
  const copy: unknown = structuredClone(request.body)
  return asFields(copy)
}

function namesOf(object: Readonly<Record<string, unknown>>): { readonly name: string; readonly namespace?: string } {
  const { name, namespace } = asFields(object.metadata)
  return { name: String(name), ...(typeof namespace === 'string' ? { namespace } : {}) }
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {}
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
