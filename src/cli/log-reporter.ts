/** What `up` logs where no person watches: one event per line. */
import type { EnvoyChange } from '../infra/local-envoy.ts'
import type { Logger } from '../lib/logger.ts'
import { describeObject } from '../lib/object-ref.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import { type AppliedChange, type Reporter, type StartFacts, type StatusReport, worthShowing } from './reporter.ts'

/** Turns reports into log events with their facts as fields. */
export class LogReporter implements Reporter {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  started({ gateways, admin, xds, sampleBackends, tries, readyInMs }: StartFacts): void {
    this.#logger.info({ gateways, admin, xds, sampleBackends, tries, ms: readyInMs }, 'serving')
  }

  statuses(reports: readonly StatusReport[]): void {
    this.#logger.info(
      { objects: reports.length, bad: reports.filter(({ problems }) => problems.length > 0).length },
      'statuses',
    )
    for (const report of worthShowing(reports)) this.status(describeObject(report.ref), report)
  }

  applied({ files, changed, deleted, resources, servedInMs }: AppliedChange): void {
    const facts = { changed: changed.map(describeObject), deleted: deleted.map(describeObject) }
    this.#logger.info({ files, ...facts, resources: Object.fromEntries(resources), ms: servedInMs }, 'files changed')
  }

  problem({ severity, file, line, column, field, reason, message, remedy }: Diagnostic): void {
    const level = severity === 'error' ? 'warn' : 'info'
    const facts = { file, line, column, field, reason, problem: message, remedy }
    this.#logger[level](facts, 'problem in a file')
  }

  solved(): void {
    this.#logger.info('all files are valid again')
  }

  status(name: string, report: StatusReport | undefined): void {
    const level = report?.verdict === 'PROBLEM' ? 'warn' : 'info'
    const facts = report && { verdict: report.verdict, summary: report.summary, problems: report.problems }
    this.#logger[level]({ object: name, ...facts, place: report?.place }, report ? 'status' : 'status gone')
  }

  envoy(gateway: string, change: EnvoyChange): void {
    const { kind, ...facts } = change
    this.#logger[kind === 'started' ? 'info' : 'warn']({ gateway, ...facts }, `envoy ${kind}`)
  }

  stopping(): void {
    this.#logger.info('stopping')
  }
}
