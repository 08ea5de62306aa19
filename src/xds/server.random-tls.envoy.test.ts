import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { NamedResource } from '../envoy/resource.ts'
import { type TestCertificate, testCertificate } from '../testing/certificates.ts'
import { freePort, getTls, until } from '../testing/envoy-rig.ts'
import { answerRoute, badRoute, secret, TestStore, tlsListener } from '../testing/xds-resources.ts'
import { type ServedStore, XdsRig } from '../testing/xds-rig.ts'

/** For a longer walk: `ROUNDS=500 SEED=1 npx vitest run src/xds/server.random-tls.envoy.test.ts`. */
const rounds = Number(process.env.ROUNDS ?? 25)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

const hosts = ['a.test', 'b.test', 'c.test', 'd.test']
/** Hosts that the listener serves beside the steady one, by index. */
const sets = [[0], [0, 1], [1, 2, 3], [0, 1, 2, 3], [3], [2, 0]]
/** The variant of routes that Envoy refuses. */
const badVariant = 3

const change = fc.oneof(
  fc.record({ kind: fc.constant('secret' as const), host: fc.nat(hosts.length - 1), variant: fc.nat(1) }),
  fc.record({ kind: fc.constant('route' as const), host: fc.nat(hosts.length - 1), variant: fc.nat(badVariant) }),
  fc.record({ kind: fc.constant('listener' as const), set: fc.nat(sets.length - 1) }),
)
const present = Array.from({ length: 8 }, () => 'none' as const)
const step = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  pauseMs: fc.constantFrom(0, 0, 1, 2, 5, 10, 20),
  /** The control plane goes away before the change and comes back after it: `restart` with no memory of the proxy. */
  absence: fc.constantFrom(...present, 'reconnect' as const, 'restart' as const),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Change = Step['changes'][number]

let rig: XdsRig
let stock: TestStore
let served: ServedStore
let port: number
/** By what they are for, the newest. */
let wanted: Map<string, NamedResource>
/** What each host should answer, or undefined where it is not served. */
let secrets: number[]
let routes: number[]
let set: readonly number[]

beforeEach(async () => {
  rig = new XdsRig()
  stock = new TestStore()
  port = await freePort()
  wanted = new Map()
  secrets = hosts.map(() => 0)
  routes = hosts.map(() => 0)
  const steady = [secret('steady.test', certificateOf('steady')), answerRoute('steady.test', 'steady')]
  put([...steady, ...hosts.flatMap((_, host) => [secretOf(host), routeOf(host)]), listenerOf([])])
  served = await rig.serve(stock)
  await rig.envoy({ xdsPort: served.port, gateway: stock.gateway })
})
afterEach(() => rig.dispose())

const certificates = new Map<string, TestCertificate>()

function certificateOf(commonName: string): TestCertificate {
  const certificate = certificates.get(commonName) ?? testCertificate({ dnsNames: [commonName] })
  certificates.set(commonName, certificate)
  return certificate
}

function secretOf(host: number): NamedResource {
  return secret(hosts[host] ?? '', certificateOf(`${hosts[host]}-${secrets[host]}`))
}

function routeOf(host: number): NamedResource {
  const name = hosts[host] ?? ''
  return routes[host] === badVariant ? badRoute(name) : answerRoute(name, `v${routes[host]}`)
}

function listenerOf(indices: readonly number[]): NamedResource {
  set = indices
  return tlsListener('https', port, ['steady.test', ...indices.map((index) => hosts[index] ?? '')])
}

function put(resources: readonly NamedResource[]): void {
  for (const resource of resources) wanted.set(`${resource.type} ${resource.name}`, resource)
  stock.put(resources)
}

function made(change: Change): NamedResource {
  switch (change.kind) {
    case 'secret':
      secrets[change.host] = change.variant
      return secretOf(change.host)
    case 'route':
      routes[change.host] = change.variant
      return routeOf(change.host)
    default:
      return listenerOf(sets[change.set] ?? [])
  }
}

async function take({ changes, pauseMs, absence }: Step): Promise<void> {
  // What Envoy took of a response that it refuses it does not name to a control plane that is started before it is sent again.
  if (absence === 'restart' && routes.includes(badVariant)) await until(unanswered, ({ length }) => length === 0)
  if (absence !== 'none') await served.server.close()
  put(changes.map(made))
  if (absence === 'restart') {
    stock = new TestStore()
    stock.put(wanted.values())
  }
  if (absence !== 'none') served = await rig.serve(stock, {}, served.port)
  if (pauseMs > 0) await delay(pauseMs)
}

/** Types that are not yet asked for, and those of which something is not answered. */
function unanswered(): readonly string[] {
  const types = served.server.proxies().flatMap((proxy) => proxy.types)
  const isComplete = types.length >= 4
  return [...(isComplete ? [] : ['a type']), ...types.filter(({ pending }) => pending > 0).map(({ type }) => type)]
}

/** Hosts that do not answer as they should when everything was answered. What bad routes come to is not looked at. */
async function differences(): Promise<readonly string[]> {
  if (unanswered().length > 0) return unanswered().map((type) => `${type} is not answered`)
  const answers = await Promise.all(hosts.map((host) => getTls(port, host)))
  return answers.flatMap((answer, host) => {
    const by = `by ${hosts[host]}-${secrets[host]}`
    const expected = set.includes(host) ? `v${routes[host]} ${by}` : 'ECONNRESET'
    const isRight = set.includes(host) && routes[host] === badVariant ? answer.endsWith(by) : answer === expected
    return isRight ? [] : [`${hosts[host]} answers ${answer}, should ${expected}`]
  })
}

test(`HTTPS of a real Envoy comes to what the store holds, and loses no request (seed ${seed})`, async () => {
  await until(differences, ({ length }) => length === 0)
  const seen = new Set<string>()
  let isStopped = false
  const asking = (async () => {
    for (; !isStopped; await delay(3)) seen.add(await getTls(port, 'steady.test'))
  })()
  rig.onDispose(() => {
    isStopped = true
    return asking
  })
  for (const [round, steps] of fc.sample(fc.array(step, { maxLength: 15 }), { numRuns: rounds, seed }).entries()) {
    for (const each of steps) await take(each)
    const what = `the end of round ${round}: ${JSON.stringify(steps)}`
    await until(differences, ({ length }) => length === 0, { what })
  }
  expect([...seen]).toEqual(['steady by steady'])
})
