/** The composition root of a cluster: API server -> translation -> fleets and their proxies, and statuses back. */
import { type AdminFacts, adminPages, probePages } from './admin/pages.ts'
import { AdminServer } from './admin/server.ts'
import { kinds } from './api/kinds.ts'
import { type Assembly, assemble } from './cli/assembly.ts'
import { type ControllerConfig, serviceName } from './controller-config.ts'
import { Deliverer } from './deliverer.ts'
import { FleetDeployer } from './fleet-deployer.ts'
import { fleetDefaults, type FleetSettings, tokenAudience } from './infra/fleet-settings.ts'
import { bindErrno, bindProblem } from './infra/port-owner.ts'
import { formatHostPort } from './lib/host-port.ts'
import type { Logger } from './lib/logger.ts'
import { createMetrics, type Metrics } from './lib/metrics.ts'
import { err, ok, type Result } from './lib/result.ts'
import { proxyLogin } from './proxy-login.ts'
import { releaseMemory } from './release-memory.ts'
import { overloadDefaults, statsInclusion } from './translate/edge-defaults.ts'
import { connectCluster } from './watch/client.ts'
import type { KubeClient } from './watch/kube-client.ts'
import { KeptClasses } from './watch/kept-classes.ts'
import { KubeSource, type KubeSourceOptions } from './watch/kube-source.ts'
import { LeaseHolder } from './watch/lease.ts'
import { LiveObjects } from './watch/live-objects.ts'
import { isServedKind } from './watch/sources.ts'
import { StatusWriter } from './watch/status-writer.ts'
import { TokenReviewer } from './watch/token-review.ts'
import type { Authenticate } from './xds/authenticate.ts'
import { XdsIdentity, type XdsTrust } from './xds-identity.ts'

/** What is under way at the API server has so long to end. */
const stopPatienceMs = 1_500

/** A control plane that runs. */
export interface ClusterPlane {
  /** Ends streams, watches and writes; proxies and their configuration stay. */
  stop(): Promise<void>
}

interface Parts {
  readonly client: KubeClient
  readonly assembly: Assembly
  readonly classes: KeptClasses
  readonly deliverer: Deliverer
  readonly deployer: FleetDeployer
  readonly identity: XdsIdentity
  readonly source: KubeSource
  readonly writer: StatusWriter
  /** Who holds it writes. */
  readonly lease: LeaseHolder
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
  const started = await startOn(client.value, config, logger)
  if (!started.ok) await client.value.close()
  return started
}

/** As `startClusterPlane`, on an API server that is connected. */
export async function startOn(
  client: KubeClient,
  config: ControllerConfig,
  logger: Logger,
): Promise<Result<ClusterPlane, string>> {
  const parts = await assembleParts(config, client, logger)
  const servers = await listen(config, parts)
  if (!servers.ok) return servers
  follow(parts)
  parts.source.start()
  parts.identity.start()
  let isStopped = false
  serve(parts, { logger, isStopped: () => isStopped }).catch((error: unknown) =>
    logger.error({ err: error }, 'cannot begin to serve'),
  )
  const stop = async () => {
    isStopped = true
    await stopParts(parts)
    await Promise.all(servers.value.map((server) => server.close()))
    await client.close()
  }
  return ok({ stop })
}

/** What writes ends first, so that streams that end change no status. An API server that hangs is not waited for. */
async function stopParts({ client, identity, source, writer, deployer, lease, deliverer }: Parts): Promise<void> {
  identity.stop()
  lease.halt()
  const written = Promise.all([source.close(), writer.stop(), deployer.stop()]).then(() => lease.stop())
  const impatience = setTimeout(() => void client.close(), stopPatienceMs)
  await Promise.all([written, deliverer.server.close()])
  clearTimeout(impatience)
}

async function assembleParts(config: ControllerConfig, client: KubeClient, logger: Logger): Promise<Parts> {
  const { controllerName } = config
  const metrics = createMetrics()
  metrics.addNodeMetrics()
  const ipv6 = (await bindErrno('::', 0)) === undefined
  const assembly = assemble(
    { controllerName, delivery: 'live', awaitsLookups: true, platform: { kind: 'kubernetes', ipv6 } },
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
  const classes = new KeptClasses({ ...assembly, controllerName, logger })
  const source = new KubeSource({
    client,
    kinds: kinds.filter(isServedKind),
    live,
    ...objectSink(assembly, classes),
    onLookedUp: (key, isLookedUp) => (isLookedUp ? assembly.lookedUp.set(key, true) : assembly.lookedUp.delete(key)),
    onNotice: () => {}, // It logs them itself, and /debug/input shows those that stand.
    onCrds: (facts) => assembly.crds.set(facts),
    logger: logger.child({ component: 'watch' }),
    metrics,
  })
  const deployer = new FleetDeployer({ client, assembly, controllerName, logger, metrics })
  const identity = new XdsIdentity({
    client,
    namespace: config.namespace,
    dnsNames: config.xdsNames,
    onTrust: (trust) => deployer.configure(fleetSettings(config, ipv6, trust)),
    logger: logger.child({ component: 'identity' }),
  })
  const { credentials } = identity
  const deliverer = new Deliverer(assembly, {
    logger,
    metrics,
    access: { credentials, authenticate: authenticator({ client, assembly, logger, metrics }) },
  })
  const lease = leaseOf(config, { client, writer, deployer }, logger)
  metrics.gauge({
    name: 'fairlead_writes',
    help: '1 while this control plane, and no other, writes statuses and fleets.',
    read: () => (lease.isHeld ? 1 : 0),
  })
  return { client, assembly, classes, deliverer, deployer, identity, source, writer, lease, metrics }
}

/** Statuses and fleets are written by one control plane at a time; every one serves proxies. */
function leaseOf(
  { namespace, identity }: ControllerConfig,
  { client, writer, deployer }: Pick<Parts, 'client' | 'writer' | 'deployer'>,
  logger: Logger,
): LeaseHolder {
  return new LeaseHolder({
    client,
    namespace,
    name: serviceName,
    identity,
    onHeld: () => {
      writer.start()
      deployer.start()
    },
    onLost: () => {
      void writer.stop()
      void deployer.pause()
    },
    logger: logger.child({ component: 'lease' }),
  })
}

/** Brings objects into the translation. */
function objectSink(assembly: Assembly, classes: KeptClasses): Pick<KubeSourceOptions, 'onObject' | 'onDelete'> {
  return {
    onObject: (object) => {
      if (object.kind === 'GatewayClass') classes.added(object.metadata.name)
      assembly.set(object)
    },
    onDelete: (ref) => {
      if (ref.kind === 'GatewayClass') classes.deleted(ref.name)
      else assembly.delete(ref)
    },
  }
}

/** A proxy is let in by the token of its service account. */
function authenticator({
  client,
  assembly,
  logger,
  metrics,
}: Pick<Parts, 'client' | 'assembly' | 'metrics'> & { readonly logger: Logger }): Authenticate {
  const { infra } = assembly.outputs
  const reviewer = new TokenReviewer({ client, audience: tokenAudience, logger: logger.child({ component: 'login' }) })
  return proxyLogin({ reviewer, infraOf: (gateway) => infra.get(gateway), metrics })
}

function fleetSettings(config: ControllerConfig, ipv6: boolean, { caPem, drainSecret }: XdsTrust): FleetSettings {
  const { envoyImage, xdsHost, xdsNames, stats } = config
  return {
    ...fleetDefaults,
    image: envoyImage,
    xds: { ...xdsHost, tls: { caPem, serverName: xdsNames[0] } },
    stats: stats === 'all' ? 'all' : statsInclusion,
    limits: overloadDefaults,
    ipv6,
    drainSecret,
  }
}

/** Proxies are turned away, and nothing is written, until all there is was read and translated. */
async function serve(
  { assembly, deliverer, identity, source, lease }: Parts,
  { logger, isStopped }: { readonly logger: Logger; readonly isStopped: () => boolean },
): Promise<void> {
  const startedMs = performance.now()
  await source.synced
  await assembly.graph.idle()
  await source.settled()
  await assembly.graph.idle()
  if (isStopped()) return
  deliverer.markSynced()
  await identity.ready // Without settings it would delete the fleets.
  if (isStopped()) return
  lease.start()
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
    for (const [key, { after }] of epoch.changes(outputs.wanted)) source.follow(key, after !== undefined)
  })
}

async function listen(config: ControllerConfig, parts: Parts): Promise<Result<readonly AdminServer[], string>> {
  const pages = adminPages(adminFacts(parts))
  const probes = new AdminServer(probePages(pages))
  const admin = new AdminServer(pages)
  const { server: xds } = parts.deliverer
  try {
    const addresses = { 'the probes': config.probes, 'the admin interface': config.admin, xDS: config.xds }
    for (const [what, { host, port }] of Object.entries(addresses)) {
      const problem = await bindProblem(host, port)
      if (problem !== undefined) return err(`${what} cannot listen on ${formatHostPort(host, port)}: ${problem}`)
    }
    await probes.listen(config.probes.host, config.probes.port)
    await admin.listen(config.admin.host, config.admin.port)
    await xds.listen(formatHostPort(config.xds.host, config.xds.port))
    return ok([probes, admin])
  } catch (error) {
    // What listens keeps the process alive, and it would look as if it did something.
    await Promise.all([probes.close(), admin.close(), xds.close()])
    return err(error instanceof Error ? error.message : String(error))
  }
}

function adminFacts(parts: Parts): AdminFacts {
  const { assembly, classes, deliverer, identity, lease, metrics, source, writer } = parts
  const { graph, outputs } = assembly
  return {
    graph,
    metrics,
    notReady: () => (deliverer.isSynced ? identity.missing : missing(source)),
    impaired: () => impaired(source),
    proxies: () => deliverer.server.proxies(),
    refusals: () => deliverer.feedback.refusals(),
    statuses: outputs.statuses,
    resources: outputs.resources,
    endpoints: outputs.endpoints,
    diagnostics: () => [
      ...[...source.notices].map(([object, notice]) => ({ object, ...notice })),
      ...(lease.problem === undefined ? [] : [{ severity: 'error', object: 'Lease', message: lease.problem }]),
      ...[...writer.problems()].map(([object, message]) => ({ severity: 'error', object, message })),
      ...[...outputs.notices.entries()].map(([, notice]) => ({ severity: 'warning', ...notice })),
      ...[...classes.names].map((name) => ({
        severity: 'warning',
        object: `GatewayClass//${name}`,
        message: keptClass,
      })),
    ],
  }
}

const keptClass = 'was deleted; Gateways that use it are served as before: create it again, or delete them'

/** Of whole kinds alone: /readyz is read by others than operators. */
function impaired(source: KubeSource): readonly string[] {
  const errors = [...source.notices].filter(([subject, { severity }]) => severity === 'error' && !subject.includes('/'))
  return errors.map(([subject, { message }]) => `${subject}: ${message}`)
}

function missing(source: KubeSource): string {
  const notices = [...source.notices].map(([subject, { message }]) => `${subject}: ${message}`)
  return notices.length === 0 ? 'the objects of the cluster are not read yet' : notices.join('\n')
}
