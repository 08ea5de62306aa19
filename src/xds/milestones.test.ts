import { describe, expect, test } from 'vitest'
import { StreamScript } from '../testing/stream-script.ts'
import { answerScope, edsCluster, TestStore } from '../testing/xds-resources.ts'

/** A store at revision `first` and a client that has it all. */
function settled(): { readonly stock: TestStore; readonly script: StreamScript } {
  const stock = new TestStore()
  stock.put([edsCluster('a')], [], 'first')
  const script = new StreamScript(stock)
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
  script.ackAll()
  return { stock, script }
}

/** What was said of revisions, in order. */
function said(script: StreamScript): readonly string[] {
  return script.notes.splice(0).flatMap((note) => {
    if (note.kind === 'taken') return [note.revision.label]
    return note.kind === 'late' || note.kind === 'synced' ? [note.kind] : []
  })
}

describe('a revision', () => {
  test('that was there when the client came is taken with the first synchronisation', () => {
    expect(said(settled().script)).toEqual(['synced', 'first'])
  })

  test('is taken when everything that came with it is acknowledged', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([edsCluster('b'), answerScope('s', 'one')], [], 'second')
    expect(said(script)).toEqual([])
    script.answer('cluster')
    expect(said(script)).toEqual([])
    script.answer('scoped-route')
    expect(said(script)).toEqual(['second'])
  })

  test('is taken when what came with it is refused', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([edsCluster('b')], [], 'second')
    script.answer('cluster', 'no')
    script.ackAll()
    expect(said(script)).toEqual(['second'])
  })

  test('that changes nothing is taken at once', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([], [], 'second')
    expect(said(script)).toEqual(['second'])
  })

  test('waits for a removal', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([], [edsCluster('a')], 'second')
    expect(said(script)).toEqual([])
    script.ackAll()
    expect(said(script)).toEqual(['second'])
  })

  test('does not wait for what came after it', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([edsCluster('b')], [], 'second')
    stock.put([edsCluster('c')])
    script.answer('cluster')
    expect(said(script)).toEqual(['second'])
  })

  test('whose change was replaced before it was sent waits for what replaced it', () => {
    const { stock, script } = settled()
    said(script)
    script.event({ kind: 'congested' })
    stock.put([edsCluster('b')], [], 'second')
    stock.put([edsCluster('b', { serviceName: 'other' })], [], 'third')
    script.event({ kind: 'drained' })
    expect(said(script)).toEqual([])
    script.ackAll()
    expect(said(script)).toEqual(['third'])
  })

  test('that is not taken in time makes the client late, once, until it is', () => {
    const { stock, script } = settled()
    said(script)
    stock.put([edsCluster('b')], [], 'second')
    script.wait(14_999)
    expect(said(script)).toEqual([])
    script.wait(60_000)
    expect(said(script)).toEqual(['late'])
    script.ackAll()
    expect(said(script)).toEqual(['second'])
    expect(script.stream.wakeAtMs).toBeUndefined()
  })

  test('that came during a long first synchronisation has its time from the end of that', () => {
    const stock = new TestStore()
    stock.put([edsCluster('a')], [], 'first')
    const script = new StreamScript(stock)
    for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
    stock.put([answerScope('s', 'one'), edsCluster('b')], [], 'second')
    script.wait(60_000)
    script.answer('listener')
    script.answer('cluster')
    script.answer('scoped-route')
    expect(said(script)).toEqual(['synced', 'first'])
    script.wait(14_999)
    expect(said(script)).toEqual([])
    script.wait(1)
    expect(said(script)).toEqual(['late'])
  })

  test('makes a client late that takes nothing from the connection', () => {
    const { stock, script } = settled()
    said(script)
    script.event({ kind: 'congested' })
    stock.put([edsCluster('b')], [], 'second')
    script.wait(15_000)
    expect(said(script)).toEqual(['late'])
  })
})
