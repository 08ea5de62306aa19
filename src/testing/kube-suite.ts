/** What FakeApi and a real API server must do alike: everything that the watchers and writers build on. */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { isRecord } from '../api/compile.ts'
import { silentLogger } from '../lib/logger.ts'
import {
  applyPatch,
  type KubeClient,
  type KubeRequest,
  mergePatch,
  partialMetadata,
  partialMetadataList,
} from '../watch/kube-client.ts'
import { LineSplitter } from '../watch/line-splitter.ts'
import { Reflector, type ReflectorState } from '../watch/reflector.ts'
import { isApiObject, parseEvent, parsePage, type ApiObject, type WatchEvent } from '../watch/watch-event.ts'

const namespace = 'suite'
const routes = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
const secrets = `/api/v1/namespaces/${namespace}/secrets`
const services = `/api/v1/namespaces/${namespace}/services`

const route = (name: string, hostname = 'a.com', metadata: object = {}) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace, ...metadata },
  spec: { hostnames: [hostname] },
})
const configMap = (name: string, value = '1', labels: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data: { value },
})
const parent = {
  parentRef: { name: 'gateway' },
  controllerName: 'example.com/controller',
  conditions: [
    { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ],
}

/** An API server to be tested. */
export interface SuiteSubject {
  /** Asked for inside of tests. */
  client(): KubeClient
  /** Makes the server forget what happened up to now. */
  forget(): Promise<void>
}

/** Registers the suite. */
export function kubeSuite(name: string, subject: SuiteSubject): void {
  const asked = new Asked(subject)
  describe(name, () => {
    beforeAll(async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
      await asked.call('POST', '/api/v1/namespaces', { body })
    })
    describe('objects', () => testObjects(asked))
    describe('lists', () => testLists(asked))
    describe('patches', () => testPatches(asked))
    describe('watches', () => testWatches(asked, subject))
    describe('Reflector', () => testReflector(asked, subject))
  })
}

/** The requests of the suite. */
class Asked {
  readonly #subject: SuiteSubject

  constructor(subject: SuiteSubject) {
    this.#subject = subject
  }

  readonly call = async (method: KubeRequest['method'], path: string, rest: Partial<KubeRequest> = {}) => {
    return this.#subject.client().send({ method, path, ...rest })
  }

  readonly create = async (path: string, body: unknown): Promise<ApiObject> => {
    return asObject(await this.call('POST', path, { body }))
  }

  readonly patch = (path: string, body: unknown) => this.call('PATCH', path, { contentType: mergePatch, body })

  readonly apply = (path: string, body: unknown) =>
    this.call('PATCH', path, { contentType: applyPatch, body, query: { fieldManager: 'fairlead', force: 'true' } })

  readonly list = async (path: string, rest: Partial<KubeRequest> = {}) => {
    const page = parsePage(await this.call('GET', path, rest))
    if (page === undefined) throw new Error(`${path} is no list`)
    return page
  }
}

function testObjects({ call, create, patch }: Asked): void {
  test('an object that was created can be read', async () => {
    const created = await create(routes, route('read'))
    expect(created).toMatchObject({ kind: 'HTTPRoute', metadata: { generation: 1, uid: expect.any(String) } })
    expect(await call('GET', `${routes}/read`)).toEqual(created)
  })

  test('what is not there is 404, an object and a kind', async () => {
    await expect(call('GET', `${routes}/none`)).rejects.toMatchObject({ status: 404, reason: 'NotFound' })
    await expect(call('GET', '/apis/example.com/v1/things')).rejects.toMatchObject({ status: 404 })
  })

  test('creating twice is 409 AlreadyExists', async () => {
    await create(routes, route('twice'))
    await expect(create(routes, route('twice'))).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' })
  })

  test('a deleted object waits for its finalizers', async () => {
    await create(routes, route('final', 'a.com', { finalizers: ['example.com/wait'] }))
    await call('DELETE', `${routes}/final`)
    const waiting = asObject(await call('GET', `${routes}/final`))
    expect(waiting.metadata).toHaveProperty('deletionTimestamp')
    await patch(`${routes}/final`, { metadata: { finalizers: null } })
    await expect(call('GET', `${routes}/final`)).rejects.toMatchObject({ status: 404 })
  })

  test('a delete of another uid is refused', async () => {
    await create(configMaps, configMap('uid'))
    const body = { preconditions: { uid: 'other' } }
    await expect(call('DELETE', `${configMaps}/uid`, { body })).rejects.toMatchObject({ status: 409 })
  })
}

function testLists({ call, create, list }: Asked): void {
  test('items of lists of built-in kinds carry no kind, those of custom kinds do', async () => {
    await create(configMaps, configMap('listed'))
    await create(routes, route('listed'))
    expect((await list(configMaps)).items[0]).not.toHaveProperty('kind')
    expect((await list(routes)).items[0]).toHaveProperty('kind', 'HTTPRoute')
  })

  test('a list in pages has everything once', async () => {
    for (let i = 0; i < 7; i++) await create(configMaps, configMap(`page-${i}`, '1', { pages: 'yes' }))
    const names: string[] = []
    let next: string | undefined
    do {
      const query = { limit: '3', labelSelector: 'pages=yes', continue: next }
      const page = await list(configMaps, { query })
      expect(page.items.length).toBeLessThanOrEqual(3)
      names.push(...page.items.map(({ metadata }) => metadata.name))
      next = page.next
    } while (next !== undefined)
    expect(names).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `page-${i}`))
  })

  test('Secrets are selected by type and by name', async () => {
    const secret = (name: string, type: string, data: object) => {
      return create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, data })
    }
    await secret('tls', 'kubernetes.io/tls', { 'tls.crt': '', 'tls.key': '' })
    await secret('plain', 'Opaque', {})
    const namesOf = async (fieldSelector: string) =>
      (await list(secrets, { query: { fieldSelector } })).items.map(({ metadata }) => metadata.name)
    expect(await namesOf('type=kubernetes.io/tls')).toEqual(['tls'])
    expect(await namesOf('metadata.name=plain,type!=kubernetes.io/tls')).toEqual(['plain'])
    expect(await namesOf('metadata.name=tls,type!=kubernetes.io/tls')).toEqual([])
  })

  test('metadata alone', async () => {
    await create(configMaps, configMap('partial'))
    const { items } = await list(configMaps, { accept: partialMetadataList })
    expect(items.find(({ metadata }) => metadata.name === 'partial')).not.toHaveProperty('data')
  })

  test('a list of metadata without objects has null for its items', async () => {
    const query = { labelSelector: 'nobody=has' }
    expect(await call('GET', configMaps, { query, accept: partialMetadataList })).toMatchObject({ items: null })
    expect(await call('GET', configMaps, { query })).toMatchObject({ items: [] })
  })
}

function testPatches({ call, create, patch, apply }: Asked): void {
  test('a status patch changes the status alone and counts no generation', async () => {
    await create(routes, route('status'))
    await patch(`${routes}/status/status`, { status: { parents: [parent] }, spec: { hostnames: ['b.com'] } })
    const patched = asObject(await call('GET', `${routes}/status`))
    expect(patched).toMatchObject({ metadata: { generation: 1 }, spec: { hostnames: ['a.com'] } })
    expect(patched).toMatchObject({ status: { parents: [{ controllerName: 'example.com/controller' }] } })
    await patch(`${routes}/status`, { status: { parents: [] }, spec: { hostnames: ['c.com'] } })
    const changed = asObject(await call('GET', `${routes}/status`))
    expect(changed).toMatchObject({ metadata: { generation: 2 }, status: patched.status })
  })

  test('a status patch of an old version is 409 Conflict', async () => {
    const { metadata } = await create(routes, route('conflict'))
    await patch(`${routes}/conflict`, { spec: { hostnames: ['b.com'] } })
    const stale = { metadata: { resourceVersion: metadata.resourceVersion }, status: { parents: [parent] } }
    await expect(patch(`${routes}/conflict/status`, stale)).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  })

  test('a patch that changes nothing makes no version', async () => {
    await create(routes, route('same'))
    const first = await patch(`${routes}/same/status`, { status: { parents: [parent] } })
    const second = await patch(`${routes}/same/status`, { status: { parents: [parent] } })
    expect(asObject(second).metadata.resourceVersion).toBe(asObject(first).metadata.resourceVersion)
  })

  test('server-side apply creates, takes back what it applied, and leaves what others set', async () => {
    const service = (port: number, labels: object) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'applied', namespace, labels },
      spec: { ports: [{ name: 'http', port, protocol: 'TCP', targetPort: port }] },
    })
    await apply(`${services}/applied`, service(80, { ours: 'yes', kept: 'yes' }))
    await patch(`${services}/applied`, { metadata: { labels: { theirs: 'yes' } } })
    const applied = asObject(await apply(`${services}/applied`, service(81, { kept: 'yes' })))
    expect(applied.metadata.labels).toEqual({ kept: 'yes', theirs: 'yes' })
    expect(applied.spec).toMatchObject({ ports: [{ name: 'http', port: 81 }] })
    const again = asObject(await apply(`${services}/applied`, service(81, { kept: 'yes' })))
    expect(again.metadata.resourceVersion).toBe(applied.metadata.resourceVersion)
  })
}

function testWatches({ call, create, patch, list }: Asked, { client, forget }: SuiteSubject): void {
  /** Events of a watch, as many as asked for. */
  const watch = async (path: string, query: KubeRequest['query'], count: number, accept?: string) => {
    const stream = await client().open({ method: 'GET', path, accept, query: { watch: 'true', ...query } })
    const splitter = new LineSplitter()
    const events: WatchEvent[] = []
    for await (const chunk of stream) {
      events.push(...splitter.push(chunk).flatMap((line) => parseEvent(line) ?? []))
      if (events.length >= count) break
    }
    stream.close()
    return events
  }

  test('a watch tells what happened since a version, in order', async () => {
    const { version } = await list(configMaps)
    await create(configMaps, configMap('told'))
    await patch(`${configMaps}/told`, { data: { value: '2' } })
    await call('DELETE', `${configMaps}/told`)
    const events = await watch(configMaps, { resourceVersion: version }, 3)
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    const [first, second, third] = events.map((event) => ('object' in event ? event.object.metadata : undefined))
    expect(new Set([first?.uid, second?.uid, third?.uid]).size).toBe(1)
    expect(Number(third?.resourceVersion)).toBeGreaterThan(Number(second?.resourceVersion))
  })

  test('an object that is not selected any more is deleted for the watch', async () => {
    const { version } = await list(configMaps)
    await create(configMaps, configMap('leaves', '1', { chosen: 'yes' }))
    await patch(`${configMaps}/leaves`, { metadata: { labels: { chosen: 'no' } } })
    const events = await watch(configMaps, { resourceVersion: version, labelSelector: 'chosen=yes' }, 2)
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED'])
  })

  test('a version that is forgotten is an ERROR of 410', async () => {
    const { metadata } = await create(configMaps, configMap('forgotten'))
    await patch(`${configMaps}/forgotten`, { data: { value: '2' } })
    await forget()
    const [event] = await watch(configMaps, { resourceVersion: metadata.resourceVersion }, 1)
    expect(event).toMatchObject({ type: 'ERROR', status: { code: 410, reason: 'Expired' } })
  })

  test('a watch of metadata alone', async () => {
    const { version } = await list(configMaps)
    await create(configMaps, configMap('thin'))
    const [event] = await watch(configMaps, { resourceVersion: version }, 1, partialMetadata)
    expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'thin' } } })
    expect(event).not.toHaveProperty('object.data')
  })
}

function testReflector({ call, create, patch }: Asked, { client }: SuiteSubject): void {
  const open: Reflector[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((reflector) => reflector.close()))
  })

  /** A copy of the ConfigMaps of the suite with a label. */
  const reflect = (label: string) => {
    const copy = new Map<string, unknown>()
    const states: ReflectorState[] = []
    const reflector = new Reflector({
      client: client(),
      path: configMaps,
      labelSelector: `set=${label}`,
      logger: silentLogger(),
      limits: { pageSize: 3 },
      sink: {
        upsert: (object) => void copy.set(object.metadata.name, object.data),
        remove: (key) => {
          if (!copy.delete(key.slice(namespace.length + 1))) throw new Error(`${key} is deleted twice`)
        },
        state: (state) => states.push(state),
      },
    })
    open.push(reflector)
    reflector.start()
    return { copy, states }
  }

  test('follows random changes', async () => {
    const { copy, states } = reflect('random')
    const truth = new Map<string, unknown>()
    const chance = mulberry32(7)
    for (let i = 0; i < 60; i++) {
      const chosen = `random-${Math.floor(chance() * 8)}`
      const isThere = truth.has(chosen)
      if (!isThere) await create(configMaps, configMap(chosen, String(i), { set: 'random' }))
      else if (chance() < 0.5) await patch(`${configMaps}/${chosen}`, { data: { value: String(i) } })
      else await call('DELETE', `${configMaps}/${chosen}`)
      if (isThere && !(await exists(client(), `${configMaps}/${chosen}`))) truth.delete(chosen)
      else truth.set(chosen, { value: String(i) })
    }
    await vi.waitFor(() => expect(copy).toEqual(truth))
    expect(states.every(({ kind }) => kind === 'synced')).toBe(true)
  })

  test('text in any language survives', async () => {
    const { copy } = reflect('text')
    await create(configMaps, configMap('text', 'zoë ☃ 日本語 \u{1f6a2}\n', { set: 'text' }))
    await vi.waitFor(() => expect(copy.get('text')).toEqual({ value: 'zoë ☃ 日本語 \u{1f6a2}\n' }))
  })
}

async function exists(client: KubeClient, path: string): Promise<boolean> {
  try {
    await client.send({ method: 'GET', path })
    return true
  } catch {
    return false // The only error that the suite can meet here is 404.
  }
}

function asObject(answer: unknown): ApiObject {
  if (!isApiObject(answer) || !isRecord(answer)) throw new Error('the answer is no object')
  return answer
}

/** A small random generator, so that a failure can be seen again. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
