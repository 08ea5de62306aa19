import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** Runs bin/fairlead.mjs from another folder, as a link to it on the path would. */
function fairlead(...args) {
  return spawnSync(process.execPath, [join(root, 'bin', 'fairlead.mjs'), ...args], { cwd: tmpdir(), encoding: 'utf8' })
}

describe('bin/fairlead.mjs', () => {
  test('standard output is that of the command alone', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(fairlead('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('the exit code of the command is passed on', () => {
    expect(fairlead('no-such-command').status).toBe(2)
  })
})

describe('tools/setup.mjs', () => {
  test('an unknown option is refused before anything is done', () => {
    const setup = join(root, 'tools', 'setup.mjs')
    expect(spawnSync(process.execPath, [setup, '--what'], { encoding: 'utf8' })).toMatchObject({
      status: 2,
      stderr: 'unknown option --what; known: --no-envoy, and -- before the command to run\n',
    })
  })
})
