import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fairleadImage } from './images.ts'
import { reachablePackages } from './packages.ts'
import { writeRootfs } from './rootfs.ts'

const root = join(import.meta.dirname, '..', '..')
const image = fairleadImage()

describe('fairleadImage', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-rootfs-'))
    writeRootfs(image.files, folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs the program with no loader, library, package or source but those of the image. */
  function run(...args: readonly string[]): string {
    const libraries = image.files.map(({ path }) => join(folder, path)).filter((path) => /\.so\.\d+$/.test(path))
    const loader = libraries.find((path) => basename(path).startsWith('ld-')) ?? 'no loader'
    const folders = [...new Set(libraries.map(dirname))].join(':')
    const program = ['usr/bin/node', 'usr/lib/fairlead/src/main.ts'].map((path) => join(folder, path))
    return execFileSync(loader, ['--library-path', folders, ...program, ...args], {
      encoding: 'utf8',
      env: image.env ?? {},
    })
  }

  test('it runs with nothing but what is in the image', () => {
    expect(run('--version')).toBe('0.1.0\n')
    expect(run('controller', '--help')).toContain('--xds-address')
    expect(run('translate', '-f', join(root, 'examples/quickstart'), '--show', 'status')).toContain('Programmed')
  })

  test('tests, their tools and packages of development are not in it', () => {
    const paths = image.files.map(({ path }) => path)
    const foreign =
      /\.test\.ts$|\/testing\/|\.golden\/|node_modules\/(vitest|typescript|@biomejs|testcontainers|node)\//
    expect(paths.filter((path) => foreign.test(path))).toEqual([])
  })

  test('the Dockerfile describes the same image', () => {
    const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')
    const values = (word: string) =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
    expect(values('ENTRYPOINT')).toEqual([JSON.stringify(image.entrypoint).replaceAll(',', ', ')])
    expect(values('ENV')).toEqual(Object.entries(image.env ?? {}).map(([name, value]) => `${name}=${value}`))
    expect(values('USER')).toEqual(['65532:65532'])
  })
})

describe('reachablePackages', () => {
  const packages = {
    '': { dependencies: { a: '1', b: '1' } },
    'node_modules/a': { dependencies: { c: '1' } },
    'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
    'node_modules/b': { dependencies: { c: '2' }, optionalDependencies: { 'other-platform': '1' } },
    'node_modules/c': {},
    'node_modules/d': {},
    'node_modules/e': {},
  }

  test('a dependency is the nearest of its name, as Node finds it', () => {
    const all = [
      'node_modules/a',
      'node_modules/a/node_modules/c',
      'node_modules/d',
      'node_modules/b',
      'node_modules/c',
    ]
    expect(reachablePackages(packages, new Set())).toEqual(all)
  })

  test('what only a package that is left out needs is left out too', () => {
    expect(reachablePackages(packages, new Set(['a']))).toEqual(['node_modules/b', 'node_modules/c'])
  })
})
