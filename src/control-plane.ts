/** The composition root: files -> translation -> proxies, and everything that watches over it. */
import type { Config } from './config.ts'
import { type AdminFacts, adminPages } from './admin/pages.ts'
import { AdminServer } from './admin/server.ts'
import { type CertificateFiles, ensureDevCertificate } from './cli/dev-certificate.ts'
import { openNotices } from './cli/findings.ts'
import type { Reporter } from './cli/reporter.ts'
import { SampleBackends } from './cli/sample-backends.ts'
import { openTranslation, type Translation } from './cli/translation.ts'
import { Deliverer } from './deliverer.ts'
import { LocalFleet } from './infra/local-fleet.ts'
import { findEnvoy } from './infra/envoy-binary.ts'
import { bindProblem } from './infra/port-owner.ts'
import { formatHostPort } from './lib/host-port.ts'
import type { Logger } from './lib/logger.ts'
import { createMetrics, type Metrics } from './lib/metrics.ts'
import { err, ok, type Result } from './lib/result.ts'
import { Narrator } from './narrator.ts'
import { releaseMemory } from './release-memory.ts'
import { adminDefaults, overloadDefaults, statsInclusion } from './translate/edge-defaults.ts'
import { compareDiagnostics } from './watch/diagnostic.ts'

/** A control plane that serves. */
export interface ControlPlane {
  readonly xdsPort: number
  readonly adminPort: number
  readonly translation: Translation
  /** Absent when proxies are run by somebody else. */
  readonly fleet: LocalFleet | undefined
  /** Resolves when the first configuration was served and told. */
  readonly settled: Promise<void>
  /** Ends everything that was started, and nothing else. */
  stop(): Promise<void>
}

/** Starts everything; an error says in one line what keeps it from starting. */
export async function runControlPlane(
  config: Config,
  tools: { readonly reporter: Reporter; readonly logger: Logger },
): Promise<Result<ControlPlane, string>> {
  const startedAtMs = performance.now()
  const { logger, reporter } = tools
  const envoy = config.runsEnvoys ? await findEnvoy({ ...config, named: config.envoyBinary }) : ok(undefined)
  if (!envoy.ok) return envoy
  const metrics = createMetrics()
  metrics.addNodeMetrics()
  const made = makeCertificates(config)
  if (!made.ok) return made
  const certificates = made.value
  let narrator: Narrator | undefined
  let fleet: LocalFleet | undefined
  const translation = openTranslation({
    paths: [...config.paths, ...certificates.map(({ secret }) => secret)],
    settings: {
      controllerName: config.controllerName,
      delivery: 'live',
      platform: { kind: 'standalone', bindAddresses: [adminDefaults.address], ipv6: false },
    },
    graph: {
      onError: (collection, key, error) =>
        logger.error({ collection, key, err: error }, 'a transform threw; its last good outputs stay'),
    },
    onChange: (change, files) => narrator?.filesChanged(change, files),
  })
  const nameOfPid = (pid: number) => {
    const member = fleet?.members.find((candidate) => candidate.pid === pid)
    return member === undefined ? undefined : `the Envoy of Gateway ${member.gateway}`
  }
  const deliverer = new Deliverer(translation, { logger, metrics, nameOfPid })
  const listening = await listen(config, { translation, deliverer, metrics })
  if (!listening.ok) return listening
  const { admin, adminPort, xdsPort } = listening.value
  fleet = envoy.value === undefined ? undefined : fleetOf(config, envoy.value, xdsPort, tools)
  const backends = config.startsSampleBackends ? new SampleBackends(logger) : undefined
  const address = {
    admin: `http://${formatHostPort(config.admin.host, adminPort)}`,
    xds: formatHostPort(config.xds.host, xdsPort),
  }
  const certificate = certificates[0]?.certificate
  narrator = new Narrator({ translation, deliverer, fleet, backends, reporter, address, certificate, startedAtMs })
  follow(translation, { fleet, backends, narrator, logger })
  translation.files.load()
  await translation.graph.idle()
  await backends?.follow([...translation.sources.endpointSlices.entries()].map(([, slice]) => slice))
  deliverer.markSynced()
  translation.files.watch()
  const settled = narrator
    .begin()
    .catch((error: unknown) => logger.error({ err: error }, 'the start cannot be told'))
    .then(releaseMemory)
  const stop = async () => {
    reporter.stopping()
    narrator?.end()
    await translation.files.close()
    await fleet?.stop()
    await deliverer.server.close()
    await admin.close()
    backends?.stop()
  }
  return ok({ xdsPort, adminPort, translation, fleet, settled, stop })
}

function makeCertificates({ devCertificates, cacheFolder }: Config): Result<readonly CertificateFiles[], string> {
  const folder = `${cacheFolder}/dev-certificates`
  try {
    return ok(devCertificates.map((request) => ensureDevCertificate(request, folder, Date.now())))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return err(
      `no certificate can be made in ${folder}: ${message}; set FAIRLEAD_CACHE to a folder that can be written`,
    )
  }
}

function fleetOf(
  config: Config,
  binary: string,
  xdsPort: number,
  { reporter, logger }: { readonly reporter: Reporter; readonly logger: Logger },
): LocalFleet {
  return new LocalFleet({
    binary,
    concurrency: config.concurrency,
    xds: { host: config.xds.host === 'localhost' ? '127.0.0.1' : config.xds.host, port: xdsPort },
    stats: config.stats === 'all' ? 'all' : statsInclusion,
    limits: overloadDefaults,
    firstAdminPort: config.envoyAdminPort,
    logger: logger.child({ component: 'envoy' }),
    onChange: (gateway, change) => reporter.envoy(gateway, change),
  })
}

interface Listening {
  readonly admin: AdminServer
  readonly adminPort: number
  readonly xdsPort: number
}

async function listen(
  config: Config,
  parts: { readonly translation: Translation; readonly deliverer: Deliverer; readonly metrics: Metrics },
): Promise<Result<Listening, string>> {
  const admin = new AdminServer(adminPages(adminFacts(parts)))
  for (const [what, { host, port }] of [
    ['the admin interface', config.admin],
    ['xDS', config.xds],
  ] as const) {
    const problem = await bindProblem(host, port)
    if (problem !== undefined) return err(`${what} cannot listen on ${formatHostPort(host, port)}: ${problem}`)
  }
  const { port: adminPort } = await admin.listen(config.admin.host, config.admin.port)
  const { port: xdsPort } = await parts.deliverer.server.listen(formatHostPort(config.xds.host, config.xds.port))
  return ok({ admin, adminPort, xdsPort })
}

function adminFacts({
  translation,
  deliverer,
  metrics,
}: {
  readonly translation: Translation
  readonly deliverer: Deliverer
  readonly metrics: Metrics
}): AdminFacts {
  const { graph, outputs } = translation
  return {
    graph,
    metrics,
    notReady: () => deliverer.notReady(),
    proxies: () => deliverer.server.proxies(),
    refusals: () => deliverer.feedback.refusals(),
    statuses: outputs.statuses,
    resources: outputs.resources,
    endpoints: outputs.endpoints,
    diagnostics: () => [...openNotices(translation).values()].map((notice) => notice.locate()).sort(compareDiagnostics),
  }
}

/** What follows the translation besides the proxies' streams: which Envoys and sample backends run. */
function follow(
  { graph, outputs, sources }: Translation,
  parts: {
    readonly fleet: LocalFleet | undefined
    readonly backends: SampleBackends | undefined
    readonly narrator: Narrator
    readonly logger: Logger
  },
): void {
  graph.observe(outputs.infra)
  graph.observe(outputs.statuses)
  if (parts.backends !== undefined) graph.observe(sources.endpointSlices)
  const failed = (what: string) => (error: unknown) => parts.logger.error({ err: error }, what)
  graph.onEpoch((epoch) => {
    for (const { before, after } of epoch.changes(outputs.infra).values()) {
      const gateway = (after ?? before)?.gateway
      if (gateway !== undefined) parts.fleet?.set(gateway, after).catch(failed('an Envoy cannot be started'))
    }
    if (parts.backends !== undefined && epoch.changes(sources.endpointSlices).size > 0) {
      // All of them each time: sample backends are for trying things out, not for thousands of Services.
      const slices = [...sources.endpointSlices.entries()].map(([, slice]) => slice)
      parts.backends.follow(slices).catch(failed('sample backends cannot be started'))
    }
    parts.narrator.statusesChanged(epoch.changes(outputs.statuses))
  })
}
