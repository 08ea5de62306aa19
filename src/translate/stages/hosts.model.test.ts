/** Virtual hosts against a model: who answers a request, found by reading the specification naively. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../graph/graph.ts'
import { gatewayKey, scopeName, tableName } from '../../ir/names.ts'
import type { VirtualHost } from '../../ir/virtual-host.ts'
import { mustParse, pipelineInputs } from '../../testing/pipeline-rig.ts'
import { compareHosts, covers, intersect, normalHost, widerHosts } from '../attach/hostnames.ts'
import { maxWildcardDepth } from '../emit/lua.ts'
import { hostKey } from '../gateway/hosts.ts'
import { setObject } from '../../watch/sources.ts'
import { buildGateways } from './gateways.ts'
import { buildHosts } from './hosts.ts'
import { buildReferences } from './references.ts'
import { buildRoutes } from './routes.ts'

interface World {
  /** Hostnames of the listeners, all on one port; undefined is "every host". */
  readonly listeners: readonly (string | undefined)[]
  readonly routes: readonly {
    readonly listener: number
    readonly hostnames: readonly string[]
    readonly prefixes: readonly string[]
  }[]
}

const table = tableName(80)
const gateway = gatewayKey('default', 'gw')
const hostname = fc.constantFrom('a.com', 'x.a.com', 'y.x.a.com', '*.a.com', '*.x.a.com', '*.com', 'b.org')
const prefix = fc.constantFrom('/', '/one', '/one/two', '/three')
const world: fc.Arbitrary<World> = fc.record({
  listeners: fc.uniqueArray(fc.option(hostname, { nil: undefined }), { minLength: 1, maxLength: 4 }),
  routes: fc.array(
    fc.record({
      listener: fc.nat(3),
      hostnames: fc.uniqueArray(hostname, { maxLength: 3 }),
      prefixes: fc.uniqueArray(prefix, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 5 },
  ),
})
const request = fc.record({
  host: fc.constantFrom('a.com', 'x.a.com', 'y.x.a.com', 'q.x.a.com', 'z.a.com', 'z.com', 'b.org', 'c.net'),
  path: fc.constantFrom('/', '/one', '/one/two/x', '/three', '/four'),
})

function build({ listeners, routes }: World): (host: string) => VirtualHost | undefined {
  const graph = new Graph({ schedule: () => {} })
  const { inputs, sources } = pipelineInputs(graph)
  const references = buildReferences(graph, inputs)
  const gateways = buildGateways(graph, inputs, references)
  const hosts = buildHosts(graph, gateways, buildRoutes(graph, inputs, references, gateways))
  const group = 'gateway.networking.k8s.io/v1'
  const objects = [
    {
      apiVersion: group,
      kind: 'GatewayClass',
      metadata: { name: 'c' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    },
    {
      apiVersion: group,
      kind: 'Gateway',
      metadata: { name: 'gw' },
      spec: {
        gatewayClassName: 'c',
        listeners: listeners.map((name, index) => ({
          name: `l${index}`,
          port: 80,
          protocol: 'HTTP',
          ...(name === undefined ? {} : { hostname: name }),
        })),
      },
    },
    ...routes.map(({ listener, hostnames, prefixes }, index) => ({
      apiVersion: group,
      kind: 'HTTPRoute',
      metadata: { name: `r${index}` },
      spec: {
        parentRefs: [{ name: 'gw', sectionName: `l${listener}` }],
        hostnames,
        rules: prefixes.map((value) => ({ matches: [{ path: { type: 'PathPrefix', value } }] })),
      },
    })),
  ]
  for (const object of objects) {
    setObject(sources, mustParse(object))
  }
  graph.flush()
  return (host) => hosts.get(hostKey(gateway, table, host))
}

const matches = (path: string, under: string) => under === '/' || path === under || path.startsWith(`${under}/`)

/** What the data plane does with virtual hosts: the exact scope, then the stubs, then from scope to scope. */
function serve(vhostOf: (host: string) => VirtualHost | undefined, host: string, path: string): string {
  const wildcards = widerHosts(host)
  const stub = wildcards.find((wildcard) => vhostOf(wildcard) !== undefined)
  let wildcardScopes = 0
  let vhost = vhostOf(host) ?? (stub === undefined ? undefined : vhostOf(stub))
  while (vhost !== undefined) {
    wildcardScopes += vhost.host.startsWith('*') ? 1 : 0
    expect(wildcardScopes).toBeLessThanOrEqual(maxWildcardDepth)
    const { onMiss, routes } = vhost
    const hit = routes.find(({ match }) => match.path.kind === 'prefix' && matches(path, match.path.prefix))
    if (hit !== undefined) {
      return hit.name
    }
    if (onMiss.kind === 'not-found') {
      return '404'
    }
    expect(onMiss.kind).not.toBe('buckets') // Worlds are small.
    const scope = onMiss.kind === 'scope' ? onMiss.scope : undefined
    const next = onMiss.kind === 'stubs' ? stub : wildcards.find((wildcard) => scopeName(table, wildcard) === scope)
    vhost = next === undefined ? undefined : vhostOf(next)
  }
  return '404'
}

/** The specification: the most specific listener alone; then hostnames, most specific first; then the longest path. */
function model({ listeners, routes }: World, host: string, path: string): string {
  const owner = listeners
    .map((name, index) => ({ host: normalHost(name), index }))
    .filter((listener) => covers(listener.host, host))
    .sort((a, b) => compareHosts(a.host, b.host))[0]
  const candidates = routes.flatMap(({ listener, hostnames, prefixes }, route) =>
    listener !== owner?.index
      ? []
      : (hostnames.length === 0 ? ['*'] : hostnames).flatMap((original) => {
          const served = intersect(owner.host, original)
          return served === undefined || !covers(served, host)
            ? []
            : prefixes.map((under, rule) => ({
                served,
                original,
                under,
                name: `default/r${route}/${rule}/0`,
                route,
                rule,
              }))
        }),
  )
  const best = candidates
    .filter(({ under }) => matches(path, under))
    .sort(
      (a, b) =>
        compareHosts(a.served, b.served) ||
        compareHosts(a.original, b.original) ||
        b.under.length - a.under.length ||
        a.route - b.route ||
        a.rule - b.rule,
    )[0]
  return best?.name ?? '404'
}

describe('virtual hosts', () => {
  test('answer every request as the specification does, whatever listeners and hostnames overlap', () => {
    fc.assert(
      fc.property(world, fc.array(request, { minLength: 1, maxLength: 8 }), (given, requests) => {
        const vhostOf = build(given)
        for (const { host, path } of requests) {
          expect(`${host}${path} ${serve(vhostOf, host, path)}`).toBe(`${host}${path} ${model(given, host, path)}`)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('let a request fall through more nested wildcards than the data plane has steps', () => {
    const labels = ['i', 'h', 'g', 'f', 'e', 'd', 'c', 'b', 'a']
    const wildcards = labels.map((_, depth) => `*.${labels.slice(depth).join('.')}`)
    const routes = wildcards.map((name, depth) => ({ listener: 0, hostnames: [name], prefixes: [`/d${depth}`] }))
    const given = { listeners: [undefined], routes }
    const vhostOf = build(given)
    for (const host of ['x.i.h.g.f.e.d.c.b.a', 'x.c.b.a', 'x.h.g.f.e.d.c.b.a']) {
      for (const path of ['/d0', '/d1', '/d8', '/none']) {
        expect(`${host}${path} ${serve(vhostOf, host, path)}`).toBe(`${host}${path} ${model(given, host, path)}`)
      }
    }
  })
})
