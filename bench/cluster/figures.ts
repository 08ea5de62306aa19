/** What is measured of a control plane in a cluster, and in which order. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { must } from '../../src/lib/assert.ts'
import { freePort, until } from '../../src/testing/envoy-rig.ts'
import { addressOf, type WorkloadOptions, workloadGateway, workloadNamespace } from '../../src/testing/workload.ts'
import { hasStamp, Poller } from '../poll.ts'
import { cpuMsOf, nowMs, rssMibOf } from '../processes.ts'
import { type Spread, spreadOf } from '../spread.ts'
import { type ApiCluster, startApiCluster } from './api-cluster.ts'
import { Controller } from './controller.ts'
import type { FleetOrder } from './fake-fleet.ts'
import { fakeProxies, type RunningProxy, startProxy } from './proxy.ts'
import { RouteStatuses } from './statuses.ts'
import { createAll, editOf, endpointChange, inParallel, serviceCount } from './workload.ts'

/** CPU time in ms of everybody who works. */
export interface CpuMs {
  readonly controlPlane: number
  readonly apiServer: number
  readonly etcd: number
  readonly envoy: number
}

/** The figures of one size. */
export interface ClusterFigures {
  readonly routes: number
  readonly readyMs: number
  readonly servedMs: number
  readonly statusesMs: number
  readonly statusWrites: number
  readonly statusConflicts: number
  readonly startCpu: CpuMs
  readonly editServedMs: Spread
  readonly editStatusMs: Spread
  readonly editCpu: CpuMs
  readonly writesPerEdit: number
  readonly changesPerSecond: number
  readonly changes: number
  /** For each change of an EndpointSlice. */
  readonly changeCpu: CpuMs
  readonly responsesPerChange: number
  readonly rssMib: number
  /** Proxies that came all at once. */
  readonly proxies: number
  readonly proxiesSyncedMs: number
  readonly proxiesCpuMs: number
  readonly proxiesPeakRssMib: number
  readonly tokenReviews: number
  readonly stopMs: number
  readonly restartReadyMs: number
  readonly restartCpuMs: number
  readonly restartWrites: Readonly<Record<string, number>>
  /** Resources that were sent to the proxy again. */
  readonly restartResent: number
  readonly restartRssMib: number
  readonly logged: Readonly<Record<string, number>>
}

export interface ClusterBenchOptions {
  readonly edits: number
  readonly changesPerSecond: number
  readonly seconds: number
  readonly proxies: number
  readonly envoy: string
  readonly backendPort: number
  readonly profile: string | undefined
  say(text: string): void
}

/** Whatever is not told within that time is not told at all. */
const quietMs = 15_000
const sampledHosts = 20
const whileStarting = { timeoutMs: 600_000, pauseMs: 20 }

/** Everything, with so many routes. */
export async function measureCluster(routes: number, options: ClusterBenchOptions): Promise<ClusterFigures> {
  const cluster = await startApiCluster()
  const run = new Run(cluster, routes, options)
  try {
    return await run.measure(await freePort())
  } finally {
    await run.stop()
    await cluster.stop()
  }
}

class Run {
  readonly #cluster: ApiCluster
  readonly #routes: number
  readonly #options: ClusterBenchOptions
  #controller: Controller | undefined
  #proxy: RunningProxy | undefined
  #poller: Poller | undefined

  constructor(cluster: ApiCluster, routes: number, options: ClusterBenchOptions) {
    this.#cluster = cluster
    this.#routes = routes
    this.#options = options
  }

  async measure(port: number): Promise<ClusterFigures> {
    const { backendPort, say } = this.#options
    const workload: WorkloadOptions = { shape: 'hosts', port, backendPort }
    const xdsPort = await freePort()
    this.#poller = new Poller(port)
    say(`${this.#routes} routes: creating objects`)
    await createAll(this.#cluster.client, workload, this.#routes)
    say('cold start')
    const started = await this.#start(workload, xdsPort)
    say('edits')
    const edited = await this.#edit(workload)
    say('endpoints')
    const changed = await this.#changeEndpoints()
    const rssMib = rssMibOf(this.#running.pid)
    say('proxies')
    const synced = await this.#connectProxies(xdsPort)
    say('restart')
    const restarted = await this.#restart(xdsPort)
    return { routes: this.#routes, ...started, ...edited, ...changed, rssMib, ...synced, ...restarted }
  }

  async stop(): Promise<void> {
    this.#poller?.close()
    await this.#proxy?.stop()
    await this.#controller?.stop()
  }

  get #running(): Controller {
    return must(this.#controller, 'no control plane runs')
  }

  #cpu(): CpuMs {
    const { server, etcd } = this.#cluster.cpuMs()
    const envoy = this.#proxy === undefined ? 0 : cpuMsOf(this.#proxy.pid)
    return { controlPlane: cpuMsOf(this.#running.pid), apiServer: server, etcd, envoy }
  }

  async #start(workload: WorkloadOptions, xdsPort: number) {
    const { client, kubeconfig, cpuMs } = this.#cluster
    const { envoy: binary, profile } = this.#options
    const { server, etcd } = cpuMs()
    const controller = await Controller.start({ kubeconfig, xdsPort, profile })
    this.#controller = controller
    const ready = controller.readyMs()
    this.#proxy = await startProxy({ client, binary, namespace: workloadNamespace, fleet: 'edge-fairlead' })
    await this.#allServed(workload)
    const servedMs = nowMs() - controller.begunMs
    await this.#giveAddress()
    await this.#settled()
    const statusesMs = nowMs() - controller.begunMs
    const startCpu = less(this.#cpu(), { controlPlane: 0, apiServer: server, etcd, envoy: 0 })
    const statusWrites = await controller.sum('fairlead_status_writes_total', 'written')
    const statusConflicts = await controller.sum('fairlead_status_writes_total', 'conflict')
    return { readyMs: await ready, servedMs, statusesMs, statusWrites, statusConflicts, startCpu }
  }

  async #allServed(workload: WorkloadOptions): Promise<void> {
    const step = Math.max(1, Math.floor(this.#routes / sampledHosts))
    const poller = must(this.#poller, 'nobody asks')
    for (let index = this.#routes - 1; index >= 0; index -= step) {
      await poller.until(addressOf(workload, index), ({ status }) => status === 200, whileStarting)
    }
  }

  /** As a load balancer's controller would. */
  async #giveAddress(): Promise<void> {
    await this.#cluster.client.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/${workloadNamespace}/services/edge-fairlead/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { loadBalancer: { ingress: [{ ip: '127.0.0.1' }] } } },
    })
  }

  /** Until there is nothing to write. */
  async #settled(): Promise<void> {
    const pending = async () =>
      (await this.#running.sum('fairlead_status_pending')) + (await this.#running.sum('fairlead_apply_pending'))
    await until(pending, (count) => count === 0, { timeoutMs: 600_000, everyMs: 500, what: 'rest' })
  }

  async #edit(workload: WorkloadOptions) {
    const { client } = this.#cluster
    const { edits } = this.#options
    const poller = must(this.#poller, 'nobody asks')
    const statuses = await RouteStatuses.follow(client)
    const [served, written]: [number[], number[]] = [[], []]
    await delay(1_000)
    const before = this.#cpu()
    const writesBefore = await this.#running.sum('fairlead_status_writes_total')
    for (let turn = 0; turn < edits; turn++) {
      const index = Math.floor((turn * this.#routes) / edits)
      const stamp = `edit-${turn}`
      await poller.get(addressOf(workload, index))
      const begunMs = nowMs()
      const edited = client.send(editOf(workload, index, stamp))
      served.push((await poller.until(addressOf(workload, index), hasStamp(stamp))) - begunMs)
      written.push((await statuses.written(await edited)) - begunMs)
      await delay(20)
    }
    await this.#settled()
    statuses.close()
    const cpu = less(this.#cpu(), before)
    const writes = (await this.#running.sum('fairlead_status_writes_total')) - writesBefore
    return {
      editServedMs: spreadOf(served),
      editStatusMs: spreadOf(written),
      editCpu: dividedBy(edits, cpu),
      writesPerEdit: writes / edits,
    }
  }

  async #changeEndpoints() {
    const { changesPerSecond, seconds } = this.#options
    await delay(1_000)
    const count = () => this.#running.sum('fairlead_watch_events_total', 'EndpointSlice')
    const sent = () => this.#running.sum('fairlead_xds_responses_total', 'endpoint')
    const [changesBefore, sentBefore, cpuBefore] = [await count(), await sent(), this.#cpu()]
    const begunMs = nowMs()
    for (let second = 0; second < seconds && nowMs() - begunMs < 1_000 * seconds; second++) {
      const turns = Array.from({ length: changesPerSecond }, (_, index) => index)
      await inParallel(turns, (index) => this.#change(index, second * changesPerSecond + index))
      await delay(Math.max(0, begunMs + 1_000 * (second + 1) - nowMs()))
    }
    const tookMs = nowMs() - begunMs
    await delay(1_000)
    const changes = (await count()) - changesBefore
    const cpu = dividedBy(changes, less(this.#cpu(), cpuBefore))
    const responses = (await sent()) - sentBefore
    const rate = Math.round((1_000 * changes) / tookMs)
    return { changes, changesPerSecond: rate, changeCpu: cpu, responsesPerChange: responses / changes }
  }

  #change(index: number, turn: number): Promise<unknown> {
    return this.#cluster.client.send(endpointChange(index % serviceCount, Math.floor(turn / serviceCount)))
  }

  /** As after a node pool was made anew, or after a control plane was away. */
  async #connectProxies(xdsPort: number) {
    const { client, writes } = this.#cluster
    const { proxies: count } = this.#options
    const to = { count, port: xdsPort, gateway: workloadGateway }
    const proxies = await fakeProxies({ client, namespace: workloadNamespace, fleet: 'edge-fairlead' }, to)
    const reviews = async () => (await writes()).get('POST tokenreviews') ?? 0
    const { pid } = this.#running
    const [reviewsBefore, cpuBefore] = [await reviews(), cpuMsOf(pid)]
    const fleet = fork(join(import.meta.dirname, 'fake-fleet.ts'))
    let proxiesPeakRssMib = 0
    const watching = setInterval(() => {
      proxiesPeakRssMib = Math.max(proxiesPeakRssMib, rssMibOf(pid))
    }, 100)
    const begunMs = nowMs()
    fleet.send({ proxies, scopes: this.#routes } satisfies FleetOrder)
    await once(fleet, 'message')
    const proxiesSyncedMs = nowMs() - begunMs
    clearInterval(watching)
    const proxiesCpuMs = cpuMsOf(pid) - cpuBefore
    fleet.disconnect()
    await once(fleet, 'exit')
    const tokenReviews = (await reviews()) - reviewsBefore
    return { proxies: count, proxiesSyncedMs, proxiesCpuMs, proxiesPeakRssMib, tokenReviews }
  }

  /** Everything is right already: who comes back has nothing to write. */
  async #restart(xdsPort: number) {
    const { kubeconfig, writes } = this.#cluster
    const logged = Object.fromEntries(this.#running.logged)
    const stopMs = await this.#running.stop()
    const before = await writes()
    const controller = await Controller.start({ kubeconfig, xdsPort })
    this.#controller = controller
    const restartReadyMs = await controller.readyMs()
    await until(
      () => controller.sum('fairlead_xds_streams'),
      (streams) => streams === 1,
      { what: 'the proxy' },
    )
    await delay(quietMs)
    return {
      logged,
      stopMs,
      restartReadyMs,
      restartCpuMs: cpuMsOf(controller.pid),
      restartWrites: grown(before, await writes()),
      restartResent: await controller.sum('fairlead_xds_resources_total'),
      restartRssMib: rssMibOf(controller.pid),
    }
  }
}

function grown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) {
  const grown = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const)
  return Object.fromEntries(grown.filter(([, count]) => count > 0))
}

function less(after: CpuMs, before: CpuMs): CpuMs {
  return mapCpu((who) => after[who] - before[who])
}

function dividedBy(count: number, cpu: CpuMs): CpuMs {
  return mapCpu((who) => cpu[who] / count)
}

function mapCpu(of: (who: keyof CpuMs) => number): CpuMs {
  return { controlPlane: of('controlPlane'), apiServer: of('apiServer'), etcd: of('etcd'), envoy: of('envoy') }
}
