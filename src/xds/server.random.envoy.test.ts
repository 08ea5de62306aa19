import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import type { XdsType } from '../envoy/types.ts'
import { freePort, get, type RunningEnvoy, until } from '../testing/envoy-rig.ts'
import {
  badVariant,
  type Change,
  ChangingStore,
  endpointsName,
  names,
  weightedChanges,
} from '../testing/random-changes.ts'
import {
  answerScope,
  assignment,
  edsCluster,
  forwardScope,
  scopedListener,
  warmUpListener,
} from '../testing/xds-resources.ts'
import { type ServedStore, XdsRig } from '../testing/xds-rig.ts'

/** For a longer walk: `ROUNDS=500 SEED=1 npx vitest run src/xds/server.random.envoy.test.ts`. */
const rounds = Number(process.env.ROUNDS ?? 25)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/**
 * Endpoints that are refused, where no proxy has taken better ones since the control plane started, hold up a changed
 * cluster until Envoy takes those that it has: after 15 s.
 */
function withGoodEndpoints(change: Change): Change {
  if (change.kind !== 'put') return change
  const what = change.what.map(([type, name, variant]): (typeof change.what)[number] => {
    return [type, name, type === 'endpoint' && variant === badVariant ? 0 : variant]
  })
  return { ...change, what }
}

const present = Array.from({ length: 10 }, () => 'none' as const)

const step = fc.record({
  change: fc.oneof(...weightedChanges).map(withGoodEndpoints),
  pauseMs: fc.constantFrom(0, 0, 0, 1, 2, 5, 10, 20),
  /** The control plane goes away before the change and comes back after it: `restart` with no memory of the proxy. */
  absence: fc.constantFrom(...present, 'reconnect' as const, 'restart' as const),
})

/** Of a bulk only some, among them one that may be bad. */
const scopesAsked = ['s0', 's1', 's2', 's3', 's4', 'bulk0', 'bulk7', 'bulk8', 'bulk129']

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

let rig: XdsRig
let store: ChangingStore
let served: ServedStore
let envoy: RunningEnvoy
let port: number

beforeEach(async () => {
  rig = new XdsRig()
  port = await freePort()
  const ports = await Promise.all(Array.from({ length: names }, freePort))
  store = new ChangingStore((index) => ports[index] ?? 0)
  const upstream = await rig.backend('backend')
  store.put([warmUpListener(), scopedListener('steady', port), answerScope('steady.test', 'steady')])
  store.put([edsCluster('steady'), assignment('steady', upstream), forwardScope('backend.test', 'steady')])
  served = await rig.serve(store.stock)
  envoy = await rig.envoy({ xdsPort: served.port, gateway: store.stock.gateway })
})
afterEach(() => rig.dispose())

async function take({ change, pauseMs, absence }: Step): Promise<void> {
  if (absence === 'none') {
    store.apply(change)
  } else {
    if (absence === 'restart' && hasRefusable()) await until(unanswered, (count) => count === 0)
    await served.server.close()
    store.apply(change)
    if (absence === 'restart') store.startAnew()
    served = await rig.serve(store.stock, {}, served.port)
  }
  if (pauseMs > 0) await delay(pauseMs)
}

/**
 * What Envoy took of a response that it refuses it does not name to a control plane that is started in the instant before
 * it is sent again: nobody could know.
 */
function hasRefusable(): boolean {
  const kinds: readonly XdsType[] = ['cluster', 'listener']
  return [...store.wanted.values()].some(({ type, version }) => kinds.includes(type) && store.isBad(version))
}

function unanswered(): number {
  const types = served.server.proxies().flatMap((proxy) => proxy.types)
  return types.length < 4 ? Number.POSITIVE_INFINITY : types.reduce((sum, { pending }) => sum + pending, 0)
}

/** What is not as it should be. Of what has a bad resource is only known that it has not that one. */
async function differences(): Promise<readonly string[]> {
  if (unanswered() > 0) return [`${unanswered()} are not answered`]
  const actual = await seen()
  const wrong = [...actual].filter(([key]) => key.startsWith('warming') || !store.wanted.has(key)).map(([key]) => key)
  for (const [key, resource] of store.wanted) {
    if (!isAsked(resource)) continue
    const value = actual.get(key)
    const [expected, isBad] = [store.lookOf(resource) ?? resource.version, store.isBad(resource.version)]
    const isUnasked = resource.type === 'endpoint' && value === undefined
    const isWrong = isBad ? value === resource.version || value === '404 ' : value !== expected && !isUnasked
    if (isWrong) wrong.push(`${key} is ${value}, should be ${isBad ? 'anything but bad' : expected}`)
  }
  return wrong
}

/** Whether `seen` holds it when it is there. */
function isAsked({ type, name }: NamedResource): boolean {
  if (type === 'scoped-route') return scopesAsked.includes(name)
  return type !== 'listener' || /^l\d$/.test(name)
}

/** What the Envoy has, by `<type> <name>`: versions, answers of hosts, ports of endpoints. */
async function seen(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const { cluster } of await dump('dynamic_warming_clusters')) found.set(`warming ${cluster?.name}`, '')
  for (const { cluster, version_info: version } of await dump('dynamic_active_clusters')) {
    found.set(`cluster ${cluster?.name}`, String(version))
  }
  for (const { name, active_state: active } of await dump('dynamic_listeners')) {
    // A listener that is changed in place keeps the version that it had.
    const prefix = active?.listener.filter_chains?.[0]?.filters?.[0]?.typed_config?.stat_prefix
    if (prefix !== undefined && /^l\d$/.test(name ?? '')) found.set(`listener ${name}`, prefix)
  }
  const { cluster_statuses: clusters } = JSON.parse(await envoy.admin('/clusters?format=json')) as ClusterHosts
  for (const { name, host_statuses: hosts = [] } of clusters) {
    const index = Number(/^c(\d)$/.exec(name)?.[1])
    if (Number.isNaN(index)) continue
    const key = `endpoint ${endpointsName(index)}`
    const port = hosts.map(({ address }) => address.socket_address.port_value).join()
    if (store.wanted.has(key) || port !== '') found.set(key, port)
  }
  for (const name of scopesAsked) {
    const { status, body } = await get(port, name)
    const key = `scoped-route ${name}`
    if (status !== 404 || store.wanted.has(key)) found.set(key, status === 503 ? '503' : `${status} ${body}`)
  }
  return found
}

interface DumpEntry {
  readonly name?: string
  readonly version_info?: string
  readonly cluster?: { readonly name: string }
  readonly active_state?: {
    readonly listener: {
      readonly filter_chains?: readonly {
        readonly filters?: readonly { readonly typed_config?: { readonly stat_prefix: string } }[]
      }[]
    }
  }
}

async function dump(resource: string): Promise<readonly DumpEntry[]> {
  const { configs = [] } = JSON.parse(await envoy.admin(`/config_dump?resource=${resource}`)) as {
    configs?: DumpEntry[]
  }
  return configs
}

interface ClusterHosts {
  readonly cluster_statuses: readonly {
    readonly name: string
    readonly host_statuses?: readonly {
      readonly address: { readonly socket_address: { readonly port_value: number } }
    }[]
  }[]
}

test(`a real Envoy comes to what the store holds, whatever comes between, and loses no request (seed ${seed})`, async () => {
  await until(differences, ({ length }) => length === 0)
  const hosts = ['steady.test', 'backend.test']
  const polls = hosts.map((host) => rig.poll(port, () => host, 2))
  for (const [round, steps] of fc.sample(fc.array(step, { maxLength: 20 }), { numRuns: rounds, seed }).entries()) {
    for (const each of steps) await take(each)
    await until(differences, ({ length }) => length === 0, {
      what: `the end of round ${round}: ${JSON.stringify(steps)}`,
    })
  }
  for (const poll of polls) expect(Object.keys(await poll.stop())).toEqual(['200'])
})
