import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { gatewayKey } from '../ir/names.ts'
import { envoyBinary } from '../testing/envoy-binary.ts'
import { overloadDefaults, statsInclusion } from '../translate/edge-defaults.ts'
import { type BootstrapOptions, buildBootstrap } from './bootstrap.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options: BootstrapOptions = {
  gateway: gatewayKey('infra', 'edge'),
  nodeId: 'infra.edge',
  xds: { host: '127.0.0.1', port: 18_000 },
  admin: { kind: 'loopback', port: 19_000 },
  stats: statsInclusion,
  limits: overloadDefaults,
}

function validate(bootstrap: unknown) {
  const file = join(folder, 'bootstrap.json')
  writeFileSync(file, JSON.stringify(bootstrap))
  return spawnSync(envoyBinary(), ['--mode', 'validate', '--disable-hot-restart', '-c', file], { encoding: 'utf8' })
}

describe('buildBootstrap', () => {
  test.each([
    ['with the listed statistics', options],
    ['with all statistics', { ...options, stats: 'all' as const }],
    ['with admin on a Unix socket', { ...options, admin: { kind: 'unix' as const, path: join(folder, 'admin.sock') } }],
  ])('is accepted by Envoy %s, without a warning', (_title, given) => {
    const { status, stdout, stderr } = validate(buildBootstrap(given))
    expect(stdout).toContain('OK')
    expect(stderr).not.toMatch(/\[(warning|error|critical)\]/)
    expect(status).toBe(0)
  })

  test('the check above fails on a field that Envoy does not know', () => {
    expect(validate({ ...buildBootstrap(options), no_such_field: 1 }).status).toBe(1)
  })

  test('names the proxy and the Gateway it belongs to', () => {
    expect(buildBootstrap(options)).toMatchObject({ node: { id: 'infra.edge', cluster: 'infra/edge' } })
  })
})
