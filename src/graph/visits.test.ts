import { describe, expect, test } from 'vitest'
import { buildGnarlyGraph, type GnarlyGraph } from './gnarly-graph.ts'
import { Graph } from './graph.ts'

/** A graph of `n` routes, each with its own host, service and endpoint; no route reads a whole collection. */
function load(n: number) {
  const graph = new Graph()
  const gnarly = buildGnarlyGraph(graph)
  for (let i = 0; i < n; i++) {
    gnarly.routes.set(`r${i}`, { service: `s${i}`, hosts: [`h${i}`], namespace: 'ns', n: i % 2 === 0 ? 2 : 1 })
    gnarly.services.set(`s${i}`, { n: i })
    gnarly.endpoints.set(`e${i}`, { service: `s${i}`, n: i })
  }
  graph.flush()
  return { graph, gnarly }
}

const events: readonly (readonly [string, (gnarly: GnarlyGraph) => void])[] = [
  ['a route changes', ({ routes }) => routes.set('r8', { service: 's8', hosts: ['h8'], namespace: 'ns', n: 4 })],
  ['a route moves', ({ routes }) => routes.set('r8', { service: 's9', hosts: ['h9'], namespace: 'ns', n: 4 })],
  ['a route goes', ({ routes }) => routes.delete('r8')],
  ['a route comes', ({ routes }) => routes.set('new', { service: 's8', hosts: ['new'], namespace: 'ns', n: 2 })],
  ['an endpoint changes', ({ endpoints }) => endpoints.set('e8', { service: 's8', n: -1 })],
  ['an endpoint comes', ({ endpoints }) => endpoints.set('new', { service: 's8', n: -1 })],
  ['a service changes', ({ services }) => services.set('s8', { n: -1 })],
  ['a service goes', ({ services }) => services.delete('s8')],
]

function visits(graph: Graph): Readonly<Record<string, number>> {
  return Object.fromEntries(graph.trace().nodes.map((node) => [node.name, node.visits]))
}

/** Visits that one event costs, per node, in a graph of `n` routes. */
function cost(n: number, event: (gnarly: GnarlyGraph) => void): Readonly<Record<string, number>> {
  const { graph, gnarly } = load(n)
  const before = visits(graph)
  event(gnarly)
  graph.flush()
  const after = Object.entries(visits(graph)).map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
  return Object.fromEntries(after.filter(([, count]) => count > 0))
}

describe('visits per event', () => {
  test.each(events)('when %s they are the same among 100 and among 2,000', (_title, event) => {
    const few = cost(100, event)
    expect(cost(2000, event)).toEqual(few)
    expect(Object.values(few).reduce((sum, count) => sum + count, 0)).toBeLessThan(40)
  })

  test('an endpoint change visits nothing of a route', () => {
    expect(cost(100, ({ endpoints }) => endpoints.set('e9', { service: 's9', n: -1 }))).toEqual({
      endpoints: 1,
      endpointsOf: 1,
      assignments: 1,
    })
  })

  test('a load visits each node once per key', () => {
    const n = 300
    const { graph } = load(n)
    expect(visits(graph)).toMatchObject({ routes: n, allRoutes: n, clusters: n, units: n, hosts: n })
    // Per route: two outputs of hosts (one of them named as an owner), one unit.
    expect(visits(graph)).toMatchObject({ byHost: n, bySize: n, assignments: n, summary: 3 * n })
  })
})
