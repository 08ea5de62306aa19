/** Runs the proxies of every Gateway in the cluster: what translation wants to run becomes applied objects. */
import type { Gateway } from './api/gen/types.ts'
import { apiVersionOf } from './api/kinds.ts'
import { fleetObjectsTable, type ManagedKind, type ManagedObject } from './api/managed-kinds.ts'
import type { Assembly } from './cli/assembly.ts'
import { renderFleet } from './infra/fleet.ts'
import type { FleetSettings } from './infra/fleet-settings.ts'
import { FleetSuccession } from './fleet-succession.ts'
import type { GatewayInfra } from './ir/infra.ts'
import { fleetName, gatewayKey } from './ir/names.ts'
import type { Logger } from './lib/logger.ts'
import type { Metrics } from './lib/metrics.ts'
import { fleetServiceKey } from './translate/gateway/addresses.ts'
import { managedLabel, type ObservedObject } from './watch/applied-object.ts'
import { Applier, type MayDelete } from './watch/apply.ts'
import type { KubeClient } from './watch/kube-client.ts'
import type { ObjectSources } from './watch/sources.ts'
import { Reflector, type ReflectorState } from './watch/reflector.ts'

/** What a deployer needs. */
export interface FleetDeployerOptions {
  readonly client: KubeClient
  readonly assembly: Assembly
  readonly controllerName: string
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Applies the fleets of `outputs.infra`, and tells translation what the API server says to them. */
export class FleetDeployer {
  readonly #options: FleetDeployerOptions
  readonly #applier: Applier
  readonly #watches: readonly ManagedWatch[]
  readonly #succession: FleetSuccession
  #settings: FleetSettings | undefined
  #isOn = false

  constructor(options: FleetDeployerOptions) {
    const { assembly, client, controllerName, logger, metrics } = options
    this.#options = options
    this.#succession = new FleetSuccession(client)
    this.#applier = new Applier({
      client,
      fieldManager: 'fairlead',
      controllerName,
      logger: logger.child({ component: 'fleets' }),
      metrics,
      onProblem: (gateway, message) => {
        if (message === undefined) assembly.fleetProblems.delete(gateway)
        else assembly.fleetProblems.set(gateway, message)
      },
      mayDelete: (object) => this.#mayDelete(object),
    })
    this.#watches = fleetObjectsTable.map((kind) => watchManaged(kind, this.#applier, options))
    const { graph, outputs } = assembly
    graph.observe(outputs.infra)
    graph.onEpoch((epoch) => {
      for (const [gateway, { after }] of epoch.changes(outputs.infra)) this.#follow(gateway, after)
    })
  }

  /** Says what fleets have in common, before `start`; and again when that changes. */
  configure(settings: FleetSettings): void {
    this.#settings = settings
    for (const [gateway, infra] of this.#options.assembly.outputs.infra.entries()) this.#follow(gateway, infra)
  }

  /** Watches what is there, so that nothing is made twice; applies once all of it is known. */
  start(): void {
    this.#isOn = true
    for (const { reflector } of this.#watches) reflector.start()
    void this.#begin()
  }

  async #begin(): Promise<void> {
    for (const { listed } of this.#watches) await listed
    if (this.#isOn) this.#applier.start()
  }

  /** Applies nothing more until the next `start`; resolves when nothing is under way. */
  async pause(): Promise<void> {
    this.#isOn = false
    await this.#applier.stop()
  }

  /** Ends the watches and what is under way; the fleets run on. */
  async stop(): Promise<void> {
    await this.pause()
    await Promise.all(this.#watches.map(({ reflector }) => reflector.close()))
  }

  #follow(gateway: string, infra: GatewayInfra | undefined): void {
    if (this.#settings === undefined) return
    if (infra === undefined) {
      this.#succession.forget(gateway)
      this.#applier.delete(gateway)
      return
    }
    const fleet = isHeld(infra) ? undefined : this.#render(infra, this.#settings)
    if (fleet !== undefined) this.#applier.set(gateway, fleet)
    else this.#applier.hold(gateway, { namespace: infra.namespace, name: fleetName(infra.name, infra.className) })
  }

  async #mayDelete(object: ObservedObject): Promise<MayDelete> {
    const { graph, sources, outputs } = this.#options.assembly
    await graph.idle() // What was read is then in the sources.
    const gateway = gatewayOf(object, sources)
    if (gateway === undefined || !isUnwanted(gateway, sources)) return 'no'
    const { namespace, name } = gateway.metadata
    const infra = outputs.infra.get(gatewayKey(namespace, name))
    if (infra === undefined) return 'yes'
    const service = sources.services.get(fleetServiceKey(gateway))
    const isOver = await this.#succession.isOver(object, { gateway, infra, service }, performance.now())
    return isOver ? 'yes' : 'not yet'
  }

  /** A bug that one Gateway brings out must not harm the others, nor what runs for it. */
  #render(infra: GatewayInfra, settings: FleetSettings): readonly ManagedObject[] | undefined {
    try {
      return renderFleet(infra, settings)
    } catch (error) {
      this.#options.logger.error(
        { gateway: infra.gateway, err: error },
        'bug: a fleet cannot be rendered; it stays as it is',
      )
      return undefined
    }
  }
}

/** With its last port a Gateway would lose its proxies and its address: one mistake in a listener shall not cost that. */
function isHeld({ held, ports }: GatewayInfra): boolean {
  return held || ports.length === 0
}

/**
 * Whether it is certain that no Gateway wants the object: its Gateway is known, and so is its class. One that may not or
 * cannot be read may want it. With a Gateway that is gone the API server deletes what it owned, for it knows best; an empty
 * list, whatever it comes from, shall not end every proxy.
 */
function isUnwanted(gateway: Gateway, { gatewayClasses }: ObjectSources): boolean {
  return gatewayClasses.has(gateway.spec.gatewayClassName)
}

function gatewayOf({ namespace, owners }: ObservedObject, { gateways }: ObjectSources): Gateway | undefined {
  const owner = owners.find(({ kind, isController }) => isController && kind === 'Gateway')
  return owner && gateways.get(`${namespace}/${owner.name}`)
}

interface ManagedWatch {
  readonly reflector: Reflector
  /** Resolves once the collection was listed, or cannot be. */
  readonly listed: Promise<void>
}

/** Follows the metadata of the objects of one kind that carry our label. */
function watchManaged(kind: ManagedKind, applier: Applier, { client, logger }: FleetDeployerOptions): ManagedWatch {
  const settled = Promise.withResolvers<void>()
  const path = `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}/${kind.plural}`
  let told: ReflectorState['kind'] | undefined
  const names = new Map<string, { readonly namespace: string; readonly name: string }>()
  const reflector = new Reflector({
    client,
    path,
    labelSelector: `${managedLabel.name}=${managedLabel.value}`,
    isMetadataOnly: true,
    logger: logger.child({ component: 'fleets', kind: kind.kind }),
    sink: {
      upsert: (object) => {
        const { namespace = '', name } = object.metadata
        names.set(`${namespace}/${name}`, { namespace, name })
        applier.observe(kind.kind, object)
      },
      remove: (key) => {
        const gone = names.get(key)
        names.delete(key)
        if (gone !== undefined) applier.vanished(kind.kind, gone.namespace, gone.name)
      },
      state: (state) => {
        // One that cannot be read must not hold up the others; applying its objects says in status what is wrong.
        if (state.kind !== 'failing') settled.resolve()
        if (state.kind !== told) tell(state, kind, logger)
        told = state.kind
      },
    },
  })
  return { reflector, listed: settled.promise }
}

function tell(state: ReflectorState, { plural, group }: ManagedKind, logger: Logger): void {
  const resource = group === '' ? plural : `${plural}.${group}`
  if (state.kind === 'refused' && state.verbs.length > 0) {
    const verbs = state.verbs.join(', ')
    logger.warn({ resource, verbs }, 'ClusterRole fairlead lacks verbs: is the newest deploy/fairlead.yaml applied?')
  } else if (state.kind === 'absent') {
    logger.warn({ resource }, 'the API server does not know this kind: fleets are made without it')
  } else if (state.kind !== 'synced') {
    // An API server that is away is told of by the watches of what is served.
    const reason = 'error' in state && state.error instanceof Error ? state.error.message : state.kind
    logger.debug({ resource, reason }, 'objects of fleets cannot be watched; trying again')
  }
}
