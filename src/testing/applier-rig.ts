/** An Applier on an API server in memory, with a watch of everything that has our label. */
import { fleetObjectsTable, type FleetKindName, type ManagedObject } from '../api/managed-kinds.ts'
import { createLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { Applier } from '../watch/apply.ts'
import { managedLabel } from '../watch/applied-object.ts'
import { FakeApi } from '../watch/fake-api.ts'
import type { KubeRequest } from '../watch/kube-client.ts'

export const applierController = 'example.com/ours'

/** An object of the fleet of a Gateway in `shop`. */
export function fleetObject(
  kind: FleetKindName,
  gateway: string,
  content: object = {},
  uid = `uid-${gateway}`,
): ManagedObject {
  const owner = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: gateway, uid }
  return {
    apiVersion: kind === 'Deployment' || kind === 'DaemonSet' ? 'apps/v1' : 'v1',
    kind,
    metadata: {
      name: `${gateway}-ours`,
      namespace: 'shop',
      labels: { [managedLabel.name]: managedLabel.value },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    ...content,
  }
}

/** The objects of a small fleet, in an order that is not that of applying. */
export function fleetOf(gateway: string, image = 'envoy:1', uid?: string): readonly ManagedObject[] {
  return [
    fleetObject('Deployment', gateway, { spec: { template: { image } } }, uid),
    fleetObject('Service', gateway, { spec: { ports: [{ name: 'http', port: 80 }] } }, uid),
    fleetObject('ConfigMap', gateway, { data: { 'bootstrap.json': '{}' } }, uid),
    fleetObject('ServiceAccount', gateway, {}, uid),
  ]
}

export class ApplierRig {
  readonly api: FakeApi
  readonly applier: Applier
  readonly problems: (readonly [string, string | undefined])[] = []
  readonly lines: Readonly<Record<string, unknown>>[] = []
  mayDelete = true
  readonly #unwatch: () => void
  #held: (() => void)[] | undefined

  /** On a server of its own, or on that of a former process. */
  constructor(api = new FakeApi()) {
    this.api = api
    this.applier = new Applier({
      client: api,
      fieldManager: 'fairlead',
      controllerName: applierController,
      onProblem: (owner, message) => this.problems.push([owner, message]),
      mayDelete: () => Promise.resolve(this.mayDelete ? 'yes' : 'no'),
      logger: createLogger({
        level: 'warn',
        format: 'json',
        sink: { write: (line) => this.lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>) },
      }),
      metrics: createMetrics(),
    })
    const rows = fleetObjectsTable.flatMap(({ kind }) => api.resources.filter((resource) => resource.kind === kind))
    for (const row of rows) {
      for (const object of api.store.list(row, undefined)) this.#tell(row.kind, undefined, object)
    }
    this.#unwatch = api.store.onEvent(({ resource, before, after }) => {
      if (!rows.includes(resource)) return
      const tell = () => this.#tell(resource.kind, before, after)
      if (this.#held === undefined) tell()
      else this.#held.push(tell)
    })
  }

  /** From now on the watch tells nothing. */
  holdWatch(): void {
    this.#held ??= []
  }

  /** Tells what was held. */
  releaseWatch(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const tell of held) tell()
  }

  /** Ends this process. */
  async stop(): Promise<void> {
    await this.applier.stop()
    this.#unwatch()
  }

  writes(): readonly KubeRequest[] {
    return this.api.requests.filter(({ method }) => method !== 'GET')
  }

  /** `METHOD plural` of all writes. */
  summary(): readonly string[] {
    return this.writes().map(({ method, path }) => `${method} ${path.split('/').at(-2)}`)
  }

  #tell(kind: string, before: object | undefined, after: object | undefined): void {
    const found = fleetObjectsTable.find((row) => row.kind === kind)
    if (found === undefined) return
    if (after !== undefined && isManaged(after)) this.applier.observe(found.kind, after)
    else if (before !== undefined && isManaged(before)) {
      const { namespace, name } = metadataOf(before)
      this.applier.vanished(found.kind, namespace, name)
    }
  }
}

function isManaged(object: object): boolean {
  return metadataOf(object).labels?.[managedLabel.name] === managedLabel.value
}

function metadataOf(object: object) {
  const { metadata } = object as {
    readonly metadata: {
      readonly namespace: string
      readonly name: string
      readonly labels?: Readonly<Record<string, string>>
    }
  }
  return metadata
}
