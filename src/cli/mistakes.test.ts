import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runStatus } from './status.ts'
import { runValidate } from './validate.ts'

const folder = join(import.meta.dirname, '../../examples/mistakes')
const controllerName = 'fairlead.dev/gateway-controller'
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'common.yaml')

/** What `validate` prints, with places as `line:column`. */
function said(...names: readonly string[]): readonly string[] {
  let out = ''
  const terminal = { out: (text: string) => (out += text), err: () => {} }
  const context = { controllerName, version: '' }
  const last = join(folder, names.at(-1) ?? '')
  runValidate({ file: names.map((name) => join(folder, name)), output: 'text' }, terminal, context)
  const lines = out.split('\n').filter((line) => line !== '')
  return lines.map((line) => line.replace(`${last}:`, ''))
}

/** What the file says at its end. */
function promised(name: string): readonly string[] {
  const [, words = ''] = readFileSync(join(folder, name), 'utf8').split('\n# fairlead validate says:\n')
  const lines = words.split('\n').filter((line) => line !== '')
  return lines.map((line) => line.replace(/^# {3}/, '')).filter((line) => line !== 'nothing')
}

/** What `status` prints. */
async function status(name: string): Promise<string> {
  let out = ''
  const terminal = { out: (text: string) => (out += text), err: () => {} }
  const file = ['common.yaml', name].map((one) => join(folder, one))
  await runStatus({ file, admin: '', output: 'text', watch: false }, [], terminal, controllerName)
  return out
}

describe('examples/mistakes', () => {
  test('nothing is wrong with what they have in common', () => {
    expect(said('common.yaml')).toEqual([])
  })

  test.each(files)('%s is told with its cause and what to do', (name) => {
    expect(readFileSync(join(folder, name), 'utf8')).toContain('\n# fairlead validate says:\n')
    expect(said('common.yaml', name)).toEqual(promised(name))
  })

  test.each(files)('%s: status tells the same', async (name) => {
    const text = await status(name)
    for (const line of promised(name)) expect(text).toContain(line.replace(/^\d+:\d+: \w+: (?:\S*: )?/, ''))
    if (promised(name).length > 0) expect(text).toContain('\nFirst: ')
  })
})
