/** When a part of a fleet that is not wanted any more may go: once what takes its place serves. */
import type { FleetKindName } from './api/managed-kinds.ts'
import { isRecord } from './api/compile.ts'
import type { Service } from './api/core.ts'
import type { Gateway } from './api/gen/types.ts'
import type { GatewayInfra } from './ir/infra.ts'
import { fleetName } from './ir/names.ts'
import { serviceAddresses } from './translate/gateway/addresses.ts'
import type { KubeClient } from './watch/kube-client.ts'

/** The fleet that a Gateway should have now. */
export interface Successor {
  readonly gateway: Gateway
  readonly infra: GatewayInfra
  /** The Service of that fleet. */
  readonly service: Service | undefined
}

/** Proxies that do not all come up are waited for so long, as long as one serves. */
const patienceMs = 300_000
/** Whoever looks up the address of a Gateway needs time to hear of another one. */
const addressGraceMs = 30_000

/** Remembers by Gateway since when its new fleet is waited for, and since when it serves. */
export class FleetSuccession {
  readonly #client: Pick<KubeClient, 'send'>
  readonly #waits = new Map<string, { readonly sinceMs: number; servesSinceMs: number | undefined }>()

  constructor(client: Pick<KubeClient, 'send'>) {
    this.#client = client
  }

  /** Whether an object of the old fleet may go. `nowMs` never goes back. */
  async isOver(old: { readonly kind: FleetKindName; readonly name: string }, successor: Successor, nowMs: number) {
    const { infra } = successor
    const name = fleetName(infra.name, infra.className)
    const key = `${infra.gateway} ${old.name} ${name} ${infra.parameters.workload}`
    const wait = this.#waits.get(key) ?? { sinceMs: nowMs, servesSinceMs: undefined }
    this.#waits.set(key, wait)
    const proxies = await this.#proxies(infra, name)
    const isPatient = nowMs - wait.sinceMs < patienceMs
    const areUp = proxies.wanted === proxies.available || (proxies.available > 0 && !isPatient)
    const isMoving = old.name !== name
    if (!areUp || (isMoving && !mayMove(successor))) {
      wait.servesSinceMs = undefined
      return false
    }
    wait.servesSinceMs ??= nowMs
    // An address that is asked for is free for the new Service only when the old one is gone.
    const graceMs = isMoving && infra.addresses.length === 0 ? addressGraceMs : 0
    return nowMs - wait.servesSinceMs >= graceMs
  }

  /** Forgets a Gateway. */
  forget(gateway: string): void {
    for (const key of this.#waits.keys()) if (key.startsWith(`${gateway} `)) this.#waits.delete(key)
  }

  async #proxies(infra: GatewayInfra, name: string): Promise<{ readonly wanted: number; readonly available: number }> {
    const plural = infra.parameters.workload === 'Deployment' ? 'deployments' : 'daemonsets'
    const path = `/apis/apps/v1/namespaces/${infra.namespace}/${plural}/${name}`
    // One that is not there, or cannot be read, does not serve as far as anybody knows.
    const object = await this.#client.send({ method: 'GET', path }).catch(() => undefined)
    return countProxies(object)
  }
}

/** A Service without an address reaches nobody, unless it waits for the very address that the old one has. */
function mayMove({ gateway, infra, service }: Successor): boolean {
  return infra.addresses.length > 0 || serviceAddresses(gateway, service).problem === undefined
}

/** `DeploymentStatus`, `DaemonSetStatus`; what the controller has not seen yet counts as nothing. */
function countProxies(object: unknown): { readonly wanted: number; readonly available: number } {
  const { metadata, spec, status } = isRecord(object) ? object : {}
  const at = (record: unknown, field: string) => (isRecord(record) ? record[field] : undefined)
  const count = (value: unknown) => (typeof value === 'number' ? value : 0)
  if (count(at(status, 'observedGeneration')) < count(at(metadata, 'generation'))) return { wanted: 1, available: 0 }
  const nodes = at(status, 'desiredNumberScheduled')
  // A DaemonSet without a node serves nothing.
  if (nodes !== undefined) return { wanted: Math.max(1, count(nodes)), available: count(at(status, 'numberAvailable')) }
  return { wanted: count(at(spec, 'replicas') ?? 1), available: count(at(status, 'availableReplicas')) }
}
