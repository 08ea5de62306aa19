/** The composition root of a cluster: API server -> translation -> fleets and their proxies, and statuses back. */
import { type AdminFacts, adminPages, probePages } from './admin/pages.ts'
import { AdminServer } from './admin/server.ts'
import { kinds } from './api/kinds.ts'
import { type Assembly, assemble } from './cli/assembly.ts'
import type { ControllerConfig } from './controller-config.ts'
import { Deliverer } from './deliverer.ts'
import { FleetDeployer } from './fleet-deployer.ts'
import { fleetDefaults, type FleetSettings } from './infra/fleet-settings.ts'
import { bindErrno } from './infra/port-owner.ts'
import { formatHostPort } from './lib/host-port.ts'
import type { Logger } from './lib/logger.ts'
import { createMetrics, type Metrics } from './lib/metrics.ts'
import { err, ok, type Result } from './lib/result.ts'
import { releaseMemory } from './release-memory.ts'
import { overloadDefaults, statsInclusion } from './translate/edge-defaults.ts'
import { connectCluster } from './watch/client.ts'
import type { KubeClient } from './watch/kube-client.ts'
import { KubeSource } from './watch/kube-source.ts'
import { LiveObjects } from './watch/live-objects.ts'
import { isServedKind } from './watch/sources.ts'
import { StatusWriter } from './watch/status-writer.ts'

/** A control plane that runs. */
export interface ClusterPlane {
  /** Ends streams, watches and writes; proxies and their configuration stay. */
  stop(): Promise<void>
}

interface Parts {
  readonly client: KubeClient
  readonly assembly: Assembly
  readonly deliverer: Deliverer
  readonly deployer: FleetDeployer
  readonly source: KubeSource
  readonly writer: StatusWriter
  readonly metrics: Metrics
}

/**
 * Starts everything and returns at once: the API server may come later than we do, and /readyz says what is still
 * missing. An error says in one line what keeps it from starting.
 */
export async function startClusterPlane(
  config: ControllerConfig,
  logger: Logger,
): Promise<Result<ClusterPlane, string>> {
  const { kubeconfig, context } = config
  const client = await connectCluster({ kubeconfig, context, logger: logger.child({ component: 'api' }) })
  if (!client.ok) return client
  logger.info({ server: client.value.server }, 'connecting')
  const parts = await assembleParts(config, client.value, logger)
  const servers = await listen(config, parts)
  if (!servers.ok) {
    await client.value.close()
    return servers
  }
  follow(parts)
  parts.source.start()
  const serving = serve(parts, logger).catch((error: unknown) => logger.error({ err: error }, 'cannot begin to serve'))
  const stop = async () => {
    await parts.source.close()
    await parts.writer.stop()
    await parts.deployer.stop()
    await parts.deliverer.server.close()
    for (const server of servers.value) await server.close()
    await client.value.close()
    await serving
  }
  return ok({ stop })
}

async function assembleParts(config: ControllerConfig, client: KubeClient, logger: Logger): Promise<Parts> {
  const { controllerName } = config
  const metrics = createMetrics()
  metrics.addNodeMetrics()
  const ipv6 = (await bindErrno('::', 0)) === undefined
  const assembly = assemble(
    { controllerName, delivery: 'live', platform: { kind: 'kubernetes', ipv6 } },
    {
      onError: (collection, key, error) =>
        logger.error({ collection, key, err: error }, 'a transform threw; its last good outputs stay'),
    },
  )
  const live = new LiveObjects()
  const writer = new StatusWriter({
    client,
    live,
    controllerName,
    now: () => new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    logger: logger.child({ component: 'status' }),
    metrics,
  })
  const source = new KubeSource({
    client,
    kinds: kinds.filter(isServedKind),
    live,
    onObject: (object) => void assembly.set(object),
    onDelete: (ref) => assembly.delete(ref),
    onNotice: () => {}, // It logs them itself, and /debug/input shows those that stand.
    onCrds: (facts) => assembly.crds.set(facts),
    logger: logger.child({ component: 'watch' }),
    metrics,
  })
  const deliverer = new Deliverer(assembly, { logger, metrics })
  const settings = fleetSettings(config, ipv6)
  const deployer = new FleetDeployer({ client, assembly, controllerName, settings, logger, metrics })
  return { client, assembly, deliverer, deployer, source, writer, metrics }
}

function fleetSettings({ envoyImage, xdsHost, stats }: ControllerConfig, ipv6: boolean): FleetSettings {
  return {
    ...fleetDefaults,
    image: envoyImage,
    xds: xdsHost,
    stats: stats === 'all' ? 'all' : statsInclusion,
    limits: overloadDefaults,
    ipv6,
    drainSecret: '',
  }
}

/** Proxies are turned away, and nothing is written, until all there is was read and translated. */
async function serve({ assembly, deliverer, deployer, source, writer }: Parts, logger: Logger): Promise<void> {
  const startedMs = performance.now()
  await source.synced
  await assembly.graph.idle()
  await source.settled()
  await assembly.graph.idle()
  deliverer.markSynced()
  writer.start()
  await deployer.start()
  logger.info({ ms: Math.round(performance.now() - startedMs) }, 'serving')
  releaseMemory()
}

/** Brings what translation wants to those who do it. */
function follow({ assembly, source, writer }: Parts): void {
  const { graph, outputs } = assembly
  graph.observe(outputs.statuses)
  graph.observe(outputs.wanted)
  graph.onEpoch((epoch) => {
    for (const [key, { after }] of epoch.changes(outputs.statuses)) writer.set(key, after)
    if (epoch.changes(outputs.wanted).size > 0)
      source.follow(new Set([...outputs.wanted.entries()].map(([key]) => key)))
  })
}

async function listen(config: ControllerConfig, parts: Parts): Promise<Result<readonly AdminServer[], string>> {
  const pages = adminPages(adminFacts(parts))
  const probes = new AdminServer(probePages(pages))
  const admin = new AdminServer(pages)
  try {
    await probes.listen(config.probes.host, config.probes.port)
    await admin.listen(config.admin.host, config.admin.port)
    await parts.deliverer.server.listen(formatHostPort(config.xds.host, config.xds.port))
    return ok([probes, admin])
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

function adminFacts({ assembly, deliverer, metrics, source }: Parts): AdminFacts {
  const { graph, outputs } = assembly
  return {
    graph,
    metrics,
    notReady: () => (deliverer.isSynced ? undefined : missing(source)),
    proxies: () => deliverer.server.proxies(),
    refusals: () => deliverer.feedback.refusals(),
    statuses: outputs.statuses,
    resources: outputs.resources,
    endpoints: outputs.endpoints,
    diagnostics: () => [
      ...[...source.notices].map(([object, message]) => ({ severity: 'warning', object, message })),
      ...[...outputs.notices.entries()].map(([, notice]) => ({ severity: 'warning', ...notice })),
    ],
  }
}

function missing(source: KubeSource): string {
  const notices = [...source.notices].map(([subject, message]) => `${subject}: ${message}`)
  return notices.length === 0 ? 'the objects of the cluster are not read yet' : notices.join('\n')
}
