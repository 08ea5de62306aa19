/** Random changes of a few resources, good ones and some that Envoy refuses, for clients that are models and real ones. */
import fc from 'fast-check'
import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import {
  answerScope,
  assignment,
  badAssignment,
  badCluster,
  badScope,
  edsCluster,
  forwardScope,
  scopedListener,
  TestStore,
} from './xds-resources.ts'

/** What one epoch changes: resources by type, index and variant. `bulk` is many scopes at once. */
export type Change =
  | { readonly kind: 'put'; readonly what: readonly (readonly [XdsType, number, number])[] }
  | { readonly kind: 'remove'; readonly what: readonly (readonly [XdsType, number])[] }
  | { readonly kind: 'bulk'; readonly variant: number }

/** The variant that Envoy refuses, of whatever resource; of a bulk, of some. */
export const badVariant = 3
/** Names of a type go by an index below this. */
export const names = 5
const bulkSize = 130

const index = fc.nat(names - 1)
const variant = fc.nat(badVariant)
const type = fc.constantFrom<XdsType>('cluster', 'endpoint', 'scoped-route', 'scoped-route', 'listener')

/** With weights that add up to 10. */
export const weightedChanges: readonly fc.WeightedArbitrary<Change>[] = [
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      what: fc.array(fc.tuple(type, index, variant), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      what: fc.array(fc.tuple(type, index), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bulk' as const), variant }) },
]

/** A store that takes changes, and what it should hold after them. */
export class ChangingStore {
  stock = new TestStore()
  /** By `<type> <name>`. */
  readonly wanted = new Map<string, NamedResource>()
  readonly #portOf: (index: number) => number
  readonly #bad = new Set<string>()
  readonly #looks = new Map<string, string>()

  /** `portOf` a listener. */
  constructor(portOf: (index: number) => number) {
    this.#portOf = portOf
  }

  /** Whether Envoy refuses what has that content hash. */
  isBad(hash: string): boolean {
    return this.#bad.has(hash)
  }

  /** What shows that a good resource of a change is in effect: the start of an answer, a port, a prefix of statistics. */
  lookOf({ version }: NamedResource): string | undefined {
    return this.#looks.get(version)
  }

  put(resources: readonly NamedResource[]): void {
    for (const resource of resources) this.wanted.set(`${resource.type} ${resource.name}`, resource)
    this.stock.put(resources)
  }

  apply(change: Change): void {
    switch (change.kind) {
      case 'put':
        this.put(change.what.map(([of, name, version]) => this.#make(of, name, version)))
        return
      case 'remove': {
        const gone = change.what.map(([of, name]) => this.#make(of, name, 0))
        for (const each of gone) this.wanted.delete(`${each.type} ${each.name}`)
        this.stock.remove(...gone)
        return
      }
      default:
        this.put(Array.from({ length: bulkSize }, (_, each) => this.#bulkScope(each, change.variant)))
    }
  }

  /** The same resources in a store that has no memory of any client. */
  startAnew(): void {
    this.stock = new TestStore()
    this.stock.put(this.wanted.values())
  }

  #make(of: XdsType, name: number, version: number): NamedResource {
    const port = this.#portOf(name)
    if (version === badVariant) return this.#note(bad(of, name, port))
    const resource = good(of, name, version, port)
    // Nothing listens on the ports of these endpoints, and not every cluster exists.
    if (of === 'scoped-route') this.#looks.set(resource.version, version === 1 ? '503' : `200 v${version}`)
    if (of === 'listener') this.#looks.set(resource.version, listenerPrefix(version))
    if (of === 'endpoint') this.#looks.set(resource.version, String(endpointPort(version)))
    return resource
  }

  #bulkScope(number: number, version: number): NamedResource {
    if (version === badVariant && number % 41 === 7) return this.#note(badScope(`bulk${number}`))
    const resource = answerScope(`bulk${number}`, `v${version}`)
    this.#looks.set(resource.version, `200 v${version}`)
    return resource
  }

  #note(resource: NamedResource): NamedResource {
    this.#bad.add(resource.version)
    return resource
  }
}

/** Name of the endpoints of a cluster: some clusters share them. */
export function endpointsName(name: number): string {
  return `e${name % 3}`
}

function listenerPrefix(version: number): string {
  return `v${version}`
}

function endpointPort(version: number): number {
  return 1000 + version
}

function good(of: XdsType, name: number, version: number, port: number): NamedResource {
  switch (of) {
    case 'cluster':
      return edsCluster(`c${name}`, { connectMs: 1000 + version, serviceName: endpointsName(name) })
    case 'endpoint':
      return assignment(endpointsName(name), endpointPort(version))
    case 'listener':
      return scopedListener(`l${name}`, port, listenerPrefix(version))
    default:
      return version === 1 ? forwardScope(`s${name}`, `c${(name + 1) % names}`) : answerScope(`s${name}`, `v${version}`)
  }
}

function bad(of: XdsType, name: number, port: number): NamedResource {
  switch (of) {
    case 'cluster':
      return badCluster(`c${name}`, endpointsName(name))
    case 'endpoint':
      return badAssignment(endpointsName(name))
    case 'listener':
      return scopedListener(`l${name}`, port, '')
    default:
      return badScope(`s${name}`)
  }
}
