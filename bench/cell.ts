/** One Envoy with its control plane at one size, and the measurements that are taken of the two. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePort } from '../src/testing/envoy-rig.ts'
import {
  addressOf,
  gatewayManifests,
  hostManifests,
  type Manifest,
  type WorkloadOptions,
  type WorkloadShape,
} from '../src/testing/workload.ts'
import { hasStamp, Poller } from './poll.ts'
import { cpuMsOf, nowMs } from './processes.ts'
import { round, type Spread, spreadOf } from './spread.ts'
import { Subject, type SubjectProgram } from './subject.ts'

export interface CellOptions {
  readonly program: SubjectProgram
  readonly shape: WorkloadShape
  readonly count: number
  readonly backendPort: number
  readonly envoy: string
  /** Feed it from files. */
  readonly fromFiles: boolean
  /** Options of Node for the control plane. */
  readonly execArgv: readonly string[]
}

/** What one edit costs. */
export interface EditCost {
  readonly controlPlaneCpuMs: number
  readonly envoyCpuMs: number
  readonly bytes: number
  /** From the injection to Envoy's acknowledgement. */
  readonly ackedMs: Spread
}

const MICROS_PER_MS = 1000
const SAMPLED_HOSTS = 30
const WARM_UP_EDITS = 10
/** Pause between two edits: the system is at rest when the next one comes. */
const REST_MS = 8
/** A start takes long, and whoever asks too often takes from it. */
const whileStarting = { timeoutMs: 300_000, pauseMs: 5 }

export class Cell {
  readonly subject: Subject
  readonly envoyPid: number
  /** Time from the start of the control plane until every host was served. */
  readonly coldStartMs: number
  readonly #count: number
  readonly #workload: WorkloadOptions
  readonly #folder: string | undefined
  readonly #poller: Poller
  #turn = 0

  private constructor(parts: {
    readonly subject: Subject
    readonly envoyPid: number
    readonly coldStartMs: number
    readonly count: number
    readonly workload: WorkloadOptions
    readonly folder: string | undefined
    readonly poller: Poller
  }) {
    this.subject = parts.subject
    this.envoyPid = parts.envoyPid
    this.coldStartMs = parts.coldStartMs
    this.#count = parts.count
    this.#workload = parts.workload
    this.#folder = parts.folder
    this.#poller = parts.poller
  }

  /** Starts a control plane, which starts its Envoy, and waits until all is served. */
  static async start(options: CellOptions): Promise<Cell> {
    const { program, shape, count, backendPort, execArgv, envoy } = options
    const [port, xdsPort] = [await freePort(), await freePort()]
    const workload: WorkloadOptions = { shape, port, backendPort }
    const folder = options.fromFiles ? writeFolder(workload, count) : undefined
    const begunMs = nowMs()
    const subject = new Subject(program, execArgv)
    const started = subject.send({ kind: 'start', options: { workload, count, xdsPort, folder, envoy } })
    const poller = new Poller(port)
    const [{ envoyPid }] = await Promise.all([started, allServed(poller, workload, count)])
    const coldStartMs = Math.round(nowMs() - begunMs)
    return new Cell({ subject, envoyPid, coldStartMs, count, workload, folder, poller })
  }

  /** How many of all the hosts are not served now: must be none. */
  async unserved(): Promise<number> {
    let unserved = 0
    for (let index = 0; index < this.#count; index++) {
      const answer = await this.#poller.get(addressOf(this.#workload, index))
      if (answer?.status !== 200) unserved++
    }
    return unserved
  }

  /** One edit: from the injected event until Envoy serves it. */
  async edit(): Promise<number> {
    const index = this.#nextIndex()
    const stamp = `edit-${this.#turn}`
    await this.#comeToRest(index)
    const reply = this.subject.send({ kind: 'edit', index, stamp })
    const servedMs = await this.#poller.until(addressOf(this.#workload, index), hasStamp(stamp))
    return servedMs - (await reply).injectedMs
  }

  /** One edit of a file, written beside it and renamed: from then until Envoy serves it. */
  async editFile(): Promise<number> {
    const folder = this.#folder
    if (folder === undefined) throw new Error('this cell is not fed from files')
    const index = this.#nextIndex()
    const stamp = `edit-${this.#turn}`
    const text = toYaml(hostManifests(this.#workload, index, stamp))
    await this.#comeToRest(index)
    const editedMs = nowMs()
    writeFileSync(join(folder, '.new'), text)
    renameSync(join(folder, '.new'), join(folder, fileOf(index)))
    return (await this.#poller.until(addressOf(this.#workload, index), hasStamp(stamp))) - editedMs
  }

  /** What edits cost both processes while there is no traffic. */
  async cost(count: number): Promise<EditCost> {
    await this.subject.send({ kind: 'edits', indexes: this.#indexes(WARM_UP_EDITS), stamp: 'warm' })
    await delay(200)
    const indexes = this.#indexes(count)
    const cpuBefore = cpuMsOf(this.envoyPid)
    const reply = await this.subject.send({ kind: 'edits', indexes, stamp: `cost-${this.#turn}` })
    await delay(50)
    const envoyCpuMs = (cpuMsOf(this.envoyPid) - cpuBefore) / count
    return {
      controlPlaneCpuMs: round(reply.cpuMs / count),
      envoyCpuMs: round(envoyCpuMs),
      bytes: Math.round(reply.sentBytes / count),
      ackedMs: spreadOf(reply.ackedMs),
    }
  }

  /** From a changed EndpointSlice until Envoy has acknowledged the endpoints. */
  async endpoints(count: number): Promise<Spread> {
    const kind = 'endpoints'
    await this.subject.send({ kind, indexes: this.#indexes(WARM_UP_EDITS) })
    const { ackedMs } = await this.subject.send({ kind, indexes: this.#indexes(count) })
    return spreadOf(ackedMs)
  }

  /** From the last of many edits without a pause until that last one is served. */
  async burst(count: number): Promise<number> {
    const indexes = this.#indexes(count)
    const last = indexes.at(-1) ?? 0
    const stamp = `burst-${this.#turn}`
    const reply = this.subject.send({ kind: 'burst', indexes, stamp })
    const servedMs = await this.#poller.until(addressOf(this.#workload, last), hasStamp(stamp))
    return round(servedMs - (await reply).injectedMs)
  }

  /** CPU time of Envoy for one request, in microseconds, of many on one connection. */
  async requestMicros(count: number): Promise<number> {
    const at = addressOf(this.#workload, 0)
    for (let turn = 0; turn < count / 10; turn++) await this.#poller.get(at)
    const before = cpuMsOf(this.envoyPid)
    for (let turn = 0; turn < count; turn++) await this.#poller.get(at)
    return round(((cpuMsOf(this.envoyPid) - before) / count) * MICROS_PER_MS)
  }

  async stop(): Promise<void> {
    this.#poller.close()
    await this.subject.stop()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Asked before, so that no edit is charged with the first connection to a Service. */
  async #comeToRest(index: number): Promise<void> {
    await this.#poller.get(addressOf(this.#workload, index))
    await delay(REST_MS)
  }

  /** Numbers of routes, spread over all of them and always others. */
  #indexes(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.#nextIndex())
  }

  #nextIndex(): number {
    return (this.#turn++ * 7919 + 13) % this.#count
  }
}

/**
 * Times several things in turns, so that what else the machine does meets all of them. The first rounds do not count:
 * code is compiled in them.
 */
export async function timeInTurns(
  kinds: readonly (() => Promise<number>)[],
  count: number,
): Promise<readonly Spread[]> {
  const samples = kinds.map(() => [] as number[])
  for (let round = 0; round < WARM_UP_EDITS + count; round++) {
    for (const [kind, time] of kinds.entries()) {
      const latencyMs = await time()
      if (round >= WARM_UP_EDITS) samples[kind]?.push(latencyMs)
    }
  }
  return samples.map(spreadOf)
}

/** Waits for the last host, then for a sample of all. */
async function allServed(poller: Poller, workload: WorkloadOptions, count: number): Promise<void> {
  const step = Math.max(1, Math.floor(count / SAMPLED_HOSTS))
  for (let index = count - 1; index >= 0; index -= step) {
    await poller.until(addressOf(workload, index), ({ status }) => status === 200, whileStarting)
  }
}

/** A folder with one file for each number. */
function writeFolder(workload: WorkloadOptions, count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-files-'))
  writeFileSync(join(folder, 'gateway.yaml'), toYaml(gatewayManifests(workload)))
  for (let index = 0; index < count; index++) {
    writeFileSync(join(folder, fileOf(index)), toYaml(hostManifests(workload, index)))
  }
  return folder
}

function fileOf(index: number): string {
  return `host-${index}.yaml`
}

function toYaml(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest)).join('---\n')
}
