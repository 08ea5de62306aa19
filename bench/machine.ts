import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** Where figures were taken. Wall times compare only between runs of the same machine at the same load. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryMib: number
  readonly node: string
  readonly envoy: string
}

export function describeMachine(envoy: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    envoy: /version: (.*)/.exec(execFileSync(envoy, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
  }
}

/** Load averages of 1, 5 and 15 minutes. */
export function loadNow(): readonly number[] {
  return loadavg().map((load) => Math.round(load * 100) / 100)
}
