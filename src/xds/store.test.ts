import { describe, expect, test } from 'vitest'
import { answerScope, assignment, edsCluster } from '../testing/xds-resources.ts'
import { type DirtyNames, ResourceStore } from './store.ts'
import { Stock } from './stock.ts'

const v40 = 'envoy 1.40.0'

function put(store: ResourceStore, gateway: string, ...resources: readonly ReturnType<typeof edsCluster>[]): void {
  store.apply({ resources: resources.map((resource) => ({ gateway, ...resource, resource })), endpoints: [] })
}

function putEndpoints(store: ResourceStore, ...resources: readonly ReturnType<typeof assignment>[]): void {
  store.apply({ resources: [], endpoints: resources.map((resource) => ({ name: resource.name, resource })) })
}

/** Joins and writes down every notice as `type name`. */
function listen(store: ResourceStore, gateway: string) {
  const notices: string[] = []
  const changed = (dirty: DirtyNames) => {
    for (const [type, names] of dirty) notices.push(`${type} ${[...names].join(' ')}`)
  }
  return { notices, ...store.join(gateway, { changed }) }
}

describe('ResourceStore', () => {
  test('tells the streams of a Gateway what changed of it, once an epoch, and no others', () => {
    const store = new ResourceStore()
    const [one, two] = [listen(store, 'a/one'), listen(store, 'a/two')]
    put(store, 'a/one', edsCluster('c'), edsCluster('d'), answerScope('s', '1'))
    expect(one.notices).toEqual(['cluster c d', 'scoped-route s'])
    expect(two.notices).toEqual([])
  })

  test('does not tell of the same bytes again, nor of a removal of nothing', () => {
    const store = new ResourceStore()
    put(store, 'a/one', edsCluster('c'))
    const { notices } = listen(store, 'a/one')
    put(store, 'a/one', edsCluster('c'))
    store.apply({ resources: [{ gateway: 'a/one', type: 'cluster', name: 'x', resource: undefined }], endpoints: [] })
    expect(notices).toEqual([])
  })

  test('tells of endpoints only where a stream of that Gateway watches them', () => {
    const store = new ResourceStore()
    const [one, two] = [listen(store, 'a/one'), listen(store, 'a/two')]
    one.watchEndpoints('e')
    putEndpoints(store, assignment('e', 80))
    one.unwatchEndpoints('e')
    two.watchEndpoints('e')
    putEndpoints(store, assignment('e', 81))
    two.leave()
    putEndpoints(store, assignment('e', 82))
    expect([one.notices, two.notices]).toEqual([['endpoint e'], ['endpoint e']])
  })

  test('tells of no endpoints that only a stream watched which has left', () => {
    const store = new ResourceStore()
    const [left, stayed] = [listen(store, 'a/one'), listen(store, 'a/one')]
    left.watchEndpoints('e')
    left.leave()
    putEndpoints(store, assignment('e', 80))
    expect(stayed.notices).toEqual([])
  })

  test('knows a Gateway without resources while its state has a name, and tells each new name', () => {
    const store = new ResourceStore()
    const revisions: unknown[] = []
    store.join('a/one', { changed: (_dirty, revision) => revisions.push(revision) })
    const name = (label: string | undefined) =>
      store.apply({ resources: [], endpoints: [], revisions: [{ gateway: 'a/one', label }] })
    name('first')
    expect(store.has('a/one')).toBe(true)
    put(store, 'a/one', edsCluster('c'))
    name('second')
    expect(revisions).toEqual([{ sequence: 1, label: 'first' }, undefined, { sequence: 2, label: 'second' }])
    store.apply({ resources: [{ gateway: 'a/one', type: 'cluster', name: 'c', resource: undefined }], endpoints: [] })
    name(undefined)
    expect(store.has('a/one')).toBe(false)
  })

  test('knows a Gateway while it has a resource', () => {
    const store = new ResourceStore()
    const stream = listen(store, 'a/one')
    expect(store.has('a/one')).toBe(false)
    put(store, 'a/one', edsCluster('c'))
    expect(store.has('a/one')).toBe(true)
    const gone: string[] = []
    store.onGone((gateway, type, name) => gone.push(`${gateway} ${type} ${name}`))
    store.apply({ resources: [{ gateway: 'a/one', type: 'cluster', name: 'c', resource: undefined }], endpoints: [] })
    expect(gone).toEqual(['a/one cluster c'])
    expect(store.has('a/one')).toBe(false)
    put(store, 'a/one', edsCluster('d'))
    expect(stream.notices).toEqual(['cluster c', 'cluster c', 'cluster d'])
  })
})

describe('Stock', () => {
  const [one, two, three] = ['1', '2', '3'].map((body) => answerScope('s', body)) as [
    ReturnType<typeof answerScope>,
    ReturnType<typeof answerScope>,
    ReturnType<typeof answerScope>,
  ]

  test('keeps the last proven version while the newest is unproven', () => {
    const stock = new Stock()
    stock.put('s', one)
    expect(stock.isProven(one, v40)).toBe(false)
    stock.prove(one, v40)
    expect([stock.isProven(one, v40), stock.isProven(one, 'envoy 1.41.0')]).toEqual([true, false])
    stock.put('s', two)
    stock.put('s', three)
    expect(stock.lastGood('s')).toBe(one)
    expect(stock.isProven(one, v40)).toBe(true)
    stock.prove(three, v40)
    expect(stock.lastGood('s')).toBeUndefined()
  })

  test('takes a late acknowledgement of a version that was replaced as the last good one', () => {
    const stock = new Stock()
    stock.put('s', one)
    stock.put('s', two)
    stock.prove(one, v40)
    expect(stock.lastGood('s')).toBe(one)
    expect(stock.isProven(two, v40)).toBe(false)
  })

  test('a version that comes back is proven still', () => {
    const stock = new Stock()
    stock.put('s', one)
    stock.prove(one, v40)
    stock.put('s', two)
    stock.put('s', one)
    expect(stock.isProven(one, v40)).toBe(true)
  })

  test('forgets everything about a name that went', () => {
    const stock = new Stock()
    stock.put('s', one)
    stock.prove(one, v40)
    stock.put('s', undefined)
    stock.prove(one, v40)
    expect([stock.size, stock.lastGood('s'), stock.isProven(one, v40)]).toEqual([0, undefined, false])
  })
})
