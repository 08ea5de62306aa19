import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GatewayInfra } from '../ir/infra.ts'
import type { GatewayKey } from '../ir/names.ts'
import { hashLabel } from '../lib/hash.ts'
import type { Logger } from '../lib/logger.ts'
import { type BootstrapOptions, buildBootstrap } from './bootstrap.ts'
import { type EnvoyChange, LocalEnvoy } from './local-envoy.ts'
import { nextFreePort } from './port-owner.ts'

/** What every Envoy of the fleet has in common. */
export interface LocalFleetOptions {
  readonly binary: string
  readonly concurrency: number
  readonly xds: BootstrapOptions['xds']
  readonly stats: BootstrapOptions['stats']
  readonly limits: BootstrapOptions['limits']
  /** Admin port of the first Envoy; each further one gets the next that is free. */
  readonly firstAdminPort: number
  readonly logger: Logger
  readonly onChange?: ((gateway: GatewayKey, change: EnvoyChange) => void) | undefined
}

/** One Envoy of the fleet. */
export interface FleetMember {
  readonly gateway: GatewayKey
  readonly adminPort: number
  /** Absent between its end and its next start. */
  readonly pid: number | undefined
}

interface Running {
  readonly envoy: LocalEnvoy
  readonly adminPort: number
}

/** One Envoy on this machine for every Gateway that has a port to bind. */
export class LocalFleet {
  readonly #options: LocalFleetOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'fairlead-'))
  readonly #running = new Map<GatewayKey, Running>()
  /** Changes are made one after the other, so that two Envoys never get the same admin port. Never rejects. */
  #queue: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: LocalFleetOptions) {
    this.#options = options
  }

  /** The Envoys in the order in which they were started. */
  get members(): readonly FleetMember[] {
    return [...this.#running].map(([gateway, { envoy, adminPort }]) => ({ gateway, adminPort, pid: envoy.pid }))
  }

  /** A Gateway came, changed or (undefined) went. Resolves when its Envoy was started or has ended, else rejects. */
  set(gateway: GatewayKey, infra: GatewayInfra | undefined): Promise<void> {
    if (infra?.held === true) return this.#queue
    const isWanted = infra !== undefined && infra.ports.length > 0
    const change = this.#queue.then(() => (isWanted ? this.#start(gateway) : this.#end(gateway)))
    this.#queue = change.catch(() => {}) // The caller is told; the changes behind it go on.
    return change
  }

  /** Ends all. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#queue
    await Promise.all([...this.#running.keys()].map((gateway) => this.#end(gateway)))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #start(gateway: GatewayKey): Promise<void> {
    if (this.#isStopped || this.#running.has(gateway)) return
    const { firstAdminPort, binary, concurrency, xds, stats, limits, logger, onChange } = this.#options
    const taken = new Set([...this.#running.values()].map(({ adminPort }) => adminPort))
    const adminPort = await freeAdminPort(firstAdminPort, taken)
    const nodeId = gateway.replace('/', '.')
    const envoy = new LocalEnvoy({
      binary,
      concurrency,
      logger: logger.child({ gateway }),
      // Not its name: that may be longer than names of files.
      folder: join(this.#folder, hashLabel(gateway)),
      bootstrap: buildBootstrap({ gateway, nodeId, xds, stats, limits, admin: { kind: 'loopback', port: adminPort } }),
      onChange: (change) => onChange?.(gateway, change),
    })
    envoy.start()
    this.#running.set(gateway, { envoy, adminPort })
  }

  async #end(gateway: GatewayKey): Promise<void> {
    const running = this.#running.get(gateway)
    this.#running.delete(gateway)
    await running?.envoy.stop()
  }
}

/** An Envoy that was just started has not bound its port yet, so those given out count as taken. */
async function freeAdminPort(first: number, taken: ReadonlySet<number>): Promise<number> {
  let port = await nextFreePort('127.0.0.1', first)
  while (taken.has(port)) port = await nextFreePort('127.0.0.1', port + 1)
  return port
}
