/** What one watch sees of the history of a FakeStore. */
import type { FakeEvent, FakeResource, FakeStore, RawObject } from './fake-store.ts'
import type { FakeStream } from './fake-stream.ts'
import type { KubeRequest } from './kube-client.ts'

/** Which objects of a kind a list or a watch is about. */
export interface FakeSelection {
  readonly resource: FakeResource
  /** Undefined: all. */
  readonly namespace: string | undefined
  readonly query: NonNullable<KubeRequest['query']>
}

/** Whether an object is in a namespace and has the fields and labels that were asked for: `a=b`, `a!=b`, `a`. */
export function isSelected(object: RawObject, { resource, namespace, query }: FakeSelection): boolean {
  if (resource.namespaced && namespace !== undefined && object.metadata.namespace !== namespace) return false
  const byField = (field: string) =>
    field === 'metadata.name'
      ? object.metadata.name
      : field === 'metadata.namespace'
        ? object.metadata.namespace
        : object[field]
  const byLabel = (label: string) => object.metadata.labels?.[label]
  return holds(query.fieldSelector, byField) && holds(query.labelSelector, byLabel)
}

function holds(selector: string | undefined, find: (name: string) => unknown): boolean {
  if (selector === undefined || selector === '') return true
  return selector.split(',').every((term) => {
    const [name = '', value] = term.split(/!=|==|=/)
    if (value === undefined) return find(name) !== undefined
    return (find(name) === value) !== term.includes('!=')
  })
}

/** A watch that is open. */
export class FakeWatch {
  readonly stream: FakeStream
  readonly selection: FakeSelection
  readonly #chunkBytes: number
  readonly #shape: (object: RawObject) => Readonly<Record<string, unknown>>

  constructor(
    stream: FakeStream,
    selection: FakeSelection,
    options: {
      readonly chunkBytes: number
      readonly shape: (object: RawObject) => Readonly<Record<string, unknown>>
    },
  ) {
    this.stream = stream
    this.selection = selection
    this.#chunkBytes = options.chunkBytes
    this.#shape = options.shape
  }

  /** Sends what the client asked to begin with; false when that is forgotten. */
  begin(store: FakeStore): void {
    const { query, resource, namespace } = this.selection
    const from = query.resourceVersion ?? ''
    const isStreamingList = query.sendInitialEvents === 'true'
    if (isStreamingList || from === '' || from === '0') {
      for (const object of store.list(resource, namespace)) {
        if (isSelected(object, this.selection)) this.#line('ADDED', this.#shape(object))
      }
      if (isStreamingList) this.bookmark(store.version, { 'k8s.io/initial-events-end': 'true' })
      return
    }
    const events = store.since(Number(from))
    if (events === undefined) {
      const message = `too old resource version: ${from} (${store.compacted})`
      this.#line('ERROR', { kind: 'Status', status: 'Failure', message, reason: 'Expired', code: 410 })
      this.stream.end()
      return
    }
    for (const event of events) this.tell(event)
  }

  /** Sends an event if it is about what is watched; an object that is not selected any more is deleted. */
  tell({ resource, before, after, version }: FakeEvent): void {
    if (resource !== this.selection.resource) return
    const was = before !== undefined && isSelected(before, this.selection)
    const is = after !== undefined && isSelected(after, this.selection)
    if (is) this.#line(was ? 'MODIFIED' : 'ADDED', this.#shape(after))
    else if (was) {
      const last = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }
      this.#line('DELETED', this.#shape(last))
    }
  }

  bookmark(version: number, annotations?: Readonly<Record<string, string>>): void {
    if (this.selection.query.allowWatchBookmarks !== 'true') return
    const { kind } = this.selection.resource
    const metadata = { resourceVersion: String(version), ...(annotations === undefined ? {} : { annotations }) }
    this.#line('BOOKMARK', { kind, metadata })
  }

  /** Sends a line as it is. */
  send(text: string): void {
    this.stream.send(text, this.#chunkBytes)
  }

  #line(type: string, object: unknown): void {
    this.send(`${JSON.stringify({ type, object })}\n`)
  }
}
