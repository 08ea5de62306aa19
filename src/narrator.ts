/** Watches a running control plane and tells a reporter what a person should know, each thing once. */
import { basename } from 'node:path'
import { type OpenNotice, openNotices } from './cli/findings.ts'
import type { GatewayFacts, Reporter, StatusReport } from './cli/reporter.ts'
import type { SampleBackends } from './cli/sample-backends.ts'
import { reportStatus } from './cli/status-report.ts'
import type { Translation } from './cli/translation.ts'
import { commandsToTry } from './cli/tries.ts'
import type { Deliverer } from './deliverer.ts'
import type { XdsType } from './envoy/types.ts'
import type { Change } from './graph/collection.ts'
import type { LocalFleet } from './infra/local-fleet.ts'
import { structuralEqual } from './lib/equal.ts'
import { formatHostPort } from './lib/host-port.ts'
import { compareStrings } from './lib/sorted.ts'
import type { DesiredStatus } from './translate/contract.ts'
import { compareDiagnostics } from './watch/diagnostic.ts'
import type { FileChange } from './watch/file-source.ts'

/** What the narrator looks at and whom it tells. */
export interface NarratorParts {
  readonly translation: Translation
  readonly deliverer: Deliverer
  readonly fleet: LocalFleet | undefined
  readonly backends: SampleBackends | undefined
  readonly reporter: Reporter
  readonly address: { readonly admin: string; readonly xds: string }
  /** For `curl --cacert`. */
  readonly certificate: string | undefined
  readonly startedAtMs: number
}

/** The first configuration is told after this time even when no proxy has it. */
const firstServedWithinMs = 15_000
const editServedWithinMs = 10_000
/** Statuses are told when they have not changed for so long: a status that only passes by is no news. */
const statusRestMs = 150

const words: Readonly<Record<XdsType, string>> = {
  listener: 'listener',
  'scoped-route': 'scope',
  route: 'route table',
  cluster: 'cluster',
  endpoint: 'endpoint set',
  secret: 'secret',
}

/** Told of what changes; tells a reporter once it is served, or has not been for too long. */
export class Narrator {
  readonly #parts: NarratorParts
  readonly #told = new Map<string, StatusReport>()
  readonly #touched = new Set<string>()
  #problems: ReadonlyMap<string, OpenNotice> = new Map()
  #hasBegun = false
  #hasEnded = false
  #statusTimer: NodeJS.Timeout | undefined

  constructor(parts: NarratorParts) {
    this.#parts = parts
  }

  /** Tells what listens and the status of everything, once it is served. */
  async begin(): Promise<void> {
    const { deliverer, translation, reporter } = this.#parts
    if (this.#parts.fleet !== undefined) {
      await deliverer.until(() => deliverer.notReady() === undefined, firstServedWithinMs)
    }
    await translation.graph.idle()
    if (this.#hasEnded) return
    deliverer.takeChanged()
    reporter.started(this.#startFacts())
    const reports = [...translation.outputs.statuses.keys()]
      .sort(compareStrings)
      .flatMap((key) => this.#report(key) ?? [])
    for (const report of reports) this.#told.set(nameOf(report), report)
    reporter.statuses(reports)
    this.#hasBegun = true
    this.#tellProblems()
  }

  /** Nothing is told any more. */
  end(): void {
    this.#hasEnded = true
    clearTimeout(this.#statusTimer)
  }

  /** An edit was read. */
  filesChanged(change: FileChange, files: readonly string[]): void {
    if (!this.#hasBegun || this.#hasEnded) return
    const startedAtMs = performance.now()
    if (change.upserts.length === 0 && change.deletes.length === 0) this.#tellProblems()
    else this.#tellApplied(change, files, startedAtMs).catch(() => {}) // A failed tick is told by the graph itself.
  }

  /** Statuses changed in an epoch. */
  statusesChanged(changes: ReadonlyMap<string, Change<DesiredStatus>>): void {
    for (const key of changes.keys()) this.#touched.add(key)
    if (!this.#hasBegun || this.#hasEnded || this.#touched.size === 0) return
    clearTimeout(this.#statusTimer)
    this.#statusTimer = setTimeout(() => this.#tellStatuses(), statusRestMs)
  }

  async #tellApplied({ upserts, deletes }: FileChange, files: readonly string[], startedAtMs: number): Promise<void> {
    const { translation, deliverer, reporter } = this.#parts
    await translation.graph.idle()
    const changed = deliverer.takeChanged()
    const isServed = changed.size > 0 && (await deliverer.until(() => deliverer.isDelivered(), editServedWithinMs))
    if (this.#hasEnded) return
    this.#tellProblems()
    reporter.applied({
      files,
      changed: upserts.map(({ ref }) => ref),
      deleted: deletes,
      resources: new Map([...changed].map(([type, count]) => [words[type], count])),
      servedInMs: isServed ? Math.round(performance.now() - startedAtMs) : undefined,
    })
  }

  #tellStatuses(): void {
    const keys = [...this.#touched].sort(compareStrings)
    this.#touched.clear()
    for (const key of keys) {
      const report = this.#report(key)
      const name = report === undefined ? describeKey(key) : nameOf(report)
      if (isSameNews(report, this.#told.get(name))) continue
      if (report === undefined) this.#told.delete(name)
      else this.#told.set(name, report)
      this.#parts.reporter.status(name, report)
    }
    this.#tellProblems()
  }

  #tellProblems(): void {
    const { translation, reporter } = this.#parts
    const now = openNotices(translation)
    const hadErrors = hasErrors(this.#problems)
    const news = [...now].flatMap(([key, notice]) => (this.#problems.has(key) ? [] : [notice.locate()]))
    for (const problem of news.sort(compareDiagnostics)) reporter.problem(problem)
    this.#problems = now
    if (hadErrors && !hasErrors(now)) reporter.solved()
  }

  #report(key: string): StatusReport | undefined {
    const { outputs, objects } = this.#parts.translation
    const status = outputs.statuses.get(key)
    return status === undefined ? undefined : reportStatus(status, objects.get(key))
  }

  #startFacts() {
    const { backends, address, certificate, startedAtMs, translation } = this.#parts
    const gateways = this.#gateways()
    const routes = [...translation.sources.httpRoutes.entries()].map(([, route]) => route)
    return {
      ...address,
      gateways,
      sampleBackends: backends?.places ?? [],
      tries: commandsToTry({ gateways, routes, certificate }),
      readyInMs: Math.round(performance.now() - startedAtMs),
    }
  }

  #gateways(): readonly GatewayFacts[] {
    const { translation, fleet } = this.#parts
    const members = new Map(fleet?.members.map((member) => [member.gateway, member]))
    const infra = [...translation.outputs.infra.entries()].sort(([a], [b]) => compareStrings(a, b))
    return infra.map(([key, { gateway, addresses, ports }]) => {
      const listeners = translation.sources.gateways.get(key)?.spec.listeners ?? []
      const host = addresses[0] ?? '127.0.0.1'
      const urls = listeners
        .filter(({ port }) => ports.some((bound) => bound.port === port))
        .map(({ protocol, port }) => `${protocol === 'HTTPS' ? 'https' : 'http'}://${formatHostPort(host, port)}`)
      const adminPort = members.get(gateway)?.adminPort
      const envoyAdmin = adminPort === undefined ? undefined : `http://127.0.0.1:${adminPort}`
      return { gateway, urls: [...new Set(urls)], envoyAdmin }
    })
  }
}

/** Counts of attached routes change with every edit; only what a status says of its own object is news. */
function isSameNews(a: StatusReport | undefined, b: StatusReport | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.verdict === b.verdict && structuralEqual(a.problems, b.problems)
}

function hasErrors(problems: ReadonlyMap<string, OpenNotice>): boolean {
  return [...problems.values()].some(({ severity }) => severity === 'error')
}

function nameOf({ ref }: StatusReport): string {
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`
}

/** `HTTPRoute/shop/orders` -> `HTTPRoute shop/orders`. */
function describeKey(key: string): string {
  const [kind = '', namespace = '', name = basename(key)] = key.split('/')
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
