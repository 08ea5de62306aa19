import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './say.mjs'

/** Folders that this process has locked; removed when it ends. */
const held = new Set()
process.on('exit', () => {
  for (const folder of held) rmSync(folder, { recursive: true, force: true })
})

/**
 * Runs `action` while no other set-up on this machine does the same: `folder` exists as long as one is at work. A lock
 * whose owner is gone is taken over. Pauses 200 ms between looks and gives up after `waitMs`.
 */
export async function exclusively(folder, action, waitMs = 600_000) {
  const giveUpAt = Date.now() + waitMs
  for (let said = false; !take(folder); said = true) {
    const owner = ownerOf(folder)
    if (owner !== undefined && !isAlive(owner)) {
      breakLock(folder, owner)
      continue
    }
    if (!said) say(`set-up: waiting for another set-up${owner === undefined ? '' : ` (process ${owner})`} ...`)
    if (Date.now() > giveUpAt) throw new Error(`another set-up holds ${folder}: remove it if none is running`)
    await sleep(200)
  }
  try {
    return await action()
  } finally {
    held.delete(folder)
    rmSync(folder, { recursive: true, force: true })
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

/** Moves a dead owner's lock away; puts it back when a live process took it in between. */
function breakLock(folder, owner) {
  const aside = `${folder}.dead.${process.pid}`
  try {
    renameSync(folder, aside)
    if (ownerOf(aside) !== owner) renameSync(aside, folder)
  } catch {
    // Another set-up broke the same lock first.
  }
  rmSync(aside, { recursive: true, force: true })
}
