import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { pinnedEnvoyVersion } from '../infra/envoy-binary.ts'
import { envoyBinary } from './envoy-binary.ts'

function folderWithEnvoy() {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const binary = join(folder, 'fairlead', `envoy-${pinnedEnvoyVersion}`, 'envoy')
  mkdirSync(join(binary, '..'), { recursive: true })
  writeFileSync(binary, '')
  return { folder, binary }
}

describe('envoyBinary', () => {
  test('FAIRLEAD_ENVOY comes first', () => {
    const { folder, binary } = folderWithEnvoy()
    expect(envoyBinary({ FAIRLEAD_ENVOY: binary, FAIRLEAD_CACHE: join(folder, 'none') })).toBe(binary)
  })

  test.each(['FAIRLEAD_CACHE', 'XDG_CACHE_HOME'])('the cache is found by %s', (name) => {
    const { folder, binary } = folderWithEnvoy()
    expect(envoyBinary({ [name]: name === 'FAIRLEAD_CACHE' ? join(folder, 'fairlead') : folder })).toBe(binary)
  })

  test('a wrong FAIRLEAD_ENVOY is an error, even with a cache', () => {
    const { folder } = folderWithEnvoy()
    expect(() => envoyBinary({ FAIRLEAD_ENVOY: '/no/such/envoy', XDG_CACHE_HOME: folder })).toThrow('does not exist')
  })

  test('an empty cache is an error that names the command', () => {
    expect(() => envoyBinary({ FAIRLEAD_CACHE: '/no/such/cache' })).toThrow('npm run setup')
  })
})
