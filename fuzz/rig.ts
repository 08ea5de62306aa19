/** The whole product for object sets: both platforms in this process, one of them in front of a real Envoy. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isRecord } from '../src/api/compile.ts'
import type { KubernetesObject } from '../src/api/kinds.ts'
import { parseObject } from '../src/api/parse.ts'
import { checkRules } from '../src/api/rules.ts'
import { type Assembly, assemble } from '../src/cli/assembly.ts'
import { Deliverer } from '../src/deliverer.ts'
import { must } from '../src/lib/assert.ts'
import { silentLogger } from '../src/lib/logger.ts'
import { createMetrics } from '../src/lib/metrics.ts'
import { testCertificate } from '../src/testing/certificates.ts'
import { freePorts } from '../src/testing/emit-rig.ts'
import { mustParse } from '../src/testing/pipeline-rig.ts'
import type { TranslateSettings } from '../src/translate/contract.ts'
import type { Finding, ObjectSet, Step } from './finding.ts'
import { bytesOf, differences, judgeHistory } from './outputs.ts'
import { judgeOutputs, settingsOf } from './plane.ts'
import { type FuzzedProxy, startProxy, type Tamper } from './proxy.ts'
import { askSentinels, Backend, type PortMap, portMap, probe, withPorts } from './traffic.ts'
import { asServed, baseObjects, type Fields, isShared, keyOf, setPorts } from './world.ts'

/** What one set came to. */
export interface Outcome {
  readonly findings: readonly Finding[]
  /** Objects that were let in, and those that parsing refused. */
  readonly entered: number
  readonly refused: number
  readonly ms: number
}

export type PlatformName = TranslateSettings['platform']['kind']

/** How long a proxy may take for one set. Waiting for a cluster that does not get warm is shorter. */
const settleWithinMs = 30_000

export interface RigOptions {
  /** How often what is left after a set is compared with a translation from nothing. Default: after each tenth. */
  readonly historyEvery?: number | undefined
  readonly tamper?: Tamper | undefined
}

/** Control planes, Envoy and backend that stand while sets come and go. Stop it before the process ends. */
export class FuzzRig {
  readonly #assembly: Assembly
  /** The other platform, without proxies. */
  readonly #other: Assembly
  readonly #settings: TranslateSettings
  readonly #otherSettings: TranslateSettings
  readonly #deliverer: Deliverer
  readonly #ports: PortMap
  readonly #backend: Backend
  readonly #thrown: string[] = []
  readonly #present = new Map<string, KubernetesObject>()
  readonly #base: ReadonlyMap<string, KubernetesObject>
  /** Many sets have the same objects of the stage: they are then the very same, and no change. */
  readonly #parsed = new WeakMap<Fields, KubernetesObject>()
  #proxy: FuzzedProxy | undefined
  /** Of the base alone. */
  #baseBytes: ReadonlyMap<string, string> = new Map()
  #readLog = ''
  #historyEvery = 10
  #count = 0

  private constructor(platform: PlatformName, ports: PortMap, backend: Backend) {
    this.#ports = ports
    this.#backend = backend
    this.#settings = settingsOf[platform]
    this.#otherSettings = settingsOf[platform === 'standalone' ? 'kubernetes' : 'standalone']
    const onError = (collection: string, key: string, error: unknown) => this.#note(`${collection} ${key}`, error)
    process.on('uncaughtException', this.#uncaught)
    this.#assembly = assemble(this.#settings, { onError })
    this.#other = assemble(this.#otherSettings, { onError, schedule: () => {} })
    this.#deliverer = new Deliverer(this.#assembly, { logger: silentLogger(), metrics: createMetrics() })
    const objects = baseObjects(testCertificate()).map((raw) => mustParse(asStored(raw, ports)))
    this.#base = new Map(objects.map((object) => [keyOf(object), object]))
  }

  readonly #uncaught = (error: unknown) => this.#note('uncaught', error)

  #note(what: string, error: unknown): void {
    this.#thrown.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }

  /** Starts everything and waits until the sentinels are served. */
  static async start(platform: PlatformName, options: RigOptions = {}): Promise<FuzzRig> {
    const backend = await Backend.start()
    const rig = new FuzzRig(platform, portMap(await freePorts(7), backend.port), backend)
    rig.#historyEvery = options.historyEvery ?? 10
    for (const object of rig.#base.values()) rig.#set(object)
    rig.#other.graph.flush()
    await rig.#assembly.graph.idle()
    rig.#deliverer.markSynced()
    const { port } = await rig.#deliverer.server.listen('127.0.0.1:0')
    rig.#proxy = await startProxy(port, options.tamper)
    const findings = [...(await rig.#settle()), ...(await askSentinels(rig.#ports, { retryForMs: 10_000 }))]
    if (findings.length > 0) {
      const log = rig.log
      await rig.stop()
      throw new Error(`the base is not served: ${JSON.stringify(findings)}\n${log}`)
    }
    rig.#baseBytes = bytesOf(rig.#assembly.outputs)
    return rig
  }

  /** Puts the set in the place of the one before and says what came of it. */
  async apply(set: ObjectSet): Promise<Outcome> {
    const startedMs = performance.now()
    this.#count += 1
    this.#thrown.length = 0
    let entered = 0
    let refused = 0
    this.#removeAll()
    for (const step of set.steps) {
      if (step.do === 'tick') await this.#tick()
      else if (step.do === 'delete') this.#delete(step)
      else if (this.#enter(step.object)) entered += 1
      else refused += 1
    }
    const findings = await this.#settle()
    if (findings.length === 0) findings.push(...(await this.#judge(set)))
    findings.push(...this.#thrown.map((message): Finding => ({ kind: 'throw', message })))
    return { findings, entered, refused, ms: performance.now() - startedMs }
  }

  /** Process id of Envoy. */
  get pid(): number {
    return must(this.#proxy, 'a rig has a proxy once it is started').pid
  }

  /** What Envoy wrote last. */
  get log(): string {
    return this.#proxy?.log() ?? ''
  }

  /** Resident memory, in MiB. */
  get memory(): { readonly envoy: number; readonly self: number } {
    return { envoy: this.#proxy?.rssMib() ?? 0, self: Math.round(process.memoryUsage().rss / 1024 / 1024) }
  }

  /** Ends what was started. */
  async stop(): Promise<void> {
    await this.#proxy?.stop()
    await this.#deliverer.server.close()
    this.#backend.stop()
    process.off('uncaughtException', this.#uncaught)
  }

  #removeAll(): void {
    for (const object of this.#present.values()) {
      if (this.#base.has(keyOf(object))) continue
      const { kind, metadata } = object
      this.#delete({ do: 'delete', kind, namespace: metadata.namespace, name: metadata.name })
    }
    for (const object of this.#base.values()) this.#set(object)
  }

  /** False when parsing refuses the object. */
  #enter(raw: Fields): boolean {
    const object = this.#parsed.get(raw) ?? this.#parse(raw)
    if (object === undefined) return false
    this.#parsed.set(raw, object)
    if (this.#base.has(keyOf(object)) && keyOf(object) !== servedKey) return false
    this.#set(object)
    return true
  }

  #parse(raw: Fields): KubernetesObject | undefined {
    try {
      const stored = asStored(isServed(raw) ? asServed(raw) : raw, this.#ports)
      const parsed = parseObject(stored, { channel: 'experimental', checkRules })
      return parsed.ok ? parsed.value : undefined
    } catch (error) {
      this.#note('parsing', error)
      return undefined
    }
  }

  #set(object: KubernetesObject): void {
    this.#present.set(keyOf(object), object)
    this.#assembly.set(object)
    this.#other.set(object)
  }

  #delete({ kind, namespace, name }: Extract<Step, { readonly do: 'delete' }>): void {
    const key = `${kind}/${namespace}/${name}`
    if (this.#base.has(key)) return
    this.#present.delete(key)
    this.#assembly.delete({ kind, namespace, name })
    this.#other.delete({ kind, namespace, name })
  }

  async #tick(): Promise<void> {
    this.#other.graph.flush()
    await this.#assembly.graph.idle()
  }

  /** Everything that is to be sent was sent and answered. */
  async #settle(): Promise<Finding[]> {
    await this.#tick()
    await nextTurn()
    const { server } = this.#deliverer
    const isSettled = () => {
      const proxies = server.proxies()
      return proxies.length === 1 && proxies.every(({ synced, types }) => synced && types.every(isAnswered))
    }
    const isDone = () => this.#proxy?.ended() !== undefined || this.#thrown.length > 0 || isSettled()
    const isInTime = await Promise.race([this.#deliverer.until(isDone, settleWithinMs), this.#proxy?.exited])
    await this.#assembly.graph.idle()
    const end = this.#proxy?.ended()
    if (end !== undefined) return [{ kind: 'crash', message: `Envoy ended with ${end}` }]
    if (isInTime !== false) return []
    return [{ kind: 'stuck', message: JSON.stringify(server.proxies()) }]
  }

  async #judge(set: ObjectSet): Promise<readonly Finding[]> {
    const refusals = [...this.#assembly.refusals.entries()].map(
      ([key, { message }]): Finding => ({ kind: 'refusal', message: `${key}: ${message}` }),
    )
    await probe(set, this.#ports)
    const end = this.#proxy?.ended()
    if (end !== undefined) return [{ kind: 'crash', message: `Envoy ended with ${end} under requests` }]
    return [
      ...refusals,
      ...this.#logged(),
      ...(await askSentinels(this.#ports)),
      ...this.#siblings(),
      ...judgeOutputs(this.#assembly.outputs, this.#settings),
      ...judgeOutputs(this.#other.outputs, this.#otherSettings),
      ...this.#history(),
    ]
  }

  /** Errors that Envoy wrote since the last look. A refusal is a warning. */
  #logged(): readonly Finding[] {
    const log = this.log
    const fresh = log.startsWith(this.#readLog) ? log.slice(this.#readLog.length) : log
    this.#readLog = log
    const errors = fresh.split('\n').filter((line) => /\]\[(?:error|critical)\]/.test(line))
    return errors.map((message) => ({ kind: 'log', message }))
  }

  /** Resources of the base that have other bytes than without any set. */
  #siblings(): readonly Finding[] {
    const isTuned = [...this.#present.values()].some(({ kind }) => kind === 'GatewayParameters' || kind === 'ConfigMap')
    const now = bytesOf(this.#assembly.outputs)
    const shared = { shared: this.#ports.real(setPorts.shared), safeTls: this.#ports.real(setPorts.safeTls) }
    return [...this.#baseBytes].flatMap(([key, bytes]): readonly Finding[] => {
      const resource = this.#assembly.outputs.resources.get(key)?.resource
      const mayDiffer =
        resource !== undefined && (isShared(resource, shared) || (isTuned && resource.type === 'cluster'))
      return mayDiffer || now.get(key) === bytes ? [] : [{ kind: 'sibling', message: `${key} changed` }]
    })
  }

  #history(): readonly Finding[] {
    if (this.#count % this.#historyEvery !== 0) return []
    const objects = [...this.#present.values()]
    return [
      ...judgeHistory(this.#assembly, { settings: this.#settings, hasProxies: true }, objects),
      ...judgeHistory(this.#other, { settings: this.#otherSettings, hasProxies: false }, objects),
    ]
  }

  /** Takes the set away and says what it left behind. */
  async clear(): Promise<readonly Finding[]> {
    const { findings } = await this.apply({ id: 'none', steps: [] })
    const left = differences(this.#baseBytes, bytesOf(this.#assembly.outputs))
    return [...findings, ...left.map((message): Finding => ({ kind: 'history', message: `left behind: ${message}` }))]
  }
}

const servedKey = 'Gateway/default/gw'

/** Whether it is the Gateway that the proxy serves. */
function isServed({ kind, metadata }: Fields): boolean {
  const { name, namespace } = isRecord(metadata) ? metadata : {}
  return `${kind}/${namespace || 'default'}/${name}` === servedKey
}

/** As an API server hands it out: an object of a cluster has a uid. */
function asStored(raw: Fields, ports: PortMap): Fields {
  const metadata: unknown = raw.metadata
  if (!isRecord(metadata)) return withPorts(raw, ports)
  return { ...withPorts(raw, ports), metadata: { uid: '6f5902ac-0d2b-4d5e-8f4a-2b9f1a3c7e10', ...metadata } }
}

function isAnswered({
  pending,
  sent,
  acked,
  nacked,
}: Readonly<Record<'pending' | 'sent' | 'acked' | 'nacked', number>>) {
  return pending === 0 && sent === acked + nacked
}
