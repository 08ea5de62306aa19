import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cluster/programs.ts'

/**
 * Takes the cluster of this id for this process until it ends. Throws while another process has it: starting a cluster
 * would end the one that the other is testing.
 */
export function claimCluster(id: string): void {
  const file = join(cacheFolder(), `owner-${id}`)
  mkdirSync(cacheFolder(), { recursive: true })
  const owner = ownerIn(file)
  if (owner !== undefined && isAlive(owner)) {
    throw new Error(`process ${owner} runs tests in the cluster "${id}": wait for it, or give another by --id NAME`)
  }
  writeFileSync(file, String(process.pid))
  process.once('exit', () => rmSync(file, { force: true }))
}

function ownerIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined // Nobody has it.
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch {
    return false
  }
}
