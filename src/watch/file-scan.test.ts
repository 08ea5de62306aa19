import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isManifest, listDirectory, lookAt, maxFileBytes, readText } from './file-scan.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-scan-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const at = (...parts: readonly string[]): string => join(root, ...parts)

describe('listDirectory', () => {
  test('finds manifests in all folders, in order; names with a dot and other files are left out', () => {
    mkdirSync(at('b', 'c'), { recursive: true })
    mkdirSync(at('.git'))
    for (const name of ['z.yaml', 'a.yml', 'b/d.json', 'b/c/E.YAML', 'README.md', '.hidden.yaml', '.git/x.yaml', 'n']) {
      writeFileSync(at(name), '')
    }
    const { files, directories, problems } = listDirectory(root)
    expect(files).toEqual([at('a.yml'), at('b/c/E.YAML'), at('b/d.json'), at('z.yaml')])
    expect(directories).toEqual([root, at('b'), at('b/c')])
    expect(problems).toEqual([])
  })

  test('follows links to files and folders, but not in circles', () => {
    mkdirSync(at('real'))
    writeFileSync(at('real', 'a.yaml'), '')
    symlinkSync(at('real'), at('link'))
    symlinkSync(at('real', 'a.yaml'), at('b.yaml'))
    symlinkSync(root, at('real', 'up'))
    symlinkSync(at('nowhere'), at('dangling.yaml'))
    expect(listDirectory(root).files).toEqual([at('b.yaml'), at('link/a.yaml'), at('real/a.yaml')])
  })

  test('of a folder that is not there is empty', () => {
    expect(listDirectory(at('nothing'))).toMatchObject({ files: [], directories: [], problems: [] })
  })
})

describe('lookAt', () => {
  test('tells files, folders and what is missing apart', () => {
    writeFileSync(at('a'), 'x')
    expect([lookAt(at('a')).kind, lookAt(root).kind, lookAt(at('b')).kind, lookAt(at('a', 'b')).kind]).toEqual([
      'file',
      'directory',
      'missing',
      'missing',
    ])
  })

  test('a link in a circle is unreadable, with a reason', () => {
    symlinkSync(at('a'), at('b'))
    symlinkSync(at('b'), at('a'))
    expect(lookAt(at('a'))).toMatchObject({
      kind: 'unreadable',
      problem: { message: 'is a link that leads in a circle' },
    })
  })

  test('what is neither file nor folder is unreadable', () => {
    expect(lookAt('/dev/null')).toMatchObject({ kind: 'unreadable', problem: { message: 'is no regular file' } })
  })

  test('the signature changes with the content', () => {
    writeFileSync(at('a'), 'x')
    const before = lookAt(at('a'))
    writeFileSync(at('a'), 'xy')
    expect(lookAt(at('a'))).not.toEqual(before)
  })
})

describe('readText', () => {
  test('gives the text', () => {
    writeFileSync(at('a'), 'é\n')
    expect(readText(at('a'))).toEqual({ ok: true, value: 'é\n' })
  })

  test('refuses what is not UTF-8', () => {
    writeFileSync(at('a'), Buffer.from([0xff, 0xfe, 0x61, 0x00]))
    expect(readText(at('a'))).toMatchObject({ ok: false, error: { reason: 'NotUtf8' } })
  })

  test('refuses a file that is too large without reading it', () => {
    writeFileSync(at('a'), Buffer.alloc(maxFileBytes + 1, 0x20))
    expect(readText(at('a'))).toMatchObject({ ok: false, error: { reason: 'FileTooLarge' } })
  })

  test('says that a file cannot be read', () => {
    expect(readText(at('a'))).toMatchObject({ ok: false, error: { reason: 'Unreadable' } })
    expect(readText(root)).toMatchObject({ ok: false, error: { reason: 'Unreadable' } })
  })
})

describe('isManifest', () => {
  test.each([
    ['a.yaml', true],
    ['b/a.YML', true],
    ['a.json', true],
    ['a.yaml~', false],
    ['.a.yaml', false],
    ['a.yaml.swp', false],
    ['a', false],
  ])('%s: %s', (path, expected) => {
    expect(isManifest(path)).toBe(expected)
  })
})
