import { describe, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { StreamScript } from '../testing/stream-script.ts'
import { edsCluster, scopedListener, TestStore, warmUpListener } from '../testing/xds-resources.ts'

const complaint = 'Error adding/updating cluster(s) bad: no'

function connect(stock: TestStore, node: string, has: readonly NamedResource[] = []): StreamScript {
  const script = new StreamScript(stock, { node })
  script.request('cluster', { has: has.filter(({ type }) => type === 'cluster') })
  for (const type of ['listener', 'scoped-route'] as const) script.request(type)
  return script
}

/** What a stream takes away when everything is acknowledged. */
function takenAway(script: StreamScript): readonly string[] {
  script.ackAll()
  script.wait(1_000)
  script.ackAll()
  return script.lines.filter((line) => line.includes(' -'))
}

describe('what a proxy has and does not speak of when it comes back', () => {
  test('because it took it beside something that it refused, is taken away once it is gone', () => {
    const stock = new TestStore()
    stock.put([edsCluster('bad'), edsCluster('good')])
    const first = connect(stock, 'p')
    first.answer('cluster', complaint)
    first.leave()
    stock.remove(edsCluster('good'))
    expect(takenAway(connect(stock, 'p'))).toEqual(['cluster -good'])
    expect(takenAway(connect(stock, 'p'))).toEqual([])
  })

  test('because its refusal never arrived, is taken away once it is gone', () => {
    const stock = new TestStore()
    stock.put([warmUpListener()])
    const first = connect(stock, 'p')
    first.ackAll()
    stock.put([scopedListener('bad', 80), scopedListener('good', 81)])
    expect(first.lines.at(-1)).toBe('listener +bad +good')
    first.leave()
    stock.remove(scopedListener('good', 81))
    expect(takenAway(connect(stock, 'p', [edsCluster('c')]))).toEqual(['listener -good', 'cluster -c'])
  })

  test('is taken away too when it goes before it could be sent again', () => {
    const stock = new TestStore()
    stock.put([edsCluster('bad'), edsCluster('good')])
    const first = connect(stock, 'p')
    first.answer('cluster', complaint)
    first.leave()
    const second = new StreamScript(stock, { node: 'p' })
    second.event({ kind: 'congested' })
    for (const type of ['cluster', 'listener', 'scoped-route'] as const) second.request(type)
    stock.remove(edsCluster('good'))
    second.event({ kind: 'drained' })
    expect(takenAway(second)).toEqual(['cluster -good'])
  })

  test('is taken away too when its earlier removal is acknowledged late', () => {
    const stock = new TestStore()
    stock.put([edsCluster('bad'), edsCluster('good')])
    const first = connect(stock, 'p')
    first.ackAll()
    stock.remove(edsCluster('good'))
    first.wait(5_000)
    stock.put([edsCluster('bad', { connectMs: 1 }), edsCluster('good')])
    first.clear()
    first.answer('cluster')
    expect(first.unanswered.map(({ type }) => type)).toEqual(['cluster'])
    first.leave()
    stock.remove(edsCluster('good'))
    expect(takenAway(connect(stock, 'p'))).toEqual(['cluster -good'])
  })

  test('is another version than it says: it gets the one that there is', () => {
    const stock = new TestStore()
    stock.put([edsCluster('good')])
    const first = connect(stock, 'p')
    first.ackAll()
    stock.put([edsCluster('bad'), edsCluster('good', { connectMs: 2 })])
    first.leave()
    stock.put([edsCluster('good')], [edsCluster('bad')])
    const second = connect(stock, 'p', [edsCluster('good')])
    expect(second.lines).toContain('cluster +good')
    second.ackAll()
    second.leave()
    expect(connect(stock, 'p', [edsCluster('good')]).lines).not.toContain('cluster +good')
  })

  test('is nothing when all was acknowledged, and nobody else is told', () => {
    const stock = new TestStore()
    stock.put([edsCluster('bad'), edsCluster('good'), edsCluster('fine')])
    const acknowledging = connect(stock, 'q')
    const refusing = connect(stock, 'p')
    refusing.answer('cluster', complaint)
    for (const script of [acknowledging, refusing]) {
      script.ackAll()
      script.leave()
    }
    stock.remove(edsCluster('good'))
    expect(takenAway(connect(stock, 'q'))).toEqual([])
  })
})
