import { describe, expect, test } from 'vitest'
import { StreamScript } from '../testing/stream-script.ts'
import {
  answerScope,
  assignment,
  badCluster,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { emptyResource } from './wanted.ts'

function settled(stock: TestStore): StreamScript {
  const script = new StreamScript(stock)
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
  script.ackAll()
  script.clear()
  return script
}

describe('a scope', () => {
  test('goes when its cluster and then its endpoints are acknowledged', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([forwardScope('s', 'c'), edsCluster('c'), assignment('c', 80)])
    expect(script.lines).toEqual(['cluster +c'])
    script.request('endpoint', { subscribe: ['c'] })
    expect(script.lines).toEqual(['endpoint +c'])
    script.answer('cluster')
    expect(script.lines).toEqual([])
    script.answer('endpoint')
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('goes when the endpoints are acknowledged before the cluster', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([forwardScope('s', 'c'), edsCluster('c')])
    script.request('endpoint', { subscribe: ['c'] })
    script.answer('endpoint')
    expect(script.lines).toEqual(['cluster +c', 'endpoint +c'])
    script.answer('cluster')
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('waits for endpoints sent after its cluster when an older cluster watches them already', () => {
    const stock = new TestStore()
    stock.put([edsCluster('one', { serviceName: 'e' }), assignment('e', 80)])
    const script = settled(stock)
    script.request('endpoint', { subscribe: ['e'] })
    script.ackAll()
    script.clear()
    stock.put([edsCluster('two', { serviceName: 'e' }), forwardScope('s', 'two')])
    expect(script.lines).toEqual(['cluster +two', 'endpoint +e'])
    script.answer('cluster')
    expect(script.lines).toEqual([])
    script.answer('endpoint')
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('does not count endpoints that were on their way before its cluster', () => {
    const stock = new TestStore()
    stock.put([edsCluster('one', { serviceName: 'e' }), assignment('e', 80)])
    const script = settled(stock)
    script.request('endpoint', { subscribe: ['e'] })
    script.ackAll()
    stock.put([assignment('e', 81)])
    script.clear()
    stock.put([edsCluster('two', { serviceName: 'e' }), forwardScope('s', 'two')])
    script.answer('cluster')
    script.answer('endpoint')
    expect(script.lines).toEqual(['cluster +two', 'endpoint +e'])
    script.answer('endpoint')
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('does not wait for a cluster that only changed: the old one serves', () => {
    const stock = new TestStore()
    stock.put([edsCluster('c'), assignment('c', 80)])
    const script = settled(stock)
    script.request('endpoint', { subscribe: ['c'] })
    script.ackAll()
    script.clear()
    stock.put([edsCluster('c', { connectMs: 2000 }), forwardScope('s', 'c')])
    expect(script.lines).toEqual(['cluster +c', 'endpoint +c', 'scoped-route +s'])
  })

  test('does not wait for clusters that the client came with, that do not exist or that were refused', () => {
    const stock = new TestStore()
    const script = new StreamScript(stock)
    stock.put([edsCluster('had'), badCluster('bad')])
    script.request('cluster', { has: [edsCluster('had')] })
    script.request('scoped-route')
    script.answer('cluster', 'Error adding/updating cluster(s) bad: no')
    script.ackAll()
    script.clear()
    stock.put([forwardScope('a', 'had'), forwardScope('b', 'absent'), forwardScope('c', 'bad')])
    expect(script.lines).toEqual(['scoped-route +a', 'scoped-route +b', 'scoped-route +c'])
  })

  test('waits for what the client took of a cluster late, though a later version of it is refused', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('c'), assignment('c', 80)])
    script.wait(20_000)
    stock.put([edsCluster('c', { connectMs: 2 }), forwardScope('s', 'c')])
    stock.put([edsCluster('c')])
    script.clear()
    script.answer('cluster')
    script.request('endpoint', { subscribe: ['c'] })
    script.answer('cluster', 'no')
    expect(script.lines).toEqual(['endpoint +c'])
    script.answer('endpoint')
    expect(script.lines).toContain('scoped-route +s')
  })

  test('waits for the scopes that it sends requests on to, and goes when they are taken, deleted or late', () => {
    const stock = new TestStore()
    const script = settled(stock)
    const head = (name: string, scopes: readonly string[]) => ({ ...answerScope(name, 'x'), scopes })
    stock.put([head('head', ['one', 'two', 'never']), answerScope('one', 'x'), answerScope('two', 'x')])
    expect(script.lines).toEqual(['scoped-route +one', 'scoped-route +two'])
    script.answer('scoped-route')
    expect(script.lines).toEqual([])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['scoped-route +head'])
    script.ackAll()
    script.clear()
    stock.put([head('second', ['gone']), answerScope('gone', 'x')])
    stock.remove(answerScope('gone', 'x'))
    script.ackAll()
    expect(script.lines).toContain('scoped-route +second')
    script.clear()
    stock.put([head('third', ['late']), answerScope('late', 'x')])
    script.wait(9_999)
    expect(script.lines).toEqual(['scoped-route +late'])
    script.wait(1)
    expect(script.lines).toEqual(['scoped-route +third'])
  })

  test('that others send requests on to goes away after them', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([{ ...answerScope('head', 'x'), scopes: ['part'] }, answerScope('part', 'x')])
    script.ackAll()
    script.clear()
    stock.put([{ ...answerScope('head', 'y') }])
    stock.remove(answerScope('part', 'x'))
    expect(script.lines).toEqual(['scoped-route +head'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['scoped-route -part'])
  })

  test('that waits goes when its cluster is refused, deleted or late', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('refused'), forwardScope('a', 'refused')])
    script.answer('cluster', 'Error adding/updating cluster(s) refused: no')
    expect(script.lines).toEqual(['cluster +refused', 'scoped-route +a'])
    stock.put([edsCluster('deleted'), forwardScope('b', 'deleted')])
    stock.remove(edsCluster('deleted'))
    expect(script.lines).toEqual(['cluster +deleted', 'scoped-route +b'])
    script.ackAll()
    script.clear()
    stock.put([edsCluster('late'), forwardScope('c', 'late')])
    script.wait(9_999)
    expect(script.lines).toEqual(['cluster +late'])
    script.wait(1)
    expect(script.lines).toEqual(['scoped-route +c'])
    expect(script.notes.at(-1)).toMatchObject({ kind: 'overdue', name: 'c', waitedFor: 'late' })
  })

  test('that changed on its way has the whole time to wait for the cluster of its new version', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('c'), forwardScope('s', 'c')])
    script.wait(9_000)
    script.answer('cluster')
    script.request('endpoint', { subscribe: ['c'] })
    script.answer('endpoint')
    stock.put([edsCluster('d'), forwardScope('s', 'd')])
    script.answerFor('s')
    script.clear()
    script.wait(9_999)
    expect(script.lines).toEqual([])
    script.wait(1)
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('that waits and then names another cluster goes for that one', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('c'), forwardScope('s', 'c')])
    stock.put([answerScope('s', '1')])
    expect(script.lines).toEqual(['cluster +c', 'scoped-route +s'])
    script.answer('scoped-route')
    script.request('endpoint', { subscribe: ['c'] })
    script.ackAll()
    expect(script.lines).toEqual(['endpoint +c'])
  })
})

describe('a cluster that changes', () => {
  test('gets its endpoints again though they did not change', () => {
    const stock = new TestStore()
    stock.put([edsCluster('c'), assignment('c', 80)])
    const script = settled(stock)
    script.request('endpoint', { subscribe: ['c'] })
    script.ackAll()
    script.clear()
    stock.put([edsCluster('c', { connectMs: 2000 })])
    expect(script.lines).toEqual(['cluster +c', 'endpoint +c'])
  })
})

describe('a removal of a cluster', () => {
  function using() {
    const stock = new TestStore()
    stock.put([edsCluster('c'), assignment('c', 80), forwardScope('s', 'c')])
    const script = settled(stock)
    script.request('endpoint', { subscribe: ['c'] })
    script.ackAll()
    script.clear()
    return { stock, script }
  }

  test('waits for the route that stopped using it, and keeps its endpoints until then', () => {
    const { stock, script } = using()
    stock.put([answerScope('s', '1')], [edsCluster('c'), assignment('c')])
    expect(script.lines).toEqual(['scoped-route +s'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['cluster -c'])
    script.answer('cluster')
    expect(script.lines).toEqual(['endpoint +c'])
    expect(script.unanswered[0]?.sent[0]?.version).toBe(emptyResource('endpoint', 'c')?.version)
  })

  test('waits for the removal of the route too', () => {
    const { stock, script } = using()
    stock.remove(forwardScope('s', 'c'), edsCluster('c'))
    expect(script.lines).toEqual(['scoped-route -s'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['cluster -c'])
  })

  test('does not wait for routes that changed later', () => {
    const { stock, script } = using()
    stock.put([answerScope('s', '1')], [edsCluster('c')])
    stock.put([answerScope('t', '1')])
    script.answerFor('s')
    expect(script.lines).toEqual(['scoped-route +s', 'scoped-route +t', 'cluster -c'])
  })

  test('waits 15 s at most', () => {
    const { stock, script } = using()
    stock.put([answerScope('s', '1')], [edsCluster('c')])
    script.wait(14_999)
    expect(script.lines).toEqual(['scoped-route +s'])
    script.wait(1)
    expect(script.lines).toEqual(['cluster -c'])
  })
})

describe('a listener that serves scopes', () => {
  test('goes after the warm-up listener, when every scope is acknowledged', () => {
    const stock = new TestStore()
    stock.put([scopedListener('l', 80), warmUpListener()])
    stock.put(Array.from({ length: 150 }, (_, index) => answerScope(`s${index}`, '1')))
    const script = new StreamScript(stock)
    script.request('listener')
    script.answer('listener')
    script.request('scoped-route')
    expect(script.lines.map((line) => line.split(' ', 2).join(' ')).slice(0, 2)).toEqual([
      'listener +warm-up',
      'scoped-route +s0',
    ])
    while (script.unanswered.length > 1) script.answer('scoped-route')
    expect(script.lines.filter((line) => line.startsWith('listener'))).toEqual([])
    expect(script.notes.filter(({ kind }) => kind === 'synced')).toEqual([])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['listener +l'])
    script.ackAll()
    expect(script.notes.filter(({ kind }) => kind === 'synced')).toHaveLength(1)
  })

  test('goes when the last scope is refused and its stand-in acknowledged', () => {
    const stock = new TestStore()
    stock.put([scopedListener('l', 80), warmUpListener(), answerScope('bad', '1')])
    const script = new StreamScript(stock)
    script.request('listener')
    script.answer('listener')
    script.request('scoped-route')
    script.answer('scoped-route', 'no')
    expect(script.lines).toEqual(['listener +warm-up', 'scoped-route +bad', 'scoped-route +bad~s1'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['listener +l'])
  })

  test('goes when there is no scope at all', () => {
    const stock = new TestStore()
    stock.put([scopedListener('l', 80), warmUpListener()])
    const script = new StreamScript(stock)
    script.request('listener')
    script.answer('listener')
    script.request('scoped-route')
    expect(script.lines).toEqual(['listener +warm-up', 'listener +l', 'scoped-route'])
  })

  test('goes without them when none was acknowledged for 30 s, which is told once', () => {
    const stock = new TestStore()
    stock.put([scopedListener('l', 80), warmUpListener(), answerScope('s', '1')])
    const script = new StreamScript(stock)
    script.request('listener')
    script.answer('listener')
    script.request('scoped-route')
    script.clear()
    script.wait(29_999)
    expect(script.lines).toEqual([])
    script.wait(1)
    expect(script.lines).toEqual(['listener +l'])
    expect(script.notes.filter(({ kind }) => kind === 'overdue')).toMatchObject([{ type: 'listener', name: 'l' }])
  })

  test('goes at once where no warm-up listener asks for scopes', () => {
    const stock = new TestStore()
    stock.put([scopedListener('l', 80)])
    const script = new StreamScript(stock)
    script.request('listener')
    expect(script.lines).toEqual(['listener +l'])
  })

  test('that is added later goes after the scopes of its epoch, and not after later ones', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80), answerScope('s', '1')])
    stock.put([answerScope('t', '1')])
    expect(script.lines).toEqual(['scoped-route +s', 'scoped-route +t'])
    script.answerFor('s')
    expect(script.lines).toEqual(['listener +l'])
  })

  test('that changes again waits for the scopes of that change too', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80), answerScope('s', '1')])
    stock.put([scopedListener('l', 81), answerScope('t', '1')])
    script.answerFor('s')
    expect(script.lines).toEqual(['scoped-route +s', 'scoped-route +t'])
    script.answerFor('t')
    expect(script.lines).toEqual(['listener +l'])
  })

  test('goes at once when the scopes that it waits for turn out to be unchanged', () => {
    const stock = new TestStore()
    stock.put([warmUpListener(), answerScope('s', '1')])
    const script = settled(stock)
    script.event({ kind: 'congested' })
    stock.put([scopedListener('l', 80), answerScope('s', '2')])
    stock.put([answerScope('s', '1')])
    script.event({ kind: 'drained' })
    expect(script.lines).toEqual(['listener +l'])
  })

  test('waits 30 s at most without progress of scopes', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80), answerScope('s', '1'), answerScope('t', '1')])
    script.wait(20_000)
    script.answerFor('s')
    script.wait(29_999)
    expect(script.lines).toEqual(['scoped-route +s', 'scoped-route +t'])
    script.wait(1)
    expect(script.lines).toEqual(['listener +l'])
  })
})
