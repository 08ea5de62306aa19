import { homedir } from 'node:os'
import { join } from 'node:path'
import type { UpFlags } from './cli/flags.ts'
import type { LogLevel } from './lib/logger.ts'
import { logLevels } from './lib/logger.ts'
import { collect, err, mapOk, ok, type Result } from './lib/result.ts'

/** An address to listen on; port 0 picks a free one. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** A self-signed certificate to make: a Secret `namespace`/`name` for these hosts. */
export interface DevCertificate {
  readonly namespace: string
  readonly name: string
  readonly hosts: readonly string[]
}

/** All that a control plane can be told. Made once at start, never changed. */
export interface Config {
  /** Files and folders with Kubernetes objects. */
  readonly paths: readonly string[]
  /** Where proxies connect. Loopback only: it is plain text. Default: 127.0.0.1:18000. */
  readonly xds: HostPort
  /** Readiness, metrics and /debug. Default: 127.0.0.1:19000. */
  readonly admin: HostPort
  /** Admin port of the first Envoy on 127.0.0.1; further ones get the next free. Default: 19001. */
  readonly envoyAdminPort: number
  /** False: proxies are started by somebody else. Default: true. */
  readonly runsEnvoys: boolean
  /** Worker threads of each Envoy. Default: 1. */
  readonly concurrency: number
  /** Which statistics each Envoy keeps. Default: `listed`. */
  readonly stats: 'listed' | 'all'
  /** Default: info. */
  readonly logLevel: LogLevel
  /** `json` is for machines; `screen` for a person at a terminal. */
  readonly output: 'json' | 'screen'
  readonly startsSampleBackends: boolean
  readonly devCertificates: readonly DevCertificate[]
  /** `GatewayClass.spec.controllerName` of the classes that are served. */
  readonly controllerName: string
  /** Where set-up puts Envoy and where made certificates are kept. Default: ~/.cache/fairlead. */
  readonly cacheFolder: string
  /** FAIRLEAD_ENVOY: the Envoy to run. */
  readonly envoyBinary?: string | undefined
  /** PATH: where Envoy is looked for otherwise. */
  readonly searchPath: string
}

const outputs = ['screen', 'json'] as const

type Environment = Readonly<Record<string, string | undefined>>

/** The configuration, or everything that is wrong with it, one line each. Flags are past their own environment names. */
export function readConfig(
  flags: UpFlags,
  env: Environment,
  surroundings: { readonly isTerminal: boolean; readonly controllerName: string },
): Result<Config, readonly string[]> {
  const xds = flag('--xds-address', parseHostPort(flags.xdsAddress))
  const admin = flag('--admin-address', parseHostPort(flags.adminAddress))
  const envoyAdminPort = flag('--envoy-admin-port', parseWhole(flags.envoyAdminPort, 1, 65_535))
  const concurrency = flag('--concurrency', parseWhole(flags.concurrency, 1, 1_024))
  const logLevel = flag('--log-level', parseWord(flags.logLevel, logLevels))
  const stats = flag('--stats', parseWord(flags.stats, ['listed', 'all'] as const))
  const output = flag('--output', parseWord(flags.output ?? (surroundings.isTerminal ? 'screen' : 'json'), outputs))
  const certificates = flag('--dev-certificate', collectFirst(flags.devCertificate.map(parseDevCertificate)))
  const local = xds.ok && !isLoopback(xds.value.host) ? err(notLoopback(xds.value.host)) : ok(undefined)
  const parts = [xds, admin, envoyAdminPort, concurrency, logLevel, stats, output, certificates, local]
  const all = collect<unknown, string>(parts)
  if (!all.ok) return all
  const isAll = xds.ok && admin.ok && envoyAdminPort.ok && concurrency.ok && logLevel.ok && stats.ok && output.ok
  if (!isAll || !certificates.ok) return err([]) // For the compiler: `all` is ok only when each of them is.
  return ok(
    Object.freeze({
      paths: flags.file,
      xds: xds.value,
      admin: admin.value,
      envoyAdminPort: envoyAdminPort.value,
      runsEnvoys: flags.envoy,
      concurrency: concurrency.value,
      stats: stats.value,
      logLevel: logLevel.value,
      output: output.value,
      startsSampleBackends: flags.sampleBackends,
      devCertificates: certificates.value,
      controllerName: surroundings.controllerName,
      cacheFolder: env.FAIRLEAD_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fairlead'),
      envoyBinary: env.FAIRLEAD_ENVOY || undefined,
      searchPath: env.PATH ?? '',
    } satisfies Config),
  )
}

/** The value, or the error with the name of the flag before it. */
export function flag<T>(name: string, result: Result<T, string>): Result<T, string> {
  return result.ok ? result : err(`${name}: ${result.error}`)
}

function collectFirst<T>(results: readonly Result<T, string>[]): Result<readonly T[], string> {
  const all = collect(results)
  return all.ok ? all : err(all.error.join('; '))
}

/** `127.0.0.1:18000` or `[::1]:18000`. */
export function parseHostPort(text: string): Result<HostPort, string> {
  const { host6, host, port } = /^(?:\[(?<host6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/.exec(text)?.groups ?? {}
  const name = host6 ?? host
  if (name === undefined || port === undefined) return err(`"${text}" is not an address; write it as 127.0.0.1:18000`)
  return mapOk(parseWhole(port, 0, 65_535), (number) => ({ host: name, port: number }))
}

function parseWhole(text: string, least: number, most: number): Result<number, string> {
  const value = Number(text)
  const isGood = /^\d+$/.test(text) && value >= least && value <= most
  return isGood ? ok(value) : err(`"${text}" is not a whole number from ${least} to ${most}`)
}

/** One of `words`. */
export function parseWord<T extends string>(text: string, words: readonly T[]): Result<T, string> {
  const word = words.find((candidate) => candidate === text)
  return word === undefined ? err(`"${text}" is unknown; use one of ${words.join(', ')}`) : ok(word)
}

/** `infra/edge-tls=shop.example.com,*.apps.example.com`. */
export function parseDevCertificate(text: string): Result<DevCertificate, string> {
  const { namespace, name, hosts } = /^(?<namespace>[^/=]+)\/(?<name>[^/=]+)=(?<hosts>.+)$/.exec(text)?.groups ?? {}
  if (namespace === undefined || name === undefined || hosts === undefined) {
    return err(`"${text}" must be NAMESPACE/NAME=HOST[,HOST...], as infra/edge-tls=shop.example.com`)
  }
  return ok({ namespace, name, hosts: hosts.split(',').map((host) => host.trim()) })
}

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function notLoopback(host: string): string {
  return `--xds-address: ${host} is not loopback; the xDS port is plain text and holds private keys, use 127.0.0.1`
}
