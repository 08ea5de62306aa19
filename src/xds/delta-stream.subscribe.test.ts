import { describe, expect, test } from 'vitest'
import { StreamScript } from '../testing/stream-script.ts'
import { answerRoute, answerScope, assignment, edsCluster, forwardScope, TestStore } from '../testing/xds-resources.ts'
import { emptyResource } from './wanted.ts'

describe('a subscription', () => {
  test('as a wildcard gets everything there is, and what comes and goes later', () => {
    const stock = new TestStore()
    stock.put([edsCluster('a'), edsCluster('b')])
    const script = new StreamScript(stock)
    script.request('cluster')
    expect(script.lines).toEqual(['cluster +a +b'])
    script.ackAll()
    stock.put([edsCluster('c')])
    expect(script.lines).toEqual(['cluster +c'])
    script.ackAll()
    stock.remove(edsCluster('a'))
    expect(script.lines).toEqual(['cluster -a'])
  })

  test('to nothing that exists is answered all the same, once', () => {
    const script = new StreamScript(new TestStore())
    script.request('cluster')
    expect(script.lines).toEqual(['cluster'])
    script.ackAll()
    expect(script.lines).toEqual([])
  })

  test('by name gets those names alone', () => {
    const stock = new TestStore()
    stock.put([answerScope('a', '1'), answerScope('b', '1')])
    const script = new StreamScript(stock)
    script.request('scoped-route', { subscribe: ['a'] })
    expect(script.lines).toEqual(['scoped-route +a'])
    script.ackAll()
    stock.put([answerScope('b', '2')])
    expect(script.lines).toEqual([])
  })

  test('to an unknown name is answered once that there is none, and again when it appears', () => {
    const stock = new TestStore()
    const script = new StreamScript(stock)
    script.request('scoped-route', { subscribe: ['a'] })
    expect(script.lines).toEqual(['scoped-route -a'])
    script.ackAll()
    stock.put([answerScope('other', '1')])
    expect(script.lines).toEqual([])
    stock.put([answerScope('a', '1')])
    expect(script.lines).toEqual(['scoped-route +a'])
  })

  test('to endpoints that do not exist gets an empty assignment, and the real one when it appears', () => {
    const stock = new TestStore()
    const script = new StreamScript(stock)
    script.request('endpoint', { subscribe: ['a'] })
    expect(script.lines).toEqual(['endpoint +a'])
    script.ackAll()
    stock.put([assignment('b', 80)])
    expect(script.lines).toEqual([])
    stock.put([assignment('a', 80)])
    expect(script.lines).toEqual(['endpoint +a'])
  })

  test('to routes that do not exist gets empty ones, since Envoy waits for some and ignores that there are none', () => {
    const stock = new TestStore()
    stock.put([answerScope('unrelated', '1')])
    const script = new StreamScript(stock)
    script.request('route', { subscribe: ['r'] })
    expect(script.lines).toEqual(['route +r'])
    expect(script.answer('route').sent[0]?.resource).toEqual(emptyResource('route', 'r'))
  })

  test('to routes that went leaves the client with what it has: its old connections need them until it asks no more', () => {
    const stock = new TestStore()
    stock.put([answerRoute('r', 'body')])
    const script = new StreamScript(stock)
    script.request('route', { subscribe: ['r'] })
    script.ackAll()
    stock.remove(answerRoute('r', 'body'))
    script.ackAll()
    expect(script.lines).toEqual(['route +r'])
    script.request('route', { unsubscribe: ['r'] })
    script.request('route', { subscribe: ['r'] })
    expect(script.lines).toEqual(['route +r'])
    expect(script.unanswered[0]?.sent[0]?.resource).toEqual(emptyResource('route', 'r'))
  })

  test('to endpoints that it has from an earlier stream and that are no more keeps them until their users are gone', () => {
    const stock = new TestStore()
    stock.put([edsCluster('b'), assignment('b', 80), forwardScope('s', 'b')])
    const script = new StreamScript(stock)
    script.request('cluster', { has: [edsCluster('a')] })
    script.request('endpoint', { subscribe: ['a'], has: [assignment('a', 80)] })
    script.request('scoped-route', { has: [forwardScope('s', 'a')] })
    expect(script.lines).toEqual(['cluster +b'])
    script.answer('cluster')
    script.request('endpoint', { subscribe: ['b'] })
    script.wait(2_000)
    expect(script.lines).toEqual(['endpoint +b'])
    script.answer('endpoint')
    expect(script.lines).toEqual(['scoped-route +s~s1'])
    script.ackAll()
    expect(script.lines).toEqual(['cluster -a', 'endpoint +a'])
    expect(script.notes.filter(({ kind }) => kind === 'overdue')).toEqual([])
  })

  test('to endpoints that went before they could be sent is answered all the same: a cluster waits for it', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80)])
    const script = new StreamScript(stock)
    script.event({ kind: 'congested' })
    script.request('endpoint', { subscribe: ['a'] })
    stock.remove(assignment('a', 80))
    script.event({ kind: 'drained' })
    expect(script.unanswered.map(({ sent }) => sent[0]?.resource)).toEqual([emptyResource('endpoint', 'a')])
  })

  test('to a name asked for again is answered again though the client had it', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80), assignment('b', 80)])
    const script = new StreamScript(stock)
    script.request('endpoint', { subscribe: ['a', 'b'] })
    script.ackAll()
    expect(script.lines).toEqual(['endpoint +a +b'])
    script.request('endpoint', { subscribe: ['a'] })
    expect(script.lines).toEqual(['endpoint +a'])
  })

  test('to a name dropped and asked for while it is on its way is answered again', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80)])
    const script = new StreamScript(stock)
    script.request('endpoint', { subscribe: ['a'] })
    script.request('endpoint', { unsubscribe: ['a'] })
    script.request('endpoint', { subscribe: ['a'] })
    expect(script.lines).toEqual(['endpoint +a'])
    script.ackAll()
    expect(script.lines).toEqual(['endpoint +a'])
  })

  test('that was dropped hears nothing more', () => {
    const stock = new TestStore()
    stock.put([assignment('a', 80), answerScope('s', '1')])
    const script = new StreamScript(stock)
    script.request('endpoint', { subscribe: ['a'] })
    script.request('scoped-route')
    script.ackAll()
    script.request('endpoint', { unsubscribe: ['a'] })
    script.request('scoped-route', { unsubscribe: ['*'] })
    expect(script.lines).toEqual(['endpoint +a', 'scoped-route +s'])
    stock.put([assignment('a', 81), answerScope('s', '2')])
    stock.remove(answerScope('s', ''))
    expect(script.lines).toEqual([])
  })

  test('by name that is dropped under a wildcard is sent again: the client forgot it', () => {
    const stock = new TestStore()
    stock.put([edsCluster('a'), edsCluster('b')])
    const script = new StreamScript(stock)
    script.request('cluster', { subscribe: ['*', 'a'] })
    script.ackAll()
    expect(script.lines).toEqual(['cluster +a +b'])
    script.request('cluster', { unsubscribe: ['a'] })
    expect(script.lines).toEqual(['cluster +a'])
  })

  test('with more names than a stream may have closes that stream', () => {
    const script = new StreamScript(new TestStore(), { limits: { maxSubscriptions: 2 } })
    script.request('endpoint', { subscribe: ['a', 'b', 'c'] })
    expect(script.notes).toEqual([
      { kind: 'close', code: 'RESOURCE_EXHAUSTED', message: 'subscribed to 3 names; a stream may have 2' },
    ])
    expect(script.lines).toEqual([])
  })
})

describe('a client that comes back', () => {
  test('is sent nothing that it has, whatever it asks for after its clusters', () => {
    const stock = new TestStore()
    const [cluster, endpoints, scope] = [edsCluster('a'), assignment('a', 80), answerScope('s', '1')]
    stock.put([cluster, endpoints, scope])
    const script = new StreamScript(stock)
    script.request('cluster', { has: [cluster] })
    script.request('scoped-route', { has: [scope] })
    script.request('endpoint', { subscribe: ['a'], has: [endpoints] })
    expect(script.lines).toEqual(['cluster', 'scoped-route', 'endpoint'])
  })

  test('is sent nothing for a salted version of the same content', () => {
    const stock = new TestStore()
    const scope = answerScope('s', '1')
    stock.put([scope])
    const script = new StreamScript(stock)
    script.request('scoped-route', { has: [{ ...scope, version: `${scope.version}~x7` }] })
    expect(script.lines).toEqual(['scoped-route'])
  })

  test('gets changed scopes with a salt: it may remember them from a refused response', () => {
    const stock = new TestStore()
    stock.put([answerScope('s', '2'), answerScope('new', '1')])
    const script = new StreamScript(stock)
    script.request('scoped-route', { has: [answerScope('s', '1')] })
    expect(script.lines).toEqual(['scoped-route +s~s1', 'scoped-route +new~s2'])
    script.ackAll()
    stock.put([answerScope('s', '3')])
    expect(script.lines).toEqual(['scoped-route +s'])
  })

  test('loses what is no more, after a grace in which it names all its types', () => {
    const stock = new TestStore()
    const script = new StreamScript(stock)
    script.request('cluster', { has: [edsCluster('old')] })
    expect(script.lines).toEqual([])
    script.wait(1_000)
    expect(script.lines).toEqual(['cluster -old'])
  })

  test('keeps a cluster that is no more until its changed route is acknowledged', () => {
    const stock = new TestStore()
    stock.put([answerScope('s', '2')])
    const script = new StreamScript(stock)
    script.request('cluster', { has: [edsCluster('old')] })
    script.request('scoped-route', { has: [answerScope('s', '1')] })
    script.wait(5_000)
    expect(script.lines).toEqual(['scoped-route +s~s1'])
    script.ackAll()
    expect(script.lines).toEqual(['cluster -old'])
  })

  test('gets endpoints that it has when a cluster that it has not waits for them', () => {
    const stock = new TestStore()
    const endpoints = assignment('a', 80)
    stock.put([edsCluster('a'), endpoints])
    const script = new StreamScript(stock)
    script.request('cluster', { has: [edsCluster('b')] })
    script.request('endpoint', { subscribe: ['a'], has: [endpoints] })
    expect(script.lines).toEqual(['cluster +a', 'endpoint +a'])
  })

  test('gets endpoints that it has when a cluster that changed meanwhile waits for them', () => {
    const stock = new TestStore()
    const endpoints = assignment('a', 80)
    stock.put([edsCluster('a', { connectMs: 2 }), endpoints])
    const script = new StreamScript(stock)
    script.request('cluster', { has: [edsCluster('a')] })
    script.request('endpoint', { subscribe: ['a'], has: [endpoints] })
    expect(script.lines).toEqual(['cluster +a', 'endpoint +a'])
  })

  test('gets endpoints that it has when it asks for no clusters before: one of an earlier stream waits for them', () => {
    const stock = new TestStore()
    const endpoints = [assignment('a', 80), emptyResource('endpoint', 'b')].flatMap((each) => each ?? [])
    stock.put([edsCluster('a'), assignment('a', 80)])
    const script = new StreamScript(stock)
    script.request('endpoint', { subscribe: ['a', 'b'], has: endpoints })
    script.request('cluster', { has: [edsCluster('a')] })
    expect(script.lines).toEqual(['endpoint +a +b', 'cluster'])
  })
})
