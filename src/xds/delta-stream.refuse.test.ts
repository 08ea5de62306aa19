import { describe, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { StreamScript } from '../testing/stream-script.ts'
import {
  answerScope,
  assignment,
  edsCluster,
  scopedListener,
  secret,
  TestStore,
  warmUpListener,
} from '../testing/xds-resources.ts'

function settled(stock: TestStore, endpoints: readonly string[] = []): StreamScript {
  const script = new StreamScript(stock)
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
  if (endpoints.length > 0) script.request('endpoint', { subscribe: endpoints })
  script.ackAll()
  script.clear()
  return script
}

function refusedNames(script: StreamScript): readonly string[] {
  return script.notes.flatMap((note) => (note.kind === 'refused' ? [note.resource.name] : []))
}

/** Answers everything, refusing each response that holds bytes for which `isBad`. Returns how many were refused. */
function answerAll(script: StreamScript, isBad: (resource: NamedResource) => boolean): number {
  let refused = 0
  for (let first = script.unanswered[0]; first !== undefined; first = script.unanswered[0]) {
    const bad = first.sent.some(({ resource }) => isBad(resource))
    if (bad) refused++
    script.answer(first.type, bad ? 'no' : undefined)
  }
  return refused
}

describe('a refused scope', () => {
  test('that the client had before is left as it is and not sent again', () => {
    const stock = new TestStore()
    stock.put([answerScope('s', '1')])
    const script = settled(stock)
    stock.put([answerScope('s', '2')])
    script.answer('scoped-route', 'no')
    expect(script.lines).toEqual(['scoped-route +s'])
    expect(script.notes.at(-1)).toMatchObject({ kind: 'refused', message: 'no', willRetry: false })
    stock.put([answerScope('s', '3')])
    expect(script.lines).toEqual(['scoped-route +s~s1'])
    script.ackAll()
    stock.put([answerScope('s', '2')])
    expect(script.lines).toEqual([])
  })

  test('goes as its last good version to a client that has none', () => {
    const stock = new TestStore()
    stock.put([answerScope('s', 'good')])
    const first = settled(stock)
    stock.put([answerScope('s', 'bad')])
    first.answer('scoped-route', 'no')
    const second = settled(stock)
    expect(second.stream.progress().find(({ type }) => type === 'scoped-route')).toMatchObject({ nacked: 0, known: 1 })
    const third = new StreamScript(stock)
    third.request('scoped-route')
    expect(third.unanswered[0]?.sent[0]?.version).toBe(answerScope('s', 'good').version)
  })

  test('goes as its stand-in when no version of it was ever taken', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([answerScope('s', 'bad')])
    script.answer('scoped-route', 'no')
    expect(script.unanswered[0]?.sent[0]?.resource.version).toBe(answerScope('s', 'stand-in', 500).version)
    expect(script.lines).toEqual(['scoped-route +s', 'scoped-route +s~s1'])
    script.answer('scoped-route', 'that neither')
    expect(script.lines).toEqual([])
  })

  test('is not sent to another client of that version, and is sent to one of another version', () => {
    const stock = new TestStore()
    const script = settled(stock)
    const bad = answerScope('s', 'bad')
    stock.put([bad])
    script.answer('scoped-route', 'no')
    script.ackAll()
    const same = new StreamScript(stock)
    same.request('scoped-route')
    expect(same.unanswered[0]?.sent[0]?.resource.version).not.toBe(bad.version)
    const other = new StreamScript(stock, { envoyVersion: 'envoy 1.41.0' })
    other.request('scoped-route')
    expect(other.unanswered[0]?.sent[0]?.resource.version).toBe(bad.version)
  })

  test('that changed while it was on its way is tried in its new version', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([answerScope('s', 'bad')])
    stock.put([answerScope('s', 'good')])
    script.answer('scoped-route', 'no')
    expect(script.unanswered[0]?.sent[0]?.resource.version).toBe(answerScope('s', 'good').version)
  })
})

describe('a refused bulk of scopes', () => {
  test.each([[[0]], [[99]], [[42]], [[3, 4]], [[0, 50, 99]]])('with culprits %o is halved to exactly those', (bad) => {
    const stock = new TestStore()
    const script = settled(stock)
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`)
    stock.put(names.map((name) => answerScope(name, '1')))
    const badNames = bad.map((index) => `s${index}`)
    const isBad = ({ name, version }: NamedResource) =>
      badNames.includes(name) && version === answerScope(name, '1').version
    const responsesRefused = answerAll(script, isBad)
    expect([...refusedNames(script)].sort()).toEqual([...badNames].sort())
    expect(responsesRefused).toBeLessThanOrEqual(bad.length * 8)
    expect(script.stream.progress().find(({ type }) => type === 'scoped-route')).toMatchObject({
      known: 100,
      pending: 0,
    })
  })

  test('is sent again with salts that were never used before', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put(Array.from({ length: 65 }, (_, index) => answerScope(`s${index}`, '1')))
    const [first] = script.unanswered
    expect(first?.sent.every(({ salt }) => salt === undefined)).toBe(true)
    script.answer('scoped-route', 'no')
    script.answer('scoped-route', 'no')
    const salts = script.unanswered.flatMap(({ sent }) => sent.map(({ salt }) => salt))
    expect(salts).not.toContain(undefined)
    expect(new Set(salts).size).toBe(salts.length)
  })

  test('keeps what changed meanwhile: the newest version is tried', () => {
    const stock = new TestStore()
    const script = settled(stock)
    const names = Array.from({ length: 65 }, (_, index) => `s${index}`)
    stock.put(names.map((name) => answerScope(name, '1')))
    stock.put([answerScope('s1', '2')])
    stock.remove(answerScope('s2', '1'))
    answerAll(script, ({ version }) => version === answerScope('s0', '1').version)
    expect(refusedNames(script)).toEqual(['s0'])
    expect(script.stream.progress().find(({ type }) => type === 'scoped-route')).toMatchObject({
      known: 64,
      pending: 0,
    })
  })
})

describe('a refused response of another type', () => {
  test('of clusters: those it names are the culprits, the others were taken', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('a'), edsCluster('ab'), edsCluster('b')])
    script.answer('cluster', "Error adding/updating cluster(s) a: bad, a: says, b: 'ab' is no good")
    expect(script.notes.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { resource: { name: 'a' }, message: 'bad, a: says' },
      { resource: { name: 'b' }, message: "'ab' is no good" },
    ])
    expect(script.stream.progress()[0]).toMatchObject({ type: 'cluster', known: 1, pending: 1 })
  })

  test('of some sends the others again, alone: the client speaks on its next stream of what it acknowledged', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([scopedListener('bad', 80), scopedListener('good', 81), scopedListener('gone', 82)])
    stock.remove(scopedListener('gone', 82))
    script.clear()
    script.answer('listener', 'Error adding/updating listener(s) bad: no')
    expect(script.lines).toEqual(['listener +good'])
    script.ackAll()
    expect(script.lines).toEqual(['listener -gone'])
    expect(script.stream.progress().every(({ pending }) => pending === 0)).toBe(true)
  })

  test('of clusters that names none is tried in halves', () => {
    const stock = new TestStore()
    const script = settled(stock)
    stock.put([edsCluster('a'), edsCluster('b'), edsCluster('c')])
    answerAll(script, ({ name }) => name === 'b')
    expect(refusedNames(script)).toEqual(['b'])
    expect(script.lines).toEqual(['cluster +a +b +c', 'cluster +a +b', 'cluster +c', 'cluster +a', 'cluster +b'])
  })

  test('of secrets never holds two that no proxy has taken: refused bytes that come again are acknowledged', () => {
    const stock = new TestStore()
    const names = Array.from({ length: 100 }, (_, index) => `s${index}`)
    stock.put(names.map((name) => secret(name, { chain: name, key: '' })))
    const script = new StreamScript(stock)
    script.request('secret', { subscribe: names })
    expect(script.lines.map((line) => line.split(' ').length)).toEqual(Array(64).fill(2))
    script.ackAll()
    expect(script.lines).toHaveLength(36)
    const second = new StreamScript(stock)
    second.request('secret', { subscribe: names })
    expect(second.lines).toHaveLength(1)
  })

  test('of endpoints that changed clusters wait for is tried in halves though the client has them', () => {
    const stock = new TestStore()
    stock.put([edsCluster('a'), edsCluster('b'), assignment('a', 80), assignment('b', 80)])
    const script = settled(stock, ['a', 'b'])
    stock.put([edsCluster('a', { connectMs: 1 }), edsCluster('b', { connectMs: 1 })])
    expect(script.lines).toEqual(['cluster +a +b', 'endpoint +a +b'])
    script.answer('endpoint', 'no')
    script.answer('endpoint')
    expect(script.lines).toEqual(['endpoint +a', 'endpoint +b'])
  })

  test('of endpoints that a changed cluster waits for is followed by those that the client has', () => {
    const stock = new TestStore()
    stock.put([edsCluster('c'), assignment('c', 80)])
    const script = settled(stock, ['c'])
    stock.put([edsCluster('c', { connectMs: 1 }), assignment('c', 81)])
    expect(script.lines).toEqual(['cluster +c', 'endpoint +c'])
    script.answer('endpoint', 'no')
    expect(script.lines).toEqual(['endpoint +c'])
    expect(script.unanswered.at(-1)?.sent[0]?.version).toBe(assignment('c', 80).version)
  })

  test('of endpoints leaves a cluster without earlier ones with none, and the others with theirs', () => {
    const stock = new TestStore()
    stock.put([assignment('had', 80)])
    const script = settled(stock, ['had', 'new', 'good'])
    stock.put([assignment('had', 81), assignment('new', 81), assignment('good', 81)])
    const bad = [assignment('had', 81).version, assignment('new', 81).version]
    answerAll(script, ({ version }) => bad.includes(version))
    expect([...refusedNames(script)].sort()).toEqual(['had', 'new'])
    expect(script.stream.progress().find(({ type }) => type === 'endpoint')).toMatchObject({ known: 3, pending: 0 })
  })
})

describe('a listener whose address is taken', () => {
  const taken = "Error adding/updating listener(s) l: cannot bind '127.0.0.1:80': Address already in use\n"

  test('is tried again, after longer and longer pauses', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80)])
    expect(script.lines).toEqual(['listener +l'])
    for (const pauseMs of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      script.answer('listener', taken)
      script.wait(pauseMs - 1)
      expect(script.lines).toEqual([])
      script.wait(1)
      expect(script.lines).toEqual(['listener +l'])
    }
    script.ackAll()
    script.wait(60_000)
    expect(script.lines).toEqual([])
    expect(script.notes.at(-1)).toMatchObject({ kind: 'accepted' })
  })

  test('is tried again soon when it was taken in between', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80)])
    script.answer('listener', taken)
    script.wait(500)
    script.answer('listener', taken)
    script.wait(1_000)
    script.answer('listener')
    stock.put([scopedListener('l', 81)])
    script.answer('listener', taken)
    script.clear()
    script.wait(500)
    expect(script.lines).toEqual(['listener +l'])
  })

  test('is tried at once when it changes, and not again when it is gone', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const script = settled(stock)
    stock.put([scopedListener('l', 80)])
    script.answer('listener', taken)
    stock.put([scopedListener('l', 81)])
    expect(script.lines).toEqual(['listener +l', 'listener +l'])
    script.answer('listener', taken)
    stock.remove(scopedListener('l', 81))
    script.wait(60_000)
    expect(script.lines).toEqual([])
  })

  test('does not keep the client from being synced', () => {
    const stock = new TestStore()
    stock.put([warmUpListener(), scopedListener('l', 80)])
    const script = new StreamScript(stock)
    script.request('listener')
    script.answer('listener')
    script.request('scoped-route')
    script.answer('scoped-route')
    script.answer('listener', taken)
    expect(script.notes.map(({ kind }) => kind)).toEqual(['accepted', 'refused', 'synced'])
  })
})
