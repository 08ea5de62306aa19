/** What Linux says about a process: CPU time and memory. */
import { readdirSync, readFileSync } from 'node:fs'

const NANOS_PER_MS = 1e6

/** CPU time that all threads of a process have used, in ms; from schedstat, so finer than clock ticks. */
export function cpuMsOf(pid: number): number {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0])
  }
  return nanos / NANOS_PER_MS
}

/** Resident memory of a process in MiB. */
export function rssMibOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1024)
}

/** Milliseconds of a clock that all processes of this machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / NANOS_PER_MS
}
