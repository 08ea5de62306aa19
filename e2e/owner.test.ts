import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { claimCluster } from './owner.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-owner-'))
  mkdirSync(join(folder, 'e2e'))
  vi.stubEnv('FAIRLEAD_CACHE', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

describe('claimCluster', () => {
  test('a cluster that a living process has is refused, another is not', () => {
    writeFileSync(join(folder, 'e2e', 'owner-one'), String(process.ppid))
    expect(() => claimCluster('one')).toThrow(`process ${process.ppid} runs tests in the cluster "one"`)
    expect(() => claimCluster('two')).not.toThrow()
  })

  test('a cluster whose owner is gone is taken over', () => {
    // No process has an id beyond the kernel's limit of 2^22.
    writeFileSync(join(folder, 'e2e', 'owner-one'), '4194305')
    expect(() => claimCluster('one')).not.toThrow()
  })
})
