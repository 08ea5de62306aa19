import { describe, expect, test } from 'vitest'
import { StreamScript } from '../testing/stream-script.ts'
import {
  answerScope,
  assignment,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'

/** A stream of a client that asked for every wildcard type and acknowledged all. */
function settled(stock: TestStore): StreamScript {
  const script = new StreamScript(stock)
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
  script.request('endpoint', { subscribe: ['a'] })
  script.ackAll()
  script.clear()
  return script
}

describe('a scope that shrinks', () => {
  const wide = (body: string) => answerScope('wide', body)
  const start = () => {
    const stock = new TestStore()
    stock.put([wide('it has much to say'), answerScope('other', '1')])
    return { stock, script: settled(stock) }
  }

  test('waits for those that come in the same epoch: what it loses may be theirs', () => {
    const { stock, script } = start()
    stock.put([wide('less'), edsCluster('c'), assignment('c', 80), forwardScope('narrow', 'c')])
    script.answer('cluster')
    expect(script.lines).toEqual(['cluster +c'])
    script.request('endpoint', { subscribe: ['c'] })
    script.answer('endpoint')
    expect(script.lines).toEqual(['endpoint +c', 'scoped-route +narrow'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['scoped-route +wide'])
  })

  test('does not wait for one that is refused', () => {
    const { stock, script } = start()
    stock.put([wide('less'), answerScope('narrow', 'x')])
    expect(script.lines).toEqual(['scoped-route +narrow'])
    script.answer('scoped-route', 'not good')
    expect(script.lines).toContain('scoped-route +wide')
  })

  test('waits for nothing of another epoch, nor for those that shrink too', () => {
    const { stock, script } = start()
    stock.put([answerScope('narrow', 'x')])
    stock.put([wide('less'), answerScope('other', '')])
    expect(script.lines).toEqual(['scoped-route +narrow', 'scoped-route +wide', 'scoped-route +other'])
  })
})

describe('additions', () => {
  test('of one epoch go clusters, endpoints, listeners, scopes', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([answerScope('s', '1'), warmUpListener(), assignment('a', 80), edsCluster('c')])
    expect(script.lines).toEqual(['cluster +c', 'endpoint +a', 'listener +warm-up', 'scoped-route +s'])
  })

  test('wait for the answer to the one before, and merge while they wait: the latest counts', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([assignment('a', 80)])
    stock.put([assignment('a', 81)])
    stock.put([assignment('a', 82)])
    expect(script.lines).toEqual(['endpoint +a'])
    script.answer('endpoint')
    expect(script.lines).toEqual(['endpoint +a'])
    expect(script.unanswered[0]?.sent[0]?.version).toBe(assignment('a', 82).version)
    script.ackAll()
    expect(script.lines).toEqual([])
  })

  test('that came and went before they could be sent are not sent', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([warmUpListener()])
    stock.put([scopedListener('l', 80)])
    stock.remove(scopedListener('l', 80))
    script.ackAll()
    expect(script.lines).toEqual(['listener +warm-up'])
  })

  test('that changed back to what the client has are not sent', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80)])
    const script = settled(stock)
    script.event({ kind: 'congested' })
    stock.put([assignment('a', 81)])
    stock.put([assignment('a', 80)])
    script.event({ kind: 'drained' })
    expect(script.lines).toEqual([])
  })

  test('that changed back to what the client has are sent while it may still take what was sent between', () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')])
    const script = settled(stock)
    stock.put([edsCluster('a', { connectMs: 2 })])
    stock.put([edsCluster('a')])
    script.wait(3_000)
    script.ackAll()
    expect(script.lines.filter((line) => line.startsWith('cluster'))).toEqual(['cluster +a', 'cluster +a'])
    expect(script.stream.progress()[0]).toMatchObject({ type: 'cluster', pending: 0 })
  })

  test('of scopes go alone while no proxy has taken them, 64 at most unanswered', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put(Array.from({ length: 64 }, (_, index) => answerScope(`s${index}`, '1')))
    stock.put([answerScope('late', '1')])
    expect(script.lines.map((line) => line.split(' ').length)).toEqual(Array(64).fill(2))
    script.answerFor('s7')
    expect(script.lines).toEqual(['scoped-route +late'])
  })

  test('of more unproven scopes than that go in bulks of 100', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put(Array.from({ length: 250 }, (_, index) => answerScope(`s${index}`, '1')))
    script.ackAll()
    expect(script.lines.map((line) => line.split(' ').length - 1)).toEqual([100, 100, ...Array(50).fill(1)])
  })

  test('of scopes that another proxy of that version took share a response; of another version they do not', () => {
    const stock = new TestStore()
    stock.put(Array.from({ length: 30 }, (_, index) => answerScope(`s${index}`, '1')))
    settled(stock)
    const same = new StreamScript(stock)
    same.request('scoped-route')
    expect(same.lines).toHaveLength(1)
    const other = new StreamScript(stock, { envoyVersion: 'envoy 1.41.0' })
    other.request('scoped-route')
    expect(other.lines).toHaveLength(30)
  })

  test('are cut at 2 MB', () => {
    const stock = new TestStore()
    const script = settled(stock)
    const ports = Array.from({ length: 10_000 }, (_, index) => index + 1)
    const big = Array.from({ length: 12 }, (_, index) => assignment(`big${index}`, ...ports))
    script.request('endpoint', { subscribe: big.map(({ name }) => name) })
    script.ackAll()
    script.clear()
    stock.put(big)
    script.ackAll()
    const sizes = script.lines.map((line) => line.split(' ').length - 1)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(12)
    const perResponse = Math.floor(2_000_000 / (big[0]?.bytes.length ?? 0))
    expect(sizes[0]).toBe(perResponse)
  })
})

describe('clusters', () => {
  test('whose response is not answered for 3 s hold up no other: Envoy is silent while one of them warms up', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('stuck'), edsCluster('other')])
    stock.put([edsCluster('new'), edsCluster('other', { connectMs: 2000 })])
    script.wait(2_999)
    expect(script.lines).toEqual(['cluster +stuck +other'])
    script.wait(1)
    expect(script.lines).toEqual(['cluster +new +other'])
    stock.remove(edsCluster('stuck'))
    script.wait(3_000)
    expect(script.lines).toEqual(['cluster -stuck'])
    script.ackAll()
    const clusters = script.stream.progress().find(({ type }) => type === 'cluster')
    expect(clusters).toMatchObject({ known: 2, pending: 0 })
  })

  test('are sent no more when very many responses are not answered', () => {
    const stock = new TestStore()
    const script = settled(stock)
    for (let round = 0; round < 50; round++) {
      stock.put([edsCluster(`c${round}`)])
      script.wait(3_000)
    }
    expect(script.lines).toHaveLength(9)
    script.ackAll()
    expect(script.lines).toEqual([expect.stringMatching(/^cluster( \+c\d+){41}$/)])
  })

  test('that go are not kept back by an endless stream of new ones', () => {
    const stock = new TestStore()
    stock.put([edsCluster('old')])
    const script = settled(stock)
    stock.put([edsCluster('c0')])
    stock.put([edsCluster('c1')], [edsCluster('old')])
    for (let round = 2; round < 5; round++) {
      stock.put([edsCluster(`c${round}`)])
      script.answer('cluster')
    }
    expect(script.lines).toContain('cluster -old')
  })
})

describe('a connection that takes nothing', () => {
  test('is sent nothing until it drains, and then what is current', () => {
    const stock = new TestStore()
    const script = settled(stock)
    script.event({ kind: 'congested' })
    for (let round = 0; round < 1_000; round++) stock.put([answerScope('s', String(round))])
    expect(script.lines).toEqual([])
    script.event({ kind: 'drained' })
    expect(script.lines).toEqual(['scoped-route +s'])
    expect(script.unanswered[0]?.sent[0]?.version).toBe(answerScope('s', '999').version)
  })
})

describe('an answer', () => {
  test('to a response that is not outstanding says nothing, but its subscriptions count', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80), assignment('b', 80)])
    const script = settled(stock)
    stock.put([assignment('a', 81)])
    const request = { type: 'endpoint', subscribe: ['b'], unsubscribe: [], initialVersions: {} } as const
    script.event({ kind: 'request', request, nonce: 'stale', error: 'no' })
    expect(script.lines).toEqual(['endpoint +a'])
    expect(script.notes.filter(({ kind }) => kind === 'refused')).toEqual([])
    script.answer('endpoint')
    expect(script.lines).toEqual(['endpoint +b'])
  })

  test('may come in any order among scopes', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([answerScope('a', '1'), answerScope('b', '1')])
    script.answerFor('b')
    stock.put([answerScope('b', '2')])
    expect(script.lines).toEqual(['scoped-route +a', 'scoped-route +b', 'scoped-route +b'])
  })
})

describe('removals', () => {
  test('never share a response with additions of scopes', () => {
    const stock = new TestStore()
    stock.put([answerScope('old', '1')])
    const script = settled(stock)
    stock.put([answerScope('new', '1')], [answerScope('old', '1')])
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route +new', 'scoped-route -old'])
  })

  test('are taken back when the resource is there again', () => {
    const stock = new TestStore()
    stock.put([edsCluster('c'), forwardScope('s', 'c')])
    const script = settled(stock)
    stock.put([answerScope('s', '1')], [edsCluster('c')])
    stock.put([edsCluster('c')])
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('that were sent are followed by the resource when it is there again', () => {
    const stock = new TestStore()
    stock.put([answerScope('s', '1')])
    const script = settled(stock)
    stock.remove(answerScope('s', '1'))
    stock.put([answerScope('s', '1')])
    expect(script.lines).toEqual(['scoped-route -s', 'scoped-route +s'])
    script.ackAll()
    expect(script.lines).toEqual([])
  })

  test('of what is on its way follow its answer', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([answerScope('s', '1')])
    stock.remove(answerScope('s', '1'))
    expect(script.lines).toEqual(['scoped-route +s'])
    script.answer('scoped-route')
    expect(script.lines).toEqual(['scoped-route -s'])
  })
})
