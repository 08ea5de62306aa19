import { describe, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { StreamScript } from '../testing/stream-script.ts'
import { assignment, edsCluster, forwardScope, scopedListener, TestStore } from '../testing/xds-resources.ts'
import { defaultLimits, type StreamLimits } from './limits.ts'

const { drainMs } = defaultLimits

const inTable = (resource: NamedResource, ...tables: readonly string[]): NamedResource => ({ ...resource, tables })
const listener = (table: string, variant: string) => inTable(scopedListener('l', 80, variant), table)
const old = inTable(forwardScope('old', 'c'), 'before')
const other = inTable(forwardScope('other', 'd'), 'before')
const now = inTable(forwardScope('now', 'e'), 'after')

/** A client that has two scopes of one table with their clusters. */
function settled(limits: Partial<StreamLimits> = {}): { readonly stock: TestStore; readonly script: StreamScript } {
  const stock = new TestStore()
  stock.put([edsCluster('c'), edsCluster('d'), edsCluster('e'), old, other, listener('before', '1')])
  for (const name of ['c', 'd', 'e']) stock.put([assignment(name, 80)])
  const script = new StreamScript(stock, { limits })
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) script.request(type)
  script.request('endpoint', { subscribe: ['c', 'd', 'e'] })
  script.ackAll()
  script.clear()
  return { stock, script }
}

describe('scopes whose table no listener asks any more', () => {
  test('stay, with their clusters, as long as the client drains the connections of the earlier listener', () => {
    const { stock, script } = settled()
    stock.put([now, listener('after', '2')], [old, other, edsCluster('c')])
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route +now', 'listener +l'])
    stock.remove(edsCluster('d'))
    script.wait(drainMs - 1)
    expect(script.lines).toEqual([])
    script.wait(1)
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route -old -other', 'cluster -c -d'])
    expect(script.notes.filter(({ kind }) => kind === 'overdue')).toEqual([])
  })

  test('hold up no removal of something else', () => {
    const { stock, script } = settled()
    stock.put([now, listener('after', '2')], [old])
    script.ackAll()
    script.clear()
    stock.remove(now, edsCluster('e'))
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route -now', 'cluster -e'])
  })

  test('are not kept without bound: the oldest go first', () => {
    const { stock, script } = settled({ maxLingering: 1 })
    stock.put([now, listener('after', '2')], [old, other])
    script.ackAll()
    expect(script.lines).toEqual(['scoped-route +now', 'listener +l', 'scoped-route -old'])
  })

  test('are served as before when the table is there again', () => {
    const { stock, script } = settled()
    stock.put([now, listener('after', '2')], [old])
    script.ackAll()
    script.clear()
    stock.put([old, listener('before', '3')])
    script.wait(drainMs)
    script.ackAll()
    expect(script.lines.filter((line) => line.startsWith('scoped-route'))).toEqual([])
  })
})

test('a scope of a table that is still asked goes at once', () => {
  const { stock, script } = settled()
  stock.put([listener('before', '2')], [old])
  script.ackAll()
  expect(script.lines).toEqual(['listener +l', 'scoped-route -old'])
})
