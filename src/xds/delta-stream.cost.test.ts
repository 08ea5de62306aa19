import { describe, expect, test } from 'vitest'
import { StreamScript } from '../testing/stream-script.ts'
import { answerScope, assignment, edsCluster, forwardScope, TestStore } from '../testing/xds-resources.ts'
import { Stock } from './stock.ts'

/** Looks into the store, and names listed from it, that `act` causes. */
function looks(act: () => void): number {
  const { get, names } = Stock.prototype
  let count = 0
  Stock.prototype.get = function (name) {
    count++
    return get.call(this, name)
  }
  Stock.prototype.names = function* () {
    for (const name of names.call(this)) {
      count++
      yield name
    }
  }
  try {
    act()
  } finally {
    Object.assign(Stock.prototype, { get, names })
  }
  return count
}

/** A client that has N hosts, each with its cluster and endpoints. */
function served(count: number) {
  const stock = new TestStore()
  const names = Array.from({ length: count }, (_, index) => `n${index}`)
  stock.put(names.flatMap((name) => [edsCluster(name), assignment(name, 80), forwardScope(name, name)]))
  const script = new StreamScript(stock)
  script.request('cluster')
  script.request('endpoint', { subscribe: names })
  script.request('listener')
  script.request('scoped-route')
  script.ackAll()
  return { stock, script }
}

describe('the cost of an edit', () => {
  test.each<[string, (stock: TestStore) => void]>([
    ['a route', (stock) => stock.put([answerScope('n7', 'new')])],
    ['endpoints', (stock) => stock.put([assignment('n7', 81)])],
    ['a cluster', (stock) => stock.put([edsCluster('n7', { connectMs: 2000 })])],
    ['a new host with its cluster', (stock) => stock.put([edsCluster('new'), forwardScope('new', 'new')])],
    ['a host that goes with its cluster', (stock) => stock.remove(edsCluster('n7'), forwardScope('n7', 'n7'))],
  ])('of %s does not grow with what is served', (_title, edit) => {
    const [few, many] = [30, 3_000].map((count) => {
      const { stock, script } = served(count)
      return looks(() => {
        edit(stock)
        script.ackAll()
      })
    })
    expect(few).toBeGreaterThan(0)
    expect(many).toBe(few)
  })
})
