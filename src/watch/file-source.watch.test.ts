import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

describe('watch', () => {
  test('an edit tells the object that changed and no other', async () => {
    const files = rig()
    files.write('a.yaml', `${route('a')}---\n${route('b')}`)
    files.write('c.yaml', route('c'))
    files.start()
    files.write('a.yaml', `${route('a')}---\n${route('b', '/new')}`)
    expect(await files.next()).toEqual({ upserts: ['b /new g2 a.yaml'], deletes: [], diagnostics: [] })
  })

  test('an edit between load and watch is seen', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.source.load()
    files.write('a.yaml', route('a', '/new'))
    files.source.watch()
    const { upserts } = await files.until((change) => change.upserts.includes('a /new g2 a.yaml'))
    expect(upserts).toHaveLength(1)
  })

  test('an edit by renaming over the file is seen', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    files.write('.a.yaml.tmp', route('a', '/new'))
    renameSync(files.at('.a.yaml.tmp'), files.at('a.yaml'))
    expect(await files.next()).toEqual({ upserts: ['a /new g2 a.yaml'], deletes: [], diagnostics: [] })
  })

  test('an editor that moves the file away and writes it anew deletes nothing', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    renameSync(files.at('a.yaml'), files.at('a.yaml~'))
    files.write('a.yaml', route('a', '/new'))
    expect(await files.next()).toEqual({ upserts: ['a /new g2 a.yaml'], deletes: [], diagnostics: [] })
  })

  test('new and deleted files are seen', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    files.write('b.yaml', route('b'))
    expect((await files.next()).upserts).toEqual(['b / g1 b.yaml'])
    rmSync(files.at('a.yaml'))
    expect(await files.next()).toEqual({ upserts: [], deletes: ['a'], diagnostics: [] })
  })

  test('a file that is moved keeps its objects', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.write('c.yaml', route('c'))
    files.start()
    renameSync(files.at('a.yaml'), files.at('b.yaml'))
    files.write('c.yaml', '')
    // The end of c.yaml comes after the end of a.yaml: nothing was told of the move until then.
    expect(await files.next()).toEqual({ upserts: [], deletes: ['c'], diagnostics: [] })
    files.write('b.yaml', route('a', '/new'))
    expect((await files.next()).upserts).toEqual(['a /new g2 b.yaml'])
  })

  test('folders that come and go are followed', async () => {
    const files = rig()
    files.start()
    mkdirSync(files.at('x/y'), { recursive: true })
    files.write('x/y/a.yaml', route('a'))
    expect((await files.next()).upserts).toEqual(['a / g1 x/y/a.yaml'])
    files.write('x/y/a.yaml', route('a', '/new'))
    expect((await files.next()).upserts).toEqual(['a /new g2 x/y/a.yaml'])
    rmSync(files.at('x'), { recursive: true })
    expect((await files.next()).deletes).toEqual(['a'])
    files.write('x/y/b.yaml', route('b'))
    expect((await files.next()).upserts).toEqual(['b / g1 x/y/b.yaml'])
  })

  test('a folder in the place of a file is read, and the file is gone', async () => {
    const files = rig()
    files.write('a.yaml', `${route('a')}---\n${route('b')}`)
    files.start()
    rmSync(files.at('a.yaml'))
    mkdirSync(files.at('a.yaml'))
    files.write('a.yaml/b.yaml', route('b', '/new'))
    expect(await files.next()).toMatchObject({ upserts: ['b /new g2 a.yaml/b.yaml'], deletes: [] })
    expect(await files.next()).toMatchObject({ upserts: [], deletes: ['a'] })
    files.write('a.yaml/b.yaml', route('b', '/newer'))
    expect(await files.next()).toMatchObject({ upserts: ['b /newer g3 a.yaml/b.yaml'], deletes: [] })
  })

  test('a root that is missing is read once it is there, again when it is replaced', async () => {
    const files = rig(['deep/conf'])
    expect(files.start().diagnostics).toHaveLength(1)
    files.write('deep/conf/a.yaml', route('a'))
    const found = await files.until((change) => change.upserts.length > 0)
    expect(found).toEqual({ upserts: ['a / g1 deep/conf/a.yaml'], deletes: [], diagnostics: [] })
    files.write('next/a.yaml', route('a', '/new'))
    renameSync(files.at('deep/conf'), files.at('deep/old'))
    renameSync(files.at('next'), files.at('deep/conf'))
    expect((await files.until((change) => change.upserts.length > 0)).upserts).toEqual(['a /new g2 deep/conf/a.yaml'])
    files.write('deep/conf/a.yaml', route('a', '/newer'))
    expect((await files.until((change) => change.upserts.length > 0)).upserts).toEqual(['a /newer g3 deep/conf/a.yaml'])
  })

  test('a folder that was named and is gone keeps its objects; those that do not come back with it go', async () => {
    const files = rig(['conf'])
    files.write('conf/a.yaml', route('a'))
    files.write('conf/b.yaml', route('b'))
    files.start()
    renameSync(files.at('conf'), files.at('away'))
    const kept = 'there is no such file or folder (the 2 objects of the last good version keep serving)'
    const gone = await files.until(({ diagnostics }) => diagnostics.some((line) => line.includes(kept)))
    expect(gone).toMatchObject({ upserts: [], deletes: [] })
    files.write('conf/b.yaml', route('b', '/new'))
    expect((await files.until(({ deletes }) => deletes.length > 0)).diagnostics).toEqual([])
    const all = files.changes.map((change) => files.show(change))
    expect(all.flatMap(({ upserts }) => upserts).slice(2)).toEqual(['b /new g2 conf/b.yaml'])
    expect(all.flatMap(({ deletes }) => deletes)).toEqual(['a'])
  })

  test('a file that was named and is gone keeps its objects, and is followed when it is back', async () => {
    const files = rig(['a.yaml'])
    files.write('a.yaml', route('a'))
    files.start()
    rmSync(files.at('a.yaml'))
    const kept = '(the object of the last good version keeps serving)'
    const gone = await files.until(({ diagnostics }) => diagnostics.some((line) => line.includes(kept)))
    expect(gone).toMatchObject({ upserts: [], deletes: [] })
    files.write('a.yaml', route('a', '/new'))
    expect(await files.until(({ upserts }) => upserts.length > 0)).toEqual({
      upserts: ['a /new g2 a.yaml'],
      deletes: [],
      diagnostics: [],
    })
    files.write('a.yaml', '')
    expect((await files.until(({ deletes }) => deletes.length > 0)).deletes).toEqual(['a'])
  })

  test('a ConfigMap volume is followed when its ..data link is swapped', async () => {
    const files = rig()
    const publish = (version: string, path: string): void => {
      files.write(`..${version}/a.yaml`, route('a', path))
      symlinkSync(`..${version}`, files.at('..data_tmp'))
      renameSync(files.at('..data_tmp'), files.at('..data'))
    }
    publish('v1', '/1')
    symlinkSync('..data/a.yaml', files.at('a.yaml'))
    expect(files.start().upserts).toEqual(['a /1 g1 a.yaml'])
    publish('v2', '/2')
    rmSync(files.at('..v1'), { recursive: true })
    expect((await files.until((change) => change.upserts.length > 0)).upserts).toEqual(['a /2 g2 a.yaml'])
  })

  test('nothing is told after close', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    await files.source.close()
    const other = rig()
    other.start()
    files.write('a.yaml', route('a', '/new'))
    other.write('b.yaml', route('b'))
    await other.next()
    other.write('b.yaml', '')
    await other.next()
    expect(files.changes).toHaveLength(1)
  })
})

describe('broken edits', () => {
  test('a broken object stays as it was, its neighbours change, and the diagnostic says so', async () => {
    const files = rig()
    files.write('a.yaml', `${route('a')}---\n${route('b')}`)
    files.start()
    files.write('a.yaml', `${route('a').replace('value', 'vlaue')}---\n${route('b', '/new')}`)
    expect(await files.next()).toEqual({
      upserts: ['b /new g2 a.yaml'],
      deletes: [],
      diagnostics: [
        'a.yaml:7:14: error: spec.rules[0].matches[0].path.vlaue: unknown field "vlaue" (its last good version keeps serving); did you mean value?',
      ],
    })
    files.write('a.yaml', `${route('a')}---\n${route('b', '/new')}`)
    expect(await files.next()).toEqual({ upserts: [], deletes: [], diagnostics: [] })
  })

  test('a field that cannot change stays as it was until the object is gone (GatewayClassSpec.controllerName)', async () => {
    const gatewayClass = (controller: string) =>
      `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: ${controller}}}\n`
    const files = rig()
    files.write('a.yaml', gatewayClass('a.com/x'))
    files.start()
    files.write('a.yaml', gatewayClass('a.com/y'))
    expect(await files.next()).toEqual({
      upserts: [],
      deletes: [],
      diagnostics: [
        'a.yaml:1:92: error: spec.controllerName: cannot change from "a.com/x" to "a.com/y" (its last good version keeps serving); delete the object and create it anew',
      ],
    })
    files.write('a.yaml', '')
    await files.until((change) => change.deletes.includes('c'))
    files.write('a.yaml', gatewayClass('a.com/y'))
    expect((await files.next()).upserts).toHaveLength(1)
  })

  test('broken syntax keeps all objects of the file', async () => {
    const files = rig()
    files.write('a.yaml', `${route('a')}---\n${route('b')}`)
    files.start()
    files.write('a.yaml', `${route('a', '/new')}---\nkind: "`)
    expect(await files.next()).toEqual({
      upserts: [],
      deletes: [],
      diagnostics: [
        'a.yaml:9:7: error: a quote is opened here and not closed (the 2 objects of the last good version keep serving); close it',
      ],
    })
  })

  test('an object whose name is broken is not taken for deleted', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    files.write('a.yaml', route('A'))
    const renamed = await files.next()
    expect([renamed.upserts, renamed.deletes, renamed.diagnostics.length]).toEqual([[], [], 1])
    files.write('a.yaml', route('a').replace('metadata: {name: a}', ''))
    const nameless = await files.next()
    expect([nameless.upserts, nameless.deletes, nameless.diagnostics.length]).toEqual([[], [], 1])
    files.write('a.yaml', route('b'))
    expect(await files.next()).toEqual({ upserts: ['b / g1 a.yaml'], deletes: ['a'], diagnostics: [] })
  })

  test('a file that is half-written for a moment is no error', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    files.write('a.yaml', '')
    files.write('b.yaml', route('b'))
    await files.next()
    files.write('a.yaml', 'spec: [')
    files.write('b.yaml', route('b', '/2'))
    await files.next()
    files.write('a.yaml', route('a', '/new'))
    expect((await files.next()).upserts).toEqual(['a /new g2 a.yaml'])
    expect(files.changes.flatMap(({ diagnostics, deletes }) => [...diagnostics, ...deletes])).toEqual([])
  })

  test('a duplicate is told with both places and takes over when the first goes', async () => {
    const files = rig()
    files.write('a.yaml', route('x', '/a'))
    files.start()
    files.write('b.yaml', route('x', '/b'))
    expect(await files.next()).toEqual({
      upserts: [],
      deletes: [],
      diagnostics: [
        'b.yaml:1:1: error: HTTPRoute default/x is defined in a.yaml:1 already; that one counts, this one is ignored; remove or rename one of them',
      ],
    })
    rmSync(files.at('a.yaml'))
    expect(await files.next()).toEqual({ upserts: ['x /b g2 b.yaml'], deletes: [], diagnostics: [] })
  })

  test('a file that may not be read keeps its objects', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    const isRoot = process.geteuid?.() === 0
    chmodSync(files.at('a.yaml'), 0)
    // Root may read everything: for the moment of the reading the process is nobody.
    if (isRoot) process.seteuid?.(65_534)
    try {
      const { deletes, diagnostics } = await files.next()
      expect([deletes, diagnostics]).toEqual([[], [expect.stringContaining('may not be read')]])
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  test('a file that cannot be read is tried again, though no event tells that it can', async () => {
    const files = rig(['conf'])
    files.write('away/good', route('a', '/new'))
    symlinkSync('/proc/self/mem', files.at('away/target'))
    files.write('conf/a.yaml', route('a'))
    files.start()
    symlinkSync('../away/target', files.at('conf/.a.yaml'))
    renameSync(files.at('conf/.a.yaml'), files.at('conf/a.yaml'))
    const { deletes, diagnostics } = await files.until((change) => change.diagnostics.length > 0)
    expect(deletes).toEqual([])
    expect(diagnostics.join()).toContain('keeps serving')
    symlinkSync('good', files.at('away/next'))
    renameSync(files.at('away/next'), files.at('away/target'))
    expect(await files.until(({ upserts }) => upserts.length > 0)).toMatchObject({
      upserts: ['a /new g2 conf/a.yaml'],
      diagnostics: [],
    })
  })

  test('a file that grows too large keeps its objects', async () => {
    const files = rig()
    files.write('a.yaml', route('a'))
    files.start()
    writeFileSync(files.at('a.yaml'), Buffer.alloc(17 * 1024 * 1024, 0x23))
    expect(await files.next()).toEqual({
      upserts: [],
      deletes: [],
      diagnostics: [
        'a.yaml:1:1: error: the file has 17825792 bytes, 16777216 are allowed (the object of the last good version keeps serving); split it, or keep it out of the folder',
      ],
    })
  })
})
