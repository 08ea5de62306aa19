import { setImmediate as turn } from 'node:timers/promises'
import { nowMs } from './processes.ts'
import type { Command, Driver, Reply } from './subject.ts'

const MICROS_PER_MS = 1000

/** Carries out the commands of the parent until it goes away. */
export function serveSubject(driver: Driver): void {
  process.on('message', (message: { readonly id: number; readonly command: Command }) => {
    const { id, command } = message
    const cpu = process.cpuUsage()
    const sent = driver.sentBytes()
    run(driver, command).then(
      (done) => {
        const { user, system } = process.cpuUsage(cpu)
        const cpuMs = (user + system) / MICROS_PER_MS
        const reply: Reply = { ...done, cpuMs, sentBytes: driver.sentBytes() - sent, envoyPid: driver.envoyPid() }
        process.send?.({ id, reply })
      },
      (error: unknown) =>
        process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  // process.exit so that a CPU profile is written.
  process.on('disconnect', () => process.exit())
}

type Done = Pick<Reply, 'injectedMs' | 'ackedMs'>

async function run(driver: Driver, command: Command): Promise<Done> {
  switch (command.kind) {
    case 'start':
      await driver.start(command.options)
      return { injectedMs: nowMs(), ackedMs: [] }
    case 'stop':
      await driver.stop()
      return { injectedMs: nowMs(), ackedMs: [] }
    case 'edit': {
      const injectedMs = nowMs()
      driver.edit(command.index, command.stamp)
      return { injectedMs, ackedMs: [] }
    }
    case 'edits':
      return eachAcked(driver, command.indexes, (index, serial) => driver.edit(index, `${command.stamp}-${serial}`))
    case 'endpoints':
      return eachAcked(driver, command.indexes, (index, serial) => driver.setEndpoints(index, loopback(serial)))
    case 'burst': {
      let injectedMs = nowMs()
      for (const index of command.indexes) {
        injectedMs = nowMs()
        driver.edit(index, command.stamp)
        await turn()
      }
      return { injectedMs, ackedMs: [] }
    }
  }
}

/** Numbers changes, so that each differs from all before: one that changes nothing is never acknowledged. */
let serial = 0

/** An address that no change before has used. */
function loopback(serial: number): readonly string[] {
  return [`127.1.${Math.floor(serial / 200) % 200}.${(serial % 200) + 1}`]
}

async function eachAcked(
  driver: Driver,
  indexes: readonly number[],
  change: (index: number, serial: number) => void,
): Promise<Done> {
  const ackedMs: number[] = []
  let injectedMs = nowMs()
  for (const index of indexes) {
    const ack = driver.nextAck()
    injectedMs = nowMs()
    change(index, ++serial)
    await ack
    ackedMs.push(nowMs() - injectedMs)
  }
  return { injectedMs, ackedMs }
}
