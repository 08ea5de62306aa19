import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { completeLock } from './complete-lock.mjs'
import { ensurePackages } from './packages.mjs'
import { environment, sandbox, script } from './sandbox.mjs'

const node24 = `mkdir -p node_modules/node/bin
printf '#!/bin/sh\\necho v24.1.0\\n' > node_modules/node/bin/node
chmod +x node_modules/node/bin/node
touch node_modules/.package-lock.json`

/** A clone with a lock, and an npm that notes its arguments and then does `body`. */
function clone(body = node24) {
  const root = sandbox()
  writeFileSync(join(root, 'package-lock.json'), '{}')
  script(join(root, 'programs', 'npm'), `echo "$1 $2" >> ${root}/calls\n${body}`)
  return {
    root,
    env: environment(join(root, 'programs')),
    calls: () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []),
  }
}

describe('ensurePackages', () => {
  test('a fresh clone is installed from the lock, once', async () => {
    const { root, env, calls } = clone()
    const node = join(root, 'node_modules', 'node', 'bin', 'node')
    expect(await ensurePackages(root, env)).toBe(node)
    expect(await ensurePackages(root, env)).toBe(node)
    expect(calls()).toEqual(['ci --no-audit'])
  })

  test('two set-ups at once install once', async () => {
    const { root, env, calls } = clone()
    await Promise.all([ensurePackages(root, env), ensurePackages(root, env)])
    expect(calls()).toEqual(['ci --no-audit'])
  })

  test('a changed lock is brought in without starting over', async () => {
    const { root, env, calls } = clone()
    await ensurePackages(root, env)
    writeFileSync(join(root, 'package-lock.json'), '{ "changed": true }')
    await ensurePackages(root, env)
    expect(calls()).toEqual(['ci --no-audit', 'install --no-save'])
  })

  test('a lock with a new time and the same content installs nothing', async () => {
    const { root, env, calls } = clone()
    await ensurePackages(root, env)
    utimesSync(join(root, 'package-lock.json'), 1000, 1000)
    await ensurePackages(root, env)
    expect(calls()).toEqual(['ci --no-audit'])
  })

  test('a set-up that was cut off starts over', async () => {
    const { root, env, calls } = clone(`mkdir -p node_modules/half; exit 1`)
    await expect(ensurePackages(root, env)).rejects.toThrow('npm could not install the packages')
    await expect(ensurePackages(root, env)).rejects.toThrow('npm could not install the packages')
    expect(calls()).toEqual(['ci --no-audit', 'ci --no-audit'])
  })

  test('a lock that npm ci calls incomplete is installed by npm install', async () => {
    const refusal = '`npm ci` can only install packages when your package.json and package-lock.json are in sync'
    const { root, env, calls } = clone(`if [ "$1" = ci ]; then echo '${refusal}'; exit 1; fi\n${node24}`)
    await ensurePackages(root, env)
    expect(calls()).toEqual(['ci --no-audit', 'install --no-save'])
  })

  test.each([
    ['echo "npm error code ENOTFOUND"; exit 1', 'the package registry cannot be reached'],
    ['echo "npm error code ENOSPC"; exit 1', 'the disk is full'],
    ['echo "npm error code EINTEGRITY"; exit 1', 'a package differs from the one that package-lock.json names'],
    ['echo "something else"; exit 1', 'something else'],
  ])('npm that does %j is explained', async (body, reason) => {
    const { root, env } = clone(body)
    await expect(ensurePackages(root, env)).rejects.toThrow(reason)
  })

  test('a machine without npm is told what to install', async () => {
    const { root } = clone()
    await expect(ensurePackages(root, { PATH: join(root, 'none') })).rejects.toThrow('npm is not installed')
  })
})

describe('completeLock', () => {
  test('an optional package of another platform gets its entry, in order', () => {
    const tool = { version: '1.0.0', dev: true, optionalDependencies: { '@t/a-linux-x64-musl': '1.0.0', b: '^2.0.0' } }
    expect(completeLock({ packages: { '': {}, 'node_modules/tool': tool } }).packages).toEqual({
      '': {},
      'node_modules/@t/a-linux-x64-musl': {
        version: '1.0.0',
        cpu: ['x64'],
        dev: true,
        libc: ['musl'],
        optional: true,
        os: ['linux'],
      },
      'node_modules/tool': tool,
    })
  })

  test('an entry that is there stays', () => {
    const packages = {
      'node_modules/@t/a': { version: '1.0.0', integrity: 'x' },
      'node_modules/tool': { optionalDependencies: { '@t/a': '1.0.0' } },
    }
    expect(completeLock({ packages }).packages).toEqual(packages)
  })

  test('the lock of this clone is complete', () => {
    const lock = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8'))
    expect(Object.keys(completeLock(lock).packages).sort()).toEqual(Object.keys(lock.packages).sort())
  })
})
