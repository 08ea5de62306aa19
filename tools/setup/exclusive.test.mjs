import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exclusively } from './exclusive.mjs'
import { sandbox } from './sandbox.mjs'

const here = import.meta.dirname

/** A process that takes the lock, writes `in`, does some work, writes `out`. */
function contender(lock, journal) {
  const code = `import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { exclusively } from ${JSON.stringify(join(here, 'exclusive.mjs'))}
await exclusively(${JSON.stringify(lock)}, async () => {
  appendFileSync(${JSON.stringify(journal)}, 'in ')
  await setTimeout(30)
  appendFileSync(${JSON.stringify(journal)}, 'out ')
})`
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' })
}

describe('exclusively', () => {
  test('processes take turns', async () => {
    const folder = sandbox()
    const journal = join(folder, 'journal')
    const contenders = [1, 2, 3].map(() => contender(join(folder, 'lock'), journal))
    const codes = await Promise.all(contenders.map((child) => once(child, 'exit').then(([code]) => code)))
    expect(codes).toEqual([0, 0, 0])
    expect(readFileSync(journal, 'utf8')).toBe('in out in out in out ')
  })

  test('the lock of a process that is gone is taken over', async () => {
    const lock = join(sandbox(), 'lock')
    mkdirSync(lock)
    writeFileSync(join(lock, 'owner'), String(spawnSync('true').pid))
    expect(await exclusively(lock, async () => 'mine')).toBe('mine')
  })

  test('processes that find a dead lock at once take turns', async () => {
    const folder = sandbox()
    const lock = join(folder, 'lock')
    mkdirSync(lock)
    writeFileSync(join(lock, 'owner'), String(spawnSync('true').pid))
    const contenders = [1, 2, 3].map(() => contender(lock, join(folder, 'journal')))
    await Promise.all(contenders.map((child) => once(child, 'exit')))
    expect(readFileSync(join(folder, 'journal'), 'utf8')).toBe('in out in out in out ')
  })

  test('nothing is left beside the lock', async () => {
    const folder = sandbox()
    await exclusively(join(folder, 'lock'), async () => 'mine')
    expect(readdirSync(folder)).toEqual([])
  })

  test('a lock that is held for too long is an error that names it', async () => {
    const lock = join(sandbox(), 'lock')
    mkdirSync(lock)
    writeFileSync(join(lock, 'owner'), String(process.pid))
    await expect(exclusively(lock, async () => 'mine', -1)).rejects.toThrow(`another set-up holds ${lock}`)
  })

  test('the lock is given back when the action fails', async () => {
    const lock = join(sandbox(), 'lock')
    await expect(exclusively(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(lock)).toBe(false)
  })
})
