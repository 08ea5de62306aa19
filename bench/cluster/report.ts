import type { Spread } from '../spread.ts'
import type { ClusterFigures, CpuMs } from './figures.ts'

type Row = readonly [name: string, value: (figures: ClusterFigures) => string]

const rows: readonly Row[] = [
  ['cold start until /readyz, ms', ({ readyMs }) => whole(readyMs)],
  ['cold start until Envoy serves all, ms', ({ servedMs }) => whole(servedMs)],
  ['cold start until every status is written, ms', ({ statusesMs }) => whole(statusesMs)],
  ['statuses written; conflicts', ({ statusWrites, statusConflicts }) => `${statusWrites}; ${statusConflicts}`],
  ['CPU of the start, ms', ({ startCpu }) => cpu(startCpu, whole)],
  ['route edit -> served, ms p50/p90/max', ({ editServedMs }) => spread(editServedMs)],
  ['route edit -> status written, ms', ({ editStatusMs }) => spread(editStatusMs)],
  ['CPU per edit, ms', ({ editCpu }) => cpu(editCpu, fine)],
  ['statuses written per edit', ({ writesPerEdit }) => fine(writesPerEdit)],
  ['EndpointSlice changes; per second', ({ changes, changesPerSecond }) => `${changes}; ${changesPerSecond}`],
  ['CPU per change, ms', ({ changeCpu }) => cpu(changeCpu, fine)],
  ['responses to Envoy per change', ({ responsesPerChange }) => fine(responsesPerChange)],
  ['RSS, MiB', ({ rssMib }) => whole(rssMib)],
  ['proxies that come at once', ({ proxies }) => whole(proxies)],
  ['all of them synced, ms', ({ proxiesSyncedMs }) => whole(proxiesSyncedMs)],
  ['control plane CPU for that, ms', ({ proxiesCpuMs }) => whole(proxiesCpuMs)],
  ['highest RSS meanwhile, MiB', ({ proxiesPeakRssMib }) => whole(proxiesPeakRssMib)],
  ['TokenReviews', ({ tokenReviews }) => whole(tokenReviews)],
  ['SIGTERM -> gone, ms', ({ stopMs }) => whole(stopMs)],
  ['restart until /readyz, ms', ({ restartReadyMs }) => whole(restartReadyMs)],
  ['restart: CPU until it is at rest, ms', ({ restartCpuMs }) => whole(restartCpuMs)],
  ['restart: writes', ({ restartWrites }) => counts(restartWrites)],
  ['restart: resources sent again', ({ restartResent }) => whole(restartResent)],
  ['restart: RSS, MiB', ({ restartRssMib }) => whole(restartRssMib)],
  ['log lines, all in all', ({ logged }) => whole(Object.values(logged).reduce((sum, count) => sum + count, 0))],
]

/** One line a figure, one column a size. CPU is that of control plane / API server / etcd / Envoy. */
export function renderCluster(all: readonly ClusterFigures[]): string {
  const table = [
    ['CPU: control plane / API server / etcd / Envoy', ...all.map(({ routes }) => `${routes} routes`)],
    ...rows.map(([name, value]) => [name, ...all.map(value)]),
  ]
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return table.map((cells) => line(cells).trimEnd()).join('\n')
}

const whole = (value: number) => String(Math.round(value))
const fine = (value: number) => value.toFixed(2)

function spread({ p50, p90, max }: Spread): string {
  return [p50, p90, max].map((value) => value.toFixed(1)).join(' / ')
}

function cpu({ controlPlane, apiServer, etcd, envoy }: CpuMs, show: (value: number) => string): string {
  return [controlPlane, apiServer, etcd, envoy].map(show).join(' / ')
}

function counts(by: Readonly<Record<string, number>>): string {
  const shown = Object.entries(by).map(([what, count]) => `${count} ${what}`)
  return shown.length === 0 ? '0' : shown.join(', ')
}
