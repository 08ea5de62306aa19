import { hostname } from 'node:os'
import type { ControllerFlags } from './cli/flags.ts'
import { flag, type HostPort, isLoopback, parseHostPort, parseWord } from './config.ts'
import { type LogLevel, logLevels } from './lib/logger.ts'
import { collect, err, ok, type Result } from './lib/result.ts'

/** All that a control plane of a cluster can be told. Made once at start, never changed. */
export interface ControllerConfig {
  /** Absent: the service account of the pod. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** Namespace of the control plane. */
  readonly namespace: string
  /** Tells this control plane from others of the namespace: the name of its pod. */
  readonly identity: string
  /** Where xDS listens. Default: 0.0.0.0:18000. */
  readonly xds: HostPort
  /** Where proxies connect. Default: the Service `fairlead` of the namespace. */
  readonly xdsHost: HostPort
  /** Names of the control plane's Service: proxies trust a certificate for the first of them, wherever they connect. */
  readonly xdsNames: readonly [string, ...string[]]
  /** /readyz, /healthz and /metrics. Default: 0.0.0.0:19000. */
  readonly probes: HostPort
  /** The same and /debug. Loopback only: it shows the configuration. Default: 127.0.0.1:19001. */
  readonly admin: HostPort
  readonly envoyImage: string
  /** Which statistics each Envoy keeps. Default: `listed`. */
  readonly stats: 'listed' | 'all'
  readonly logLevel: LogLevel
  /** `GatewayClass.spec.controllerName` of the classes that are served. */
  readonly controllerName: string
}

/** Name of the control plane's Deployment, Service, service account and Lease. */
export const serviceName = 'fairlead'

/** The configuration, or everything that is wrong with the flags, one line each. */
export function readControllerConfig(
  flags: ControllerFlags,
  controllerName: string,
): Result<ControllerConfig, readonly string[]> {
  const xds = flag('--xds-address', parseHostPort(flags.xdsAddress))
  const port = xds.ok ? xds.value.port : 0
  const service = `${serviceName}.${flags.namespace}.svc`
  const xdsHost =
    flags.xdsHost === undefined ? ok({ host: service, port }) : flag('--xds-host', parseHostPort(flags.xdsHost))
  const probes = flag('--probe-address', parseHostPort(flags.probeAddress))
  const admin = flag('--admin-address', localAddress(flags.adminAddress))
  const stats = flag('--stats', parseWord(flags.stats, ['listed', 'all'] as const))
  const logLevel = flag('--log-level', parseWord(flags.logLevel, logLevels))
  const all = collect<unknown, string>([xds, xdsHost, probes, admin, stats, logLevel])
  if (!all.ok) return all
  if (!xds.ok || !xdsHost.ok || !probes.ok || !admin.ok || !stats.ok || !logLevel.ok) return err([])
  return ok(
    Object.freeze({
      kubeconfig: flags.kubeconfig,
      context: flags.context,
      namespace: flags.namespace,
      identity: flags.identity ?? `${hostname()}_${process.pid}`,
      xds: xds.value,
      xdsHost: xdsHost.value,
      xdsNames: [service, `${service}.cluster.local`],
      probes: probes.value,
      admin: admin.value,
      envoyImage: flags.envoyImage,
      stats: stats.value,
      logLevel: logLevel.value,
      controllerName,
    } satisfies ControllerConfig),
  )
}

function localAddress(text: string): Result<HostPort, string> {
  const address = parseHostPort(text)
  if (!address.ok || isLoopback(address.value.host)) return address
  return err(`"${text}" is reached from other hosts and shows the configuration; use a loopback address`)
}
