import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findEnvoy, parseEnvoyVersion } from './envoy-binary.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program that says it is Envoy of a version. */
function fake(path: string, version: string): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\necho 'envoy  version: 9e55/${version}/Clean/RELEASE/BoringSSL'\n`)
  chmodSync(file, 0o755)
  return file
}

const cached = 'cache/envoy-1.40.0/envoy'
const lookup = () => ({ searchPath: `${folder}/old${delimiter}${folder}/new`, cacheFolder: `${folder}/cache` })

describe('findEnvoy', () => {
  test('takes FAIRLEAD_ENVOY before all others', async () => {
    fake('new/envoy', '1.40.2')
    const named = fake('mine', '1.40.1')
    expect(await findEnvoy({ ...lookup(), named })).toEqual({ ok: true, value: named })
  })

  test('does not fall back from a FAIRLEAD_ENVOY of another version, but says which it is', async () => {
    fake(cached, '1.40.0')
    const named = fake('mine', '1.39.3')
    const error = `FAIRLEAD_ENVOY=${named} is Envoy 1.39.3; Envoy 1.40 is needed: correct it or unset it`
    expect(await findEnvoy({ ...lookup(), named })).toEqual({ ok: false, error })
  })

  test('passes over another version on the path', async () => {
    fake('old/envoy', '1.38.0')
    const right = fake('new/envoy', '1.40.5')
    fake(cached, '1.40.0')
    expect(await findEnvoy(lookup())).toEqual({ ok: true, value: right })
  })

  test('takes the cache when the path has none', async () => {
    const inCache = fake(cached, '1.40.0')
    expect(await findEnvoy(lookup())).toEqual({ ok: true, value: inCache })
  })

  test('says how to get one when there is none', async () => {
    expect(await findEnvoy(lookup())).toEqual({ ok: false, error: expect.stringContaining('npm run setup') })
  })
})

test('parseEnvoyVersion knows no version in what another program prints', () => {
  expect(parseEnvoyVersion('nginx version: nginx/1.27.0')).toBeUndefined()
})
