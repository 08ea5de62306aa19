import type { Collection, Entry } from './collection.ts'
import type { Graph } from './graph.ts'
import type { Source } from './source.ts'

/** A route that names other things, so that which collections its transforms read depends on its value. */
export interface GnarlyRoute {
  readonly service: string
  readonly hosts: readonly string[]
  readonly namespace: string
  readonly n: number
}

/** An endpoint of a service. */
export interface GnarlyEndpoint {
  readonly service: string
  readonly n: number
}

/** A small graph in which everything that can go wrong meets, for tests that write to it at random or count its work. */
export interface GnarlyGraph {
  readonly routes: Source<GnarlyRoute>
  readonly moreRoutes: Source<GnarlyRoute>
  readonly services: Source<{ readonly n: number }>
  readonly endpoints: Source<GnarlyEndpoint>
  /** Touches nothing of the rest until a route with n = 5 reads it, or a note above 3 reads a cluster. */
  readonly notes: Source<number>
  readonly suffix: { set(value: string): void; get(): string }
  /** Holds the suffix as it was when last computed: a single cannot be observed. */
  readonly suffixes: Collection<string>
  /** Every collection but the single, sources first. */
  readonly collections: readonly Collection<unknown>[]
}

/** Builds joins, indexes, reports, conflicting outputs, and reads that come and go between parts. */
export function buildGnarlyGraph(graph: Graph): GnarlyGraph {
  const routes = graph.source<GnarlyRoute>('routes')
  const moreRoutes = graph.source<GnarlyRoute>('moreRoutes')
  const services = graph.source<{ readonly n: number }>('services')
  const endpoints = graph.source<GnarlyEndpoint>('endpoints')
  const notes = graph.source<number>('notes')
  const always = graph.source<true>('always')
  always.set('suffix', true)
  const suffix = graph.single('suffix', '.')
  const suffixes = graph.derive('suffixes', always, (read, _true, key) => [[key, read.single(suffix)]])
  const allRoutes = graph.join('allRoutes', [routes, moreRoutes])
  const byService = graph.index('byService', allRoutes, ({ service }) => [service])
  const byHost = graph.index('byHost', allRoutes, ({ hosts }) => hosts)
  const endpointsOf = graph.index('endpointsOf', endpoints, ({ service }) => [service])
  const assignments = graph.derive('assignments', endpointsOf.groups, (_read, members, service) => [
    [service, members.map(({ key, value }) => `${key}:${value.n}`)],
  ])
  // Used services only, so outputs appear and disappear by a presence.
  const clusters = graph.derive('clusters', services, (read, { n }, service) =>
    read.has(byService.presence, service) ? [[`cluster/${service}`, { n, users: read.count(byService, service) }]] : [],
  )
  const noted = graph.derive<number, number | boolean>('noted', notes, (read, n, key) => [
    [key, n],
    [`${key}/cluster`, n > 3 ? read.get(clusters, `cluster/${key}`) !== undefined : false],
  ])
  const units = graph.deriveWithReport('units', allRoutes, (read, route, key) => {
    const cluster = read.get(clusters, `cluster/${route.service}`)
    // Even routes ask for endpoints, odd ones for presence, multiples of 3 for everything.
    const ready = route.n % 2 === 0 ? read.count(endpointsOf, route.service) : read.has(services, route.service)
    const all = route.n % 3 === 0 ? read.entries(clusters).map((entry) => entry.key) : []
    return {
      outputs: cluster === undefined ? [] : [[`${key}@${route.namespace}`, { cluster, hosts: route.hosts, all }]],
      report: { isAccepted: cluster !== undefined, ready, note: route.n === 5 ? read.get(noted, key) : undefined },
    }
  })
  // Several routes may name one host: the smallest key owns it.
  const owners = graph.derive('owners', allRoutes, (_read, { hosts, n }, key) =>
    [...new Set(hosts)].map((host) => [host, `${key}#${n % 2}`] as const),
  )
  const hosts = graph.derive<readonly Entry<GnarlyRoute>[], readonly unknown[]>(
    'hosts',
    byHost.groups,
    (read, members, host) => {
      const first = members[0]
      const isDeep = members.length > 1
      return [
        [host + read.single(suffix), isDeep ? members.map(({ key }) => read.get(units.reports, key)) : [first?.key]],
        [host, [read.get(owners, host), isDeep ? read.get(assignments, first?.value.service ?? '') : undefined]],
      ]
    },
  )
  const summary = graph.join<unknown>('summary', [hosts, units.outputs, owners])
  const bySize = graph.index('bySize', byHost.counts, (count) => [String(count), count > 1 ? 'many' : 'one'])
  const collections: readonly Collection<unknown>[] = [
    ...[
      always,
      routes,
      moreRoutes,
      services,
      endpoints,
      notes,
      suffixes,
      allRoutes,
      clusters,
      noted,
      assignments,
      owners,
      hosts,
      summary,
    ],
    ...[units.outputs, units.reports, byService.counts, byHost.groups, byHost.presence, endpointsOf.groups],
    ...[bySize.groups, bySize.counts, bySize.presence],
  ]
  return { routes, moreRoutes, services, endpoints, notes, suffix, suffixes, collections }
}
