/** The files that a proxy in a cluster starts from, and the ports that it keeps for itself. */
import type { GatewayInfra } from '../ir/infra.ts'
import { hashContent } from '../lib/hash.ts'
import { buildBootstrap } from './bootstrap.ts'
import type { FleetSettings } from './fleet-settings.ts'
import { tokenSecretFile, type XdsTls } from './xds-upstream.ts'

/** What the ConfigMap of a fleet holds and what else follows from it. */
export interface FleetFiles {
  /** Content by file name. */
  readonly contents: Readonly<Record<string, string>>
  readonly healthPort: number
  readonly drainToken: string
}

/** Where files are in the container. */
export const fleetPaths = {
  config: '/etc/fairlead',
  bootstrap: '/etc/fairlead/bootstrap.json',
  tokenFolder: '/var/run/secrets/fairlead',
} as const

const tokenFile = 'token'
const tokenSecretName = 'xds-token.json'
const firstAdminPort = 19_001
const firstHealthPort = 19_003

/** The files of a fleet. `settings` are those of this Gateway already. */
export function fleetFiles(infra: GatewayInfra, settings: FleetSettings): FleetFiles {
  const { host, port, tls } = settings.xds
  const xdsTls: XdsTls | undefined = tls && {
    ...tls,
    tokenPath: `${fleetPaths.tokenFolder}/${tokenFile}`,
    tokenSecretPath: `${fleetPaths.config}/${tokenSecretName}`,
  }
  const healthPort = freePort(infra, firstHealthPort)
  const drainToken = hashContent(`${settings.drainSecret}/${infra.uid}`)
  const bootstrap = buildBootstrap({
    gateway: infra.gateway,
    ownerUid: infra.uid,
    xds: { host, port, tls: xdsTls },
    admin: { kind: 'loopback', port: freePort(infra, firstAdminPort) },
    stats: settings.stats,
    limits: settings.limits,
    health: { port: healthPort, ipv6: settings.ipv6, drainSeconds: settings.drainSeconds, drainToken },
  })
  const contents = {
    'bootstrap.json': toText(bootstrap),
    ...(xdsTls && { [tokenSecretName]: toText(tokenSecretFile(xdsTls)) }),
  }
  return { contents, healthPort, drainToken }
}

/** Steps aside for listeners of the Gateway: a port of ours must not be in the way. In steps of four, so that the two of ours never meet. */
function freePort({ ports }: GatewayInfra, first: number): number {
  const taken = new Set(ports.map(({ bindPort }) => bindPort))
  let port = first
  while (taken.has(port)) port += 4
  return port
}

function toText(content: unknown): string {
  return `${JSON.stringify(content, undefined, 2)}\n`
}
