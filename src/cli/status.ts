/** `fairlead status` and `fairlead wait`: every object with its conditions in words, once or until all is well. */
import { describeObject } from '../lib/object-ref.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { splitMessage } from './findings.ts'
import { exitCodes, type StatusFlags, type Terminal, type WaitFlags } from './flags.ts'
import type { StatusReport } from './reporter.ts'
import { table } from './screen.ts'
import { parseNamed, selectNamed } from './status-select.ts'
import { isHostPort, readStatuses, type StatusPlace, type StatusSnapshot, type Subject } from './status-source.ts'
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
  const look = looking(flags, objects, controllerName)
  if (!look.ok) {
    terminal.err(`${look.error}\n`)
    return exitCodes.usage
  }
  let shown: string | undefined
  for (;;) {
    const snapshot = await look.value()
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
  const look = looking(flags, objects, controllerName)
  if (!look.ok) {
    terminal.err(`${look.error}\n`)
    return exitCodes.usage
  }
  const endMs = performance.now() + seconds * 1000
  for (;;) {
    const snapshot = await look.value()
    if (snapshot.ok && isGood(snapshot.value)) return exitCodes.ok
    if (performance.now() >= endMs) {
      terminal.err(snapshot.ok ? describeSnapshot(snapshot.value) : `${snapshot.error}\n`)
      terminal.err(`not everything is well after ${count(seconds, 'second')}\n`)
      return exitCodes.failed
    }
    await pause(Math.min(followEveryMs, Math.max(1, endMs - performance.now())))
  }
}

/** How to look at what is named, or why that cannot be. */
function looking(
  place: StatusPlace,
  objects: readonly string[],
  controllerName: string,
): Result<() => Promise<Result<StatusSnapshot, string>>, string> {
  if (place.file.length === 0 && !isHostPort(place.admin)) {
    return err(`--admin: "${place.admin}" is no address; use host:port, such as 127.0.0.1:19000`)
  }
  const named = new Map<string, readonly Subject[]>()
  for (const text of objects) {
    const parsed = parseNamed(text)
    if (!parsed.ok) return parsed
    named.set(text, parsed.value)
  }
  return ok(async () => {
    const snapshot = await readStatuses(place, controllerName)
    return snapshot.ok ? ok(selectNamed(snapshot.value, named)) : snapshot
  })
}

function isGood({ reports, input, missing }: StatusSnapshot): boolean {
  const isFound = input.length === 0 && missing.length === 0 && reports.length > 0
  return isFound && reports.every(({ problems }) => problems.length === 0)
}

function print(snapshot: StatusSnapshot, output: string): string {
  if (output === 'text') return describeSnapshot(snapshot)
  const [input, warnings] = [snapshot.input.map(({ text }) => text), snapshot.warnings.map(({ text }) => text)]
  return `${JSON.stringify({ ...snapshot, input, warnings }, undefined, 2)}\n`
}

function describeSnapshot(snapshot: StatusSnapshot): string {
  const { reports, input, warnings, missing } = snapshot
  const rows = table(reports.map(({ ref, verdict, summary }) => [describeObject(ref), verdict, summary]))
  const told = reports.flatMap((report, index) => [rows[index] ?? '', ...problemLines(report)])
  const lines = [...input.map(({ text }) => text), ...told, ...missing, ...warnings.map(({ text }) => text)]
  if (reports.length === 0 && missing.length === 0) {
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
function firstStep({ reports, input, warnings, missing }: StatusSnapshot): string | undefined {
  if (input[0] !== undefined) return input[0].text
  const bad =
    reports.find(({ verdict }) => verdict === 'PROBLEM') ?? reports.find(({ problems }) => problems.length > 0)
  const problem = bad?.problems[0]
  if (bad === undefined || problem === undefined) return warnings[0]?.text ?? missing[0]
  const { field, message } = splitMessage(problem.message.split('\n')[0] ?? '')
  const where = field ?? problem.field
  return `${describeObject(bad.ref)}: ${where === '' ? '' : `${where}: `}${message}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
