import { rmSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { FileRig, route } from '../testing/file-rig.ts'

const rigs: FileRig[] = []

function rig(paths?: readonly string[]): FileRig {
  const made = new FileRig(paths)
  rigs.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(rigs.splice(0).map((one) => one.close()))
})

describe('load', () => {
  test('reads all files below a folder in order', () => {
    const files = rig()
    files.write('b.yaml', route('b'))
    files.write('a/x.yaml', `${route('x')}---\n${route('w')}`)
    expect(files.start()).toEqual({
      upserts: ['x / g1 a/x.yaml', 'w / g1 a/x.yaml', 'b / g1 b.yaml'],
      deletes: [],
      diagnostics: [],
    })
  })

  test('reads a file that was named, whatever its extension', () => {
    const files = rig(['conf.txt'])
    files.write('conf.txt', route('a'))
    files.write('other.yaml', route('b'))
    expect(files.start().upserts).toEqual(['a / g1 conf.txt'])
  })

  test('takes the first of two roots first, and no place twice', () => {
    const files = rig(['z', 'a', './z/'])
    files.write('a/x.yaml', route('x', '/a'))
    files.write('z/x.yaml', route('x', '/z'))
    expect(files.start()).toEqual({
      upserts: ['x /z g1 z/x.yaml'],
      deletes: [],
      diagnostics: [
        'a/x.yaml:1:1: error: HTTPRoute default/x is defined in z/x.yaml:1 already; that one counts, this one is ignored; remove or rename one of them',
      ],
    })
  })

  test('tells an empty change when there is nothing', () => {
    expect(rig().start()).toEqual({ upserts: [], deletes: [], diagnostics: [] })
  })

  test('says that a root is missing', () => {
    const files = rig(['nowhere', 'conf'])
    files.write('conf/a.yaml', route('a'))
    expect(files.start()).toEqual({
      upserts: ['a / g1 conf/a.yaml'],
      deletes: [],
      diagnostics: ['nowhere:1:1: error: there is no such file or folder; create it or correct the path'],
    })
  })

  test('a file that is not text, one without syntax and one without meaning leave the others alone', () => {
    const files = rig()
    files.write('a.yaml', new Uint8Array([0xff, 0xfe, 0, 0]))
    files.write('b.yaml', `${route('b')}---\nkind: "`)
    files.write('c.yaml', route('c').replace('value', 'vlaue'))
    files.write('d.yaml', route('d'))
    files.write('e.yaml', '')
    expect(files.start()).toEqual({
      upserts: ['b / g1 b.yaml', 'd / g1 d.yaml'],
      deletes: [],
      diagnostics: [
        'a.yaml:1:1: error: the file is not UTF-8 text; save it as UTF-8',
        'b.yaml:9:7: error: a quote is opened here and not closed; close it',
        'c.yaml:7:14: error: spec.rules[0].matches[0].path.vlaue: unknown field "vlaue"; did you mean value?',
      ],
    })
  })
})

describe('position', () => {
  test('is that of the field in the file as it is now', () => {
    const files = rig()
    files.write('a.yaml', `${route('a')}---\n# second\n${route('b')}`)
    files.start()
    const positions = files.changes[0]?.upserts.map((one) => one.position('spec.rules[0].matches[0].path.value').line)
    expect(positions).toEqual([7, 16])
    expect(files.changes[0]?.upserts.map((one) => one.document)).toEqual([0, 1])
  })

  test('is that of the nearest ancestor for a field that was filled in', () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    expect(files.changes[0]?.upserts[0]?.position('spec.rules[0].backendRefs[2].port')).toEqual({ line: 6, column: 5 })
  })

  test('of each of a thousand objects of one List is found', () => {
    const files = rig()
    const items = Array.from({ length: 1_000 }, (_, index) => route(`r${index}`).trimEnd().replaceAll('\n', '\n  '))
    files.write('list.yaml', `apiVersion: v1\nkind: List\nitems:\n${items.map((item) => `- ${item}\n`).join('')}`)
    files.start()
    const lines = items[0]?.split('\n').length ?? 0
    const upserts = files.changes[0]?.upserts ?? []
    const found = upserts.map((one) => one.position('metadata.name').line - one.position('').line)
    expect(upserts.map((one) => one.position('').line)).toEqual(items.map((_, index) => 4 + index * lines))
    expect(new Set(found)).toEqual(new Set([2]))
  })

  test('is the start of the object when the file has gone or changed since', () => {
    const files = rig()
    files.write('a.yaml', `# head\n${route('a')}`)
    files.source.load()
    const object = files.changes[0]?.upserts[0]
    files.write('a.yaml', `# head\n# more\n${route('a')}`)
    expect(object?.position('spec.rules')).toEqual({ line: 2, column: 1 })
    rmSync(files.at('a.yaml'))
    expect(object?.position('spec.rules')).toEqual({ line: 2, column: 1 })
  })
})
