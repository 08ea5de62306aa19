import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './say.mjs'

/** Folders that this process has locked; removed when it ends. */
const held = new Set()
process.on('exit', () => {
  for (const folder of held) remove(folder)
})

/**
 * Runs `action` while no other set-up on this machine does the same: `folder` exists as long as one is at work. A lock
 * whose owner is gone is taken over. Pauses 200 ms between looks and gives up after `waitMs`.
 */
export async function exclusively(folder, action, waitMs = 600_000) {
  const giveUpAt = Date.now() + waitMs
  let said = false
  while (!take(folder)) {
    const owner = ownerOf(folder)
    if (owner !== undefined && !isAlive(owner)) {
      breakLock(folder, owner)
      await sleep(5)
      continue
    }
    if (!said) say(`set-up: waiting for another set-up${owner === undefined ? '' : ` (process ${owner})`} ...`)
    said = true
    if (Date.now() > giveUpAt) throw new Error(`another set-up holds ${folder}: remove it if none is running`)
    await sleep(200)
  }
  try {
    return await action()
  } finally {
    held.delete(folder)
    remove(folder)
  }
}

/** True when the lock is ours now. A rename puts folder and owner there in one go: an owner is never missing. */
function take(folder) {
  mkdirSync(dirname(folder), { recursive: true })
  const mine = `${folder}.${process.pid}`
  rmSync(mine, { recursive: true, force: true })
  mkdirSync(mine)
  writeFileSync(join(mine, 'owner'), String(process.pid))
  try {
    renameSync(mine, folder) // Refused when the folder is there, because it is not empty.
  } catch (error) {
    rmSync(mine, { recursive: true, force: true })
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) return false
    throw error
  }
  held.add(folder)
  return true
}

function ownerOf(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'owner'), 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined // Released between two looks.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Away in one go: while its content was deleted, an empty folder would be there for another rename to replace. */
function remove(folder) {
  const aside = `${folder}.gone.${process.pid}`
  renameSync(folder, aside)
  rmSync(aside, { recursive: true, force: true })
}

/**
 * Removes a dead owner's lock. One set-up at a time does so, guarded by a folder of its own: what it has seen dead cannot
 * have been taken over by the time it is removed.
 */
function breakLock(folder, owner) {
  const guard = `${folder}.break`
  try {
    mkdirSync(guard)
  } catch {
    removeIfLeft(guard) // Another set-up is at it, or one died there.
    return
  }
  try {
    if (ownerOf(folder) === owner) remove(folder)
  } finally {
    rmSync(guard, { recursive: true, force: true })
  }
}

/** A guard is held for less than a millisecond; after ten seconds nobody does. */
function removeIfLeft(guard) {
  const { mtimeMs } = statSync(guard, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
  if (Date.now() - mtimeMs > 10_000) rmSync(guard, { recursive: true, force: true })
}
