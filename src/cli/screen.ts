/** What `up` prints for a person at a terminal. */
import { styleText } from 'node:util'
import type { EnvoyChange } from '../infra/local-envoy.ts'
import { describeObject, type ObjectRef } from '../lib/object-ref.ts'
import type { Diagnostic } from '../watch/diagnostic.ts'
import { splitMessage } from './findings.ts'
import { type AppliedChange, type Reporter, type StartFacts, type StatusReport, worthShowing } from './reporter.ts'
import { count } from './validate.ts'

type Style = Parameters<typeof styleText>[0]

/** Prints lines; what was quiet before stays quiet. */
export class Screen implements Reporter {
  readonly #write: (text: string) => void
  readonly #colour: boolean

  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write
    this.#colour = colour
  }

  started(facts: StartFacts): void {
    const rows = [
      ...facts.gateways.flatMap(({ gateway, urls, envoyAdmin }) => [
        ...urls.map((url) => [`Gateway ${gateway}`, url]),
        ...(envoyAdmin === undefined ? [] : [['  its Envoy', envoyAdmin]]),
      ]),
      ...facts.sampleBackends.map((place) => ['sample backend', place]),
      ['admin', `${facts.admin}/debug  (also /readyz, /metrics)`],
      ['xDS', facts.xds],
    ]
    this.#line('')
    this.#line(this.#paint('bold', `Fairlead serves (ready in ${facts.readyInMs} ms)`))
    for (const row of table(rows)) this.#line(`  ${row}`)
    if (facts.tries.length === 0) return
    this.#line('')
    this.#line(this.#paint('bold', 'Try'))
    for (const command of facts.tries) this.#line(`  ${command}`)
  }

  statuses(reports: readonly StatusReport[]): void {
    this.#line('')
    this.#line(this.#paint('bold', 'Status'))
    const shown = worthShowing(reports)
    const rows = table(shown.map(({ ref, verdict, summary }) => [describeObject(ref), verdict, summary]))
    shown.forEach((report, index) => {
      this.#line(`  ${this.#tint(report, rows[index] ?? '')}`)
      this.#problems(report)
    })
    const bad = reports.filter(({ problems }) => problems.length > 0).length
    if (shown.length < reports.length) {
      this.#line(
        `  ${count(reports.length, 'object')}, ${bad} with problems; /debug/status of the admin address has all`,
      )
    }
    if (reports.length === 0) this.#line('  no object has a status: is there a GatewayClass with our controllerName?')
    this.#line('')
    this.#line('Edit the files and it follows; Ctrl-C stops it.')
  }

  applied({ files, changed, deleted, resources, servedInMs }: AppliedChange): void {
    const what = [...named(changed, ''), ...named(deleted, 'deleted ')].join(', ')
    const sent = [...resources].map(([word, number]) => count(number, word)).join(', ')
    const served = servedInMs === undefined ? 'not taken by every proxy yet' : `served in ${servedInMs} ms`
    const outcome = resources.size === 0 ? 'nothing to send' : `${sent}, ${served}`
    this.#line(`${this.#time()} ${files.join(', ')} changed: ${what}; ${outcome}`)
  }

  problem({ file, line, column, severity, field, message, remedy }: Diagnostic): void {
    const style = severity === 'error' ? 'red' : 'yellow'
    const where = field === undefined || field === '' ? '' : `${field}: `
    this.#line(`${this.#time()} ${this.#paint(style, `${file}:${line}:${column}`)}: ${where}${message}`)
    if (remedy !== undefined) this.#line(`  ${remedy}`)
  }

  solved(): void {
    this.#line(`${this.#time()} ${this.#paint('green', 'all files are valid again')}`)
  }

  status(name: string, report: StatusReport | undefined): void {
    if (report === undefined) {
      this.#line(`${this.#time()} ${name}: gone`)
      return
    }
    const detail = report.summary === '' ? '' : `, ${report.summary}`
    this.#line(`${this.#time()} ${this.#tint(report, `${name}: ${report.verdict}${detail}`)}`)
    this.#problems(report)
  }

  envoy(gateway: string, change: EnvoyChange): void {
    if (change.kind === 'started') return
    const why = change.reason === undefined ? '' : `: ${change.reason}`
    const text = `Envoy of ${gateway} ended (${change.how})${why}; it starts again in ${change.restartInMs} ms`
    this.#line(`${this.#time()} ${this.#paint('red', text)}`)
  }

  stopping(): void {
    this.#line('')
    this.#line('stopping')
  }

  #problems({ problems, place }: StatusReport): void {
    for (const { type, reason, message, field } of problems) {
      for (const line of message.split('\n')) {
        const split = splitMessage(line)
        const where = split.field ?? field
        this.#line(
          `      ${reason === type ? type : `${type}: ${reason}`}: ${where === '' ? '' : `${where}: `}${split.message}`,
        )
      }
    }
    if (problems.length > 0 && place !== undefined) this.#line(`      see ${place}`)
  }

  #tint({ verdict }: StatusReport, text: string): string {
    return verdict === 'PROBLEM' ? this.#paint('red', text) : verdict === 'waiting' ? this.#paint('yellow', text) : text
  }

  #time(): string {
    return this.#paint('gray', new Date().toTimeString().slice(0, 8))
  }

  #line(text: string): void {
    this.#write(`${text.trimEnd()}\n`)
  }

  #paint(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text
  }
}

const namedAtMost = 3

function named(refs: readonly ObjectRef[], prefix: string): readonly string[] {
  if (refs.length > namedAtMost) return [`${prefix}${count(refs.length, 'object')}`]
  return refs.map((ref) => `${prefix}${describeObject(ref)}`)
}

const widestColumn = 60

/** Rows as lines, with every column but the last as wide as its widest cell; one very long cell moves its own row only. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widthOf = (cell: string) => (cell.length > widestColumn ? 0 : cell.length)
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, widthOf(cell))),
    [],
  )
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
