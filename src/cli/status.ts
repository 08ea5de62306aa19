/** `fairlead status` and `fairlead wait`: every object with its conditions in words, once or until all is well. */
import { describeObject } from '../lib/object-ref.ts'
import { ok, type Result } from '../lib/result.ts'
import { splitMessage } from './findings.ts'
import { exitCodes, type StatusFlags, type Terminal, type WaitFlags } from './flags.ts'
import type { StatusReport } from './reporter.ts'
import { table } from './screen.ts'
import { readStatuses, type StatusSnapshot } from './status-source.ts'
import { count } from './validate.ts'

/** Milliseconds between two looks at what is followed. */
const followEveryMs = 1_000

/** Prints the status of every object that `objects` names, of all when it names none. */
export async function runStatus(
  flags: StatusFlags,
  objects: readonly string[],
  terminal: Terminal,
  controllerName: string,
): Promise<number> {
  if (flags.output !== 'text' && flags.output !== 'json') {
    terminal.err(`--output: "${flags.output}" is unknown; use text or json\n`)
    return exitCodes.usage
  }
  let shown: string | undefined
  for (;;) {
    const snapshot = select(await readStatuses(flags, controllerName), objects)
    const text = snapshot.ok ? print(snapshot.value, flags.output) : `${snapshot.error}\n`
    const write = snapshot.ok ? terminal.out : terminal.err
    if (text !== shown) write(shown === undefined ? text : `\n${text}`)
    shown = text
    if (!flags.watch) return snapshot.ok && isGood(snapshot.value) ? exitCodes.ok : exitCodes.failed
    await pause(followEveryMs)
  }
}

/** Waits until every object named, or every object there is, has nothing to complain about. */
export async function runWait(
  flags: WaitFlags,
  objects: readonly string[],
  terminal: Terminal,
  controllerName: string,
): Promise<number> {
  const seconds = Number(flags.timeout)
  if (!(seconds > 0)) {
    terminal.err(`--timeout: "${flags.timeout}" is not a number of seconds\n`)
    return exitCodes.usage
  }
  const endMs = performance.now() + seconds * 1000
  for (;;) {
    const snapshot = select(await readStatuses(flags, controllerName), objects)
    if (snapshot.ok && isGood(snapshot.value)) return exitCodes.ok
    if (performance.now() >= endMs) {
      terminal.err(snapshot.ok ? describeSnapshot(snapshot.value) : `${snapshot.error}\n`)
      terminal.err(`not everything is well after ${count(seconds, 'second')}\n`)
      return exitCodes.failed
    }
    await pause(Math.min(followEveryMs, Math.max(1, endMs - performance.now())))
  }
}

/** Those named as `kind/namespace/name`, `kind/name` or `namespace/name`, whatever the case of the kind. */
function select(snapshot: Result<StatusSnapshot, string>, objects: readonly string[]): Result<StatusSnapshot, string> {
  if (!snapshot.ok || objects.length === 0) return snapshot
  const missing: string[] = []
  const reports = objects.flatMap((named) => {
    const found = snapshot.value.reports.filter(({ ref }) => isNamed(ref, named))
    if (found.length === 0) missing.push(`${named} has no status: it does not exist, or nothing of it is ours to serve`)
    return found
  })
  return ok({ ...snapshot.value, reports: [...new Set(reports)], input: [...snapshot.value.input, ...missing] })
}

function isNamed({ kind, namespace, name }: StatusReport['ref'], named: string): boolean {
  const [first = '', ...rest] = named.split('/')
  const whole = namespace === '' ? name : `${namespace}/${name}`
  return whole === named || (kind.toLowerCase() === first.toLowerCase() && [whole, name].includes(rest.join('/')))
}

function isGood({ reports, input }: StatusSnapshot): boolean {
  return input.length === 0 && reports.length > 0 && reports.every(({ problems }) => problems.length === 0)
}

function print(snapshot: StatusSnapshot, output: string): string {
  return output === 'json' ? `${JSON.stringify(snapshot, undefined, 2)}\n` : describeSnapshot(snapshot)
}

function describeSnapshot(snapshot: StatusSnapshot): string {
  const { reports, input, warnings } = snapshot
  const rows = table(reports.map(({ ref, verdict, summary }) => [describeObject(ref), verdict, summary]))
  const told = reports.flatMap((report, index) => [rows[index] ?? '', ...problemLines(report)])
  const lines = [...input, ...told, ...warnings]
  if (reports.length === 0) {
    lines.push('no object has a status; is there a GatewayClass with controllerName fairlead.dev/gateway-controller?')
  }
  const first = firstStep(snapshot)
  if (first !== undefined) lines.push('', `First: ${first}`)
  return lines.map((line) => `${line}\n`).join('')
}

function problemLines({ problems, place }: StatusReport): readonly string[] {
  const lines = problems.flatMap(({ type, reason, message, field }) =>
    message.split('\n').map((line) => {
      const split = splitMessage(line)
      const where = split.field ?? field
      return `    ${reason === type ? type : `${type}: ${reason}`}: ${where === '' ? '' : `${where}: `}${split.message}`
    }),
  )
  return problems.length > 0 && place !== undefined ? [...lines, `    see ${place}`] : lines
}

/** What to look at before anything else: bad input, else the first problem in the order of causes, else a warning. */
function firstStep({ reports, input, warnings }: StatusSnapshot): string | undefined {
  if (input[0] !== undefined) return input[0]
  const bad =
    reports.find(({ verdict }) => verdict === 'PROBLEM') ?? reports.find(({ problems }) => problems.length > 0)
  const problem = bad?.problems[0]
  if (bad === undefined || problem === undefined) return warnings[0]
  const { field, message } = splitMessage(problem.message.split('\n')[0] ?? '')
  const where = field ?? problem.field
  return `${describeObject(bad.ref)}: ${where === '' ? '' : `${where}: `}${message}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
