/** The pages of the admin interface, from the facts of a running control plane. */
import type { NamedResource } from '../envoy/resource.ts'
import type { Collection } from '../graph/collection.ts'
import type { Graph } from '../graph/graph.ts'
import type { Metrics } from '../lib/metrics.ts'
import { compareBy } from '../lib/sorted.ts'
import { type AdminAnswer, type AdminPage, json, text } from './server.ts'

/** What the pages show. */
export interface AdminFacts {
  readonly graph: Graph
  readonly metrics: Metrics
  /** Undefined when ready, else what is still missing. */
  readonly notReady: () => string | undefined
  /** What is wrong though it is ready, one line each; names no object. */
  readonly impaired?: (() => readonly string[]) | undefined
  /** Connected proxies with what each was sent, acknowledged and refused, per type. */
  readonly proxies: () => unknown
  readonly refusals: () => readonly unknown[]
  readonly statuses: Collection<unknown>
  /** By any key; shown sorted by it. */
  readonly resources: Collection<{ readonly resource: NamedResource }>
  readonly endpoints: Collection<NamedResource>
  /** What is wrong with the input now. */
  readonly diagnostics: () => readonly unknown[]
}

/** All pages; those of /debug are for loopback. To be called once: what is wrong now becomes metrics, too. */
export function adminPages(facts: AdminFacts): readonly AdminPage[] {
  declareStanding(facts)
  return [
    { path: '/healthz', summary: 'the process runs', render: () => text('ok') },
    {
      path: '/readyz',
      summary: '200 once the configuration is read and served; says what is wrong with what is read',
      render: () => ready(facts.notReady(), facts.impaired?.() ?? []),
    },
    { path: '/metrics', summary: 'metrics in the format of Prometheus', render: () => metricsPage(facts.metrics) },
    {
      path: '/debug/graph',
      summary:
        'collections: sizes, reads, timings, errors; ?explain=KEY of a status or resource shows what it was made from',
      render: (query) => graphPage(facts, query),
    },
    {
      path: '/debug/proxies',
      summary: 'proxies: sent, acknowledged and refused per type',
      render: () => json({ proxies: facts.proxies(), refusals: facts.refusals() }),
    },
    {
      path: '/debug/status',
      summary: 'the status of every object',
      render: () => json(Object.fromEntries(facts.statuses.entries())),
    },
    {
      path: '/debug/resources',
      summary: 'Envoy resources by name and version; ?name=N shows one in full',
      render: (query) => resourcesPage(facts, query),
    },
    { path: '/debug/input', summary: 'what is wrong with the input', render: () => json(facts.diagnostics()) },
  ]
}

/** Those that tell nothing of the configuration: for kubelets and scrapers, on an address that others reach. */
export function probePages(pages: readonly AdminPage[]): readonly AdminPage[] {
  const open: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
  return pages.filter(({ path }) => open.has(path))
}

/** Declares what alerts are made of: how much is wrong now. Read when metrics are; what it is, is said by /debug. */
function declareStanding({ metrics, graph, refusals, diagnostics }: AdminFacts): void {
  metrics.gauge({
    name: 'fairlead_refusals',
    help: 'Resources that proxies refuse and that stay at their last good version; /debug/proxies names them.',
    read: () => refusals().length,
  })
  metrics.gauge({
    name: 'fairlead_input_problems',
    help: 'Kinds and objects with something wrong beyond what their status says; /debug/input names them.',
    read: () => diagnostics().length,
  })
  metrics.gauge({
    name: 'fairlead_failing_transforms',
    help: 'Inputs at which a bug keeps the last good output; the log and errors of /debug/graph name them.',
    read: () => graph.trace().errors.length,
  })
}

function ready(missing: string | undefined, impaired: readonly string[]): AdminAnswer {
  return missing === undefined ? text(['ok', ...impaired].join('\n')) : text(missing, 503)
}

async function metricsPage(metrics: Metrics): Promise<AdminAnswer> {
  return { status: 200, contentType: metrics.contentType, body: await metrics.render() }
}

function graphPage({ graph, statuses, resources }: AdminFacts, query: URLSearchParams): AdminAnswer {
  const key = query.get('explain')
  if (key === null) {
    return json(graph.trace())
  }
  const collection = [statuses, resources].find((candidate) => candidate.has(key))
  return collection === undefined
    ? text(`neither statuses nor resources have the key ${key}; /debug/status and /debug/resources list them`, 404)
    : json(graph.explain(collection, key))
}

async function resourcesPage(facts: AdminFacts, query: URLSearchParams): Promise<AdminAnswer> {
  const all = [...sorted(facts.resources).map(({ resource }) => resource), ...sorted(facts.endpoints)]
  const name = query.get('name')
  if (name === null) {
    return json(all.map(({ type, name: of, version, bytes }) => ({ type, name: of, version, bytes: bytes.length })))
  }
  const named = all.filter((resource) => resource.name === name)
  if (named.length === 0) {
    return text(`there is no resource ${name}`, 404)
  }
  const { messageToJson } = await import('../envoy/json.ts')
  return json(
    named.map(({ type, name: of, version, bytes }) => ({
      type,
      name: of,
      version,
      resource: type === 'secret' ? 'not shown' : messageToJson(type, bytes),
    })),
  )
}

function sorted<V>(collection: Collection<V>): readonly V[] {
  return [...collection.entries()].sort(compareBy(([key]) => key)).map(([, value]) => value)
}
