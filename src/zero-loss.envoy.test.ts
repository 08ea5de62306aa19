/** Changes of every kind while a real Envoy is under load: no request fails that the change does not mean. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningEnvoy, freePort, startEnvoy, until } from './testing/envoy-rig.ts'
import { HttpConnection } from './testing/http-connection.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { type Load, type LoadTarget, startLoad } from './testing/load.ts'
import { mustParse } from './testing/pipeline-rig.ts'

const LOAD_MS = 20_000
const WORKERS = 2
const CONNECTIONS = 6
const REQUESTS_PER_SECOND = 1_200

const gatewayVersion = 'gateway.networking.k8s.io/v1'

interface Rule {
  readonly path?: string
  readonly backend: string
}

/** Backends by name, and what is asked for: by name what may be answered at this moment. */
class World {
  readonly pipeline = new LivePipeline()
  readonly #servers: Server[] = []
  readonly #ports = new Map<string, number>()
  readonly #allowed = new Map<string, ReadonlySet<string>>()
  #load: Load | undefined
  #envoy: RunningEnvoy | undefined
  #port = 0

  async start(): Promise<void> {
    for (const name of ['a', 'b', 'c']) this.#ports.set(name, await this.#serve(name))
    this.#port = await freePort()
    this.#setGateway()
    const { port: xdsPort } = await this.pipeline.listen(0)
    this.#envoy = await startEnvoy({ xdsPort, gateway: 'default/edge', concurrency: WORKERS })
  }

  async stop(): Promise<void> {
    await this.#load?.stop()
    await this.#envoy?.stop()
    await this.pipeline.stop()
    for (const server of this.#servers) server.close().closeAllConnections()
  }

  /** Begins the load once every target answers as it should. */
  async beginLoad(targets: readonly { readonly host: string; readonly path?: string; readonly outcome: string }[]) {
    await this.pipeline.ready()
    const probe = new HttpConnection({ port: this.#port })
    for (const target of targets) {
      const ask = () => probe.get(target).then(outcomeOf, () => 'no connection')
      await until(ask, (outcome) => outcome === target.outcome, { what: `${target.host} -> ${target.outcome}` })
    }
    probe.close()
    const asked = targets.map(({ host, path = '/', outcome }): LoadTarget => {
      const name = `${host}${path}`
      this.#allowed.set(name, new Set([outcome]))
      return { name, host, path, allowed: () => this.#allowed.get(name) ?? new Set() }
    })
    const ratePerSecond = REQUESTS_PER_SECOND
    this.#load = startLoad({ port: this.#port, connections: CONNECTIONS, targets: asked, ratePerSecond, outcomeOf })
    return this.#load
  }

  /**
   * Makes a change that is meant to have this outcome for these targets and none for all others. Old and new are right
   * until every connection has seen the new one; from then on only that is.
   */
  async change(outcomes: Readonly<Record<string, string>>, act: () => void): Promise<void> {
    const meant = Object.entries(outcomes)
    for (const [target, outcome] of meant) {
      this.#allowed.set(target, new Set([...(this.#allowed.get(target) ?? []), outcome]))
    }
    this.#load?.focus(Object.keys(outcomes))
    act()
    await Promise.all(meant.map(([target, outcome]) => this.#load?.everywhere(target, outcome)))
    for (const [target, outcome] of meant) this.#allowed.set(target, new Set([outcome]))
  }

  /** Lets the change take effect in an epoch of its own before the next one. */
  epoch(): Promise<void> {
    return this.pipeline.translation.graph.idle()
  }

  setRoute(name: string, hostnames: readonly string[], rules: readonly Rule[]): void {
    const spec = {
      parentRefs: [{ name: 'edge' }],
      hostnames,
      rules: rules.map(({ path = '/', backend }) => ({
        matches: [{ path: { type: 'PathPrefix', value: path } }],
        backendRefs: [{ name: backend, port: 80 }],
      })),
    }
    this.#set({ apiVersion: gatewayVersion, kind: 'HTTPRoute', metadata: { name }, spec })
  }

  deleteRoute(name: string): void {
    this.pipeline.delete({ kind: 'HTTPRoute', namespace: 'default', name })
  }

  /** A Service with one port; its endpoints are the backends. */
  setService(name: string, backends: readonly string[]): void {
    this.#set({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }] } })
    this.setEndpoints(name, backends)
  }

  deleteService(name: string): void {
    this.pipeline.delete({ kind: 'Service', namespace: 'default', name })
    for (const backend of this.#ports.keys()) this.#deleteSlice(name, backend)
  }

  /** One slice for each backend, since their ports differ. */
  setEndpoints(service: string, backends: readonly string[]): void {
    for (const [backend, port] of this.#ports) {
      if (!backends.includes(backend)) {
        this.#deleteSlice(service, backend)
        continue
      }
      this.#set({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `${service}-${backend}`, labels: { 'kubernetes.io/service-name': service } },
        addressType: 'IPv4',
        ports: [{ port }],
        endpoints: [{ addresses: ['127.0.0.1'] }],
      })
    }
  }

  #deleteSlice(service: string, backend: string): void {
    this.pipeline.delete({ kind: 'EndpointSlice', namespace: 'default', name: `${service}-${backend}` })
  }

  #setGateway(): void {
    const controllerName = 'fairlead.dev/gateway-controller'
    this.#set({
      apiVersion: gatewayVersion,
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName },
    })
    this.#set({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
    const listeners = [{ name: 'http', protocol: 'HTTP', port: this.#port }]
    const spec = { gatewayClassName: 'fairlead', listeners }
    this.#set({ apiVersion: gatewayVersion, kind: 'Gateway', metadata: { name: 'edge' }, spec })
  }

  #set(manifest: Readonly<Record<string, unknown>>): void {
    this.pipeline.set(mustParse(manifest))
  }

  async #serve(name: string): Promise<number> {
    const server = createServer((_request, response) => response.setHeader('x-backend', name).end())
    // Envoy holds connections longer than Node does by default; a backend that hangs up first is a race of its own.
    server.keepAliveTimeout = 60_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#servers.push(server)
    return (server.address() as AddressInfo).port
  }
}

function outcomeOf({ status, headers }: { readonly status: number; readonly headers: ReadonlyMap<string, string> }) {
  return [status, ...(headers.has('x-backend') ? [headers.get('x-backend')] : [])].join(' ')
}

let world: World
beforeAll(async () => {
  world = new World()
  await world.start()
})
afterAll(() => world.stop())

const targets = [
  { host: 'steady.test', outcome: '200 a' },
  { host: 'rules.test', path: '/old', outcome: '200 a' },
  { host: 'rules.test', path: '/new', outcome: '200 a' },
  { host: 'swap.test', outcome: '200 a' },
  { host: 'service.test', outcome: '200 c' },
  { host: 'service.test', path: '/other', outcome: '200 a' },
  { host: 'moved.test', outcome: '200 a' },
  { host: 'stays.test', outcome: '200 a' },
  { host: 'first.test', outcome: '200 b' },
  { host: 'second.test', outcome: '404' },
  { host: 'endpoints.test', outcome: '200 a' },
  { host: 'x.wide.test', outcome: '200 a' },
  { host: 'x.wide.test', path: '/rest', outcome: '200 b' },
] as const

const serviceRules = [{ path: '/other', backend: 'a' }, { backend: 'c' }]

function setUp(): void {
  for (const name of ['a', 'b', 'c']) world.setService(name, [name])
  world.setService('changing', ['a'])
  world.setRoute('steady', ['steady.test'], [{ backend: 'a' }])
  world.setRoute('rules', ['rules.test'], [{ backend: 'a' }])
  world.setRoute('swap', ['swap.test'], [{ backend: 'a' }])
  world.setRoute('service', ['service.test'], serviceRules)
  world.setRoute('from', ['moved.test', 'stays.test'], [{ backend: 'a' }])
  world.setRoute('to', ['elsewhere.test'], [{ backend: 'b' }])
  world.setRoute('reborn', ['first.test'], [{ backend: 'b' }])
  world.setRoute('wide', ['*.wide.test'], [{ backend: 'a' }])
  world.setRoute('rest', ['*.wide.test'], [{ path: '/rest', backend: 'b' }])
  world.setRoute('endpoints', ['endpoints.test'], [{ backend: 'changing' }])
}

/** Every kind of change once, and back. */
async function round(): Promise<void> {
  await insertRules()
  await swapBackends()
  await world.change({ 'service.test/': '500' }, () => world.deleteService('c'))
  await world.change({ 'service.test/': '200 c' }, () => world.setService('c', ['c']))
  await moveHostname()
  await narrowHostname()
  await moveRoute('first.test', 'second.test')
  await moveRoute('second.test', 'first.test')
  await world.change({ 'endpoints.test/': '200 b' }, () => world.setEndpoints('changing', ['b']))
  await world.change({ 'endpoints.test/': '200 a' }, () => world.setEndpoints('changing', ['a']))
}

/** A rule before all others, one in between, and another order of the same. */
async function insertRules(): Promise<void> {
  const added = { path: '/new', backend: 'b' }
  const more = { path: '/more', backend: 'c' }
  const rest = { backend: 'a' }
  await world.change({ 'rules.test/new': '200 b' }, () => world.setRoute('rules', ['rules.test'], [added, rest]))
  world.setRoute('rules', ['rules.test'], [added, more, rest])
  await world.epoch()
  world.setRoute('rules', ['rules.test'], [rest, more, added])
  await world.epoch()
  await world.change({ 'rules.test/new': '200 a' }, () => world.setRoute('rules', ['rules.test'], [rest]))
}

/** There and back, also many times without a pause. The Service that is swapped in has just been made. */
async function swapBackends(): Promise<void> {
  const swap = (backend: string) => world.setRoute('swap', ['swap.test'], [{ backend }])
  await world.change({ 'swap.test/': '200 b' }, () => {
    world.setService('fresh', ['b'])
    swap('fresh')
  })
  await world.change({ 'swap.test/': '200 a' }, () => {
    swap('a')
    world.deleteService('fresh')
  })
  for (let turn = 0; turn < 10; turn++) {
    await world.change({ 'swap.test/': turn % 2 === 0 ? '200 b' : '200 a' }, () => swap(turn % 2 === 0 ? 'b' : 'a'))
  }
}

/** From one route to the other: in one epoch, and back in two, during which both claim it. */
async function moveHostname(): Promise<void> {
  const from = (hostnames: readonly string[]) => world.setRoute('from', hostnames, [{ backend: 'a' }])
  const to = (hostnames: readonly string[]) => world.setRoute('to', hostnames, [{ backend: 'b' }])
  await world.change({ 'moved.test/': '200 b' }, () => {
    from(['stays.test'])
    to(['elsewhere.test', 'moved.test'])
  })
  await world.change({ 'moved.test/': '200 a' }, () => from(['moved.test', 'stays.test']))
  to(['elsewhere.test'])
  await world.epoch()
}

/** From a wildcard, which has other routes, to one of its hosts, with a Service that was just made; and back. */
async function narrowHostname(): Promise<void> {
  await world.change({ 'x.wide.test/': '200 b' }, () => {
    world.setService('narrow', ['b'])
    world.setRoute('wide', ['x.wide.test'], [{ backend: 'narrow' }])
  })
  await world.change({ 'x.wide.test/': '200 a' }, () => {
    world.setRoute('wide', ['*.wide.test'], [{ backend: 'a' }])
    world.deleteService('narrow')
  })
}

/** Deleted, and made again under the same name for another host. */
async function moveRoute(from: string, to: string): Promise<void> {
  await world.change({ [`${from}/`]: '404' }, () => world.deleteRoute('reborn'))
  await world.change({ [`${to}/`]: '200 b' }, () => world.setRoute('reborn', [to], [{ backend: 'b' }]))
}

describe('changes under load', () => {
  test('no request fails that a change does not mean, over 20 s of all kinds of changes', {
    timeout: 120_000,
  }, async () => {
    setUp()
    const load = await world.beginLoad(targets)
    let rounds = 0
    for (; load.result().durationMs < LOAD_MS; rounds++) await round()
    const { failures, failureCount, requests, outcomes } = await load.stop()
    expect(failures).toEqual([])
    expect(failureCount).toBe(0)
    expect(rounds).toBeGreaterThan(0)
    expect(requests).toBeGreaterThan(rounds * targets.length)
    // What was meant to be seen was seen.
    expect([...(outcomes.get('service.test/')?.keys() ?? [])].sort()).toEqual(['200 c', '500'])
    expect([...(outcomes.get('second.test/')?.keys() ?? [])].sort()).toEqual(['200 b', '404'])
  })
})
