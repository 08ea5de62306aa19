import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gatewayKey } from '../ir/names.ts'
import { silentLogger } from '../lib/logger.ts'
import { testInfra } from '../testing/fleet-golden.ts'
import { overloadDefaults } from '../translate/edge-defaults.ts'
import { LocalFleet } from './local-fleet.ts'

let folder = ''
let fleet: LocalFleet | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
})

afterEach(async () => {
  await fleet?.stop()
  rmSync(folder, { recursive: true })
})

/** A fleet of programs that do nothing until they are ended. */
function idleFleet(firstAdminPort = 19_001): LocalFleet {
  const binary = join(folder, 'idle')
  writeFileSync(binary, '#!/bin/sh\nexec sleep 600\n')
  chmodSync(binary, 0o755)
  fleet = new LocalFleet({
    binary,
    concurrency: 1,
    xds: { host: '127.0.0.1', port: 1 },
    stats: 'all',
    limits: overloadDefaults,
    firstAdminPort,
    logger: silentLogger(),
  })
  return fleet
}

function nameOf(name: string) {
  const gateway = gatewayKey('infra', name)
  return { gateway, infra: testInfra({ gateway, namespace: 'infra', name }) }
}

describe('the local fleet', () => {
  test('runs Gateways with the longest names that there are', async () => {
    const running = idleFleet()
    const gateway = gatewayKey('n'.repeat(63), 'g'.repeat(253))
    await running.set(gateway, testInfra({ gateway }))
    expect(running.members).toEqual([{ gateway, adminPort: expect.any(Number), pid: expect.any(Number) }])
  })

  test('starts others after one that could not be started, and that one when there is reason to', async () => {
    const running = idleFleet(65_535)
    const [one, two] = [nameOf('one'), nameOf('two')]
    await running.set(one.gateway, one.infra)
    await expect(running.set(two.gateway, two.infra)).rejects.toThrow('no free port')
    await running.set(one.gateway, undefined)
    await running.set(two.gateway, two.infra)
    expect(running.members.map(({ gateway, pid }) => [gateway, typeof pid])).toEqual([[two.gateway, 'number']])
  })
})
