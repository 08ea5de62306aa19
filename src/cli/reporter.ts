import type { EnvoyChange } from '../infra/local-envoy.ts'
import type { ObjectRef } from '../lib/object-ref.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import type { BadCondition } from './findings.ts'

/** What a person who started `up` wants to know. All of it is told in order; nothing of it is secret. */
export interface Reporter {
  /** Everything listens; statuses follow. */
  started(facts: StartFacts): void
  /** The status of every object, once the first configuration is served or has failed to be. */
  statuses(reports: readonly StatusReport[]): void
  /** The files changed and something came of it. */
  applied(change: AppliedChange): void
  /** A problem of the files that was not there before. */
  problem(diagnostic: Diagnostic): void
  /** All problems of the files are solved. */
  solved(): void
  /** The status of an object changed after the start; `report` is undefined when the object is gone. */
  status(name: string, report: StatusReport | undefined): void
  /** A proxy started or ended. */
  envoy(gateway: string, change: EnvoyChange): void
  stopping(): void
}

/** What listens where. */
export interface StartFacts {
  readonly gateways: readonly GatewayFacts[]
  readonly admin: string
  readonly xds: string
  readonly sampleBackends: readonly string[]
  /** Commands to try. */
  readonly tries: readonly string[]
  readonly readyInMs: number
}

/** One Gateway. */
export interface GatewayFacts {
  /** `<namespace>/<name>`. */
  readonly gateway: string
  readonly urls: readonly string[]
  readonly envoyAdmin: string | undefined
}

/** The status of one object in words. */
export interface StatusReport {
  readonly ref: ObjectRef
  /** `programmed`, `accepted`, `waiting` or `PROBLEM`. */
  readonly verdict: string
  readonly summary: string
  readonly problems: readonly BadCondition[]
  /** `file:line`, where there are problems. */
  readonly place?: string | undefined
}

const shownAtMost = 40

/** All reports of a small configuration; of a large one those with problems, up to a screenful. */
export function worthShowing(reports: readonly StatusReport[]): readonly StatusReport[] {
  if (reports.length <= shownAtMost) return reports
  return reports.filter(({ problems }) => problems.length > 0).slice(0, shownAtMost)
}

/** One edit, from the files to the proxies. */
export interface AppliedChange {
  readonly files: readonly string[]
  readonly changed: readonly ObjectRef[]
  readonly deleted: readonly ObjectRef[]
  /** Envoy resources that came, changed or went, by word: `scope`, `cluster`. */
  readonly resources: ReadonlyMap<string, number>
  /** From reading the edit until every proxy had acknowledged it; undefined when one did not in time, or nothing was sent. */
  readonly servedInMs: number | undefined
}
