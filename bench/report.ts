/** The table of a run: one row a figure, one column a size, with the targets and whether they are met. */
import type { Figures, RequestCost } from './measure.ts'
import type { Spread } from './spread.ts'

/** What a figure must reach at 5,000 hosts, for an injected event. */
interface Target {
  readonly most?: number | undefined
  readonly least?: number | undefined
}

interface Row {
  readonly name: string
  readonly value: (figures: Figures) => string | undefined
  /** The number that a target is held against. */
  readonly number?: (figures: Figures) => number | undefined
  readonly target?: Target | undefined
}

const TARGET_SIZE = 5_000
const MOST_GROWTH = 1.5
const FILE_EXTRA_MS = 15

const spread = (value: Spread | undefined) =>
  value === undefined ? undefined : `${show(value.p50)} / ${show(value.p90)} / ${show(value.max)}`
const plain = (value: number | undefined) => (value === undefined ? undefined : show(value))
const ratio = (slow: number | undefined, fast: number | undefined) =>
  slow === undefined || fast === undefined ? undefined : slow / fast

const rows: readonly Row[] = [
  spreadRow('injected edit -> served, ms p50/p90/max', ({ editMs }) => editMs, { most: 10 }),
  spreadRow('100 hosts in turns with these, ms', ({ smallEditMs }) => smallEditMs),
  spreadRow('file edit -> served, ms p50/p90/max', ({ files }) => files?.editMs),
  numberRow('control plane CPU per edit, ms', ({ cost }) => cost?.controlPlaneCpuMs, { most: 1 }),
  numberRow('Envoy CPU per edit, ms', ({ cost }) => cost?.envoyCpuMs, { most: 4 }),
  numberRow('bytes to Envoy per edit', ({ cost }) => cost?.bytes, { most: 600 }),
  spreadRow('edit -> ACK, ms p50/p90/max', ({ cost }) => cost?.ackedMs),
  spreadRow('endpoint change -> EDS ACK, ms', ({ endpointsAckedMs }) => endpointsAckedMs, { most: 5 }),
  numberRow('100 edits at once: last -> served, ms', ({ burstMs }) => burstMs),
  numberRow('cold start until all serve, ms', ({ coldStartMs }) => coldStartMs, { most: 3_000 }),
  numberRow('cold start from files, ms', ({ files }) => files?.coldStartMs),
  numberRow('RSS of the control plane, MiB', ({ controlPlaneRssMib }) => controlPlaneRssMib, { most: 200 }),
  numberRow('RSS of Envoy, MiB', ({ envoyRssMib }) => envoyRssMib, { most: 260 }),
  numberRow('RSS of Envoy with a connection to each Service', ({ envoyRssAfterAllMib }) => envoyRssAfterAllMib),
  numberRow('hosts not served at the end', ({ unserved }) => unserved, { most: 0 }),
  spreadRow('one plain table: edit -> served, ms', ({ table }) => table?.editMs),
  numberRow('one plain table: Envoy CPU per edit, ms', ({ table }) => table?.cost.envoyCpuMs),
  numberRow('one plain table: bytes per edit', ({ table }) => table?.cost.bytes),
  numberRow('times faster than the table (p50)', ({ table, editMs }) => ratio(table?.editMs.p50, editMs?.p50), {
    least: 15,
  }),
  numberRow(
    'times less Envoy CPU than the table',
    ({ table, cost }) => ratio(table?.cost.envoyCpuMs, cost?.envoyCpuMs),
    { least: 15 },
  ),
]

function numberRow(name: string, number: (figures: Figures) => number | undefined, target?: Target): Row {
  return { name, number, value: (figures) => plain(number(figures)), target }
}

function spreadRow(name: string, of: (figures: Figures) => Spread | undefined, target?: Target): Row {
  return { name, number: (figures) => of(figures)?.p50, value: (figures) => spread(of(figures)), target }
}

function show(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A verdict on one target. */
export interface Verdict {
  readonly name: string
  readonly target: string
  readonly value: number
  readonly isMet: boolean
}

/** Every target that can be judged by what was measured. */
export function verdictsOf(all: readonly Figures[]): readonly Verdict[] {
  const large = all.find(({ shape, count }) => shape === 'hosts' && count === TARGET_SIZE)
  if (large === undefined) return []
  const verdicts = rows.flatMap(({ name, number, target }) => {
    const value = number?.(large)
    return value === undefined || target === undefined ? [] : [judge(name, value, target)]
  })
  const growth = ratio(large.editMs?.p50, large.smallEditMs?.p50)
  if (growth !== undefined) verdicts.push(judge('p50 at 5,000 over p50 at 100', growth, { most: MOST_GROWTH }))
  if (large.files !== undefined && large.editMs !== undefined) {
    const extraMs = large.files.editMs.p50 - large.editMs.p50
    verdicts.push(judge('a file edit adds, ms p50', extraMs, { most: FILE_EXTRA_MS }))
  }
  return verdicts
}

function judge(name: string, value: number, { most, least }: Target): Verdict {
  const isMet = (most === undefined || value <= most) && (least === undefined || value >= least)
  return { name, value, isMet, target: most === undefined ? `at least ${least}` : `at most ${most}` }
}

/** Figures as a table, sizes in columns. */
export function renderFigures(all: readonly Figures[]): string {
  const head = ['', ...all.map(({ shape, count }) => `${count} ${shape}`)]
  const body = rows
    .map(({ name, value }) => [name, ...all.map((figures) => value(figures) ?? '')])
    .filter((cells) => cells.slice(1).some((cell) => cell !== ''))
  return renderTable([head, ...body])
}

/** What a request costs by how its route is found. */
export function renderRequests(costs: readonly RequestCost[]): string {
  const body = costs.map(({ name, envoyCpuMicros }) => [name, show(envoyCpuMicros)])
  return renderTable([['one route', 'Envoy CPU per request, us'], ...body])
}

/** The targets, each with what was measured. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  const head = ['at 5,000 hosts', 'target', 'measured', '']
  const body = verdicts.map(({ name, target, value, isMet }) => [name, target, show(value), isMet ? 'met' : 'MISSED'])
  return renderTable([head, ...body])
}

/** Columns of even width; the first to the left, the others to the right. Good as Markdown too. */
function renderTable([head = [], ...body]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...body].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...body.map(line)].join('\n')
}
