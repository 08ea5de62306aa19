import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ObjectTable, type TableFile } from './object-table.ts'
import { parseFile } from './parse-file.ts'

const route = (name: string, path: string, extra = ''): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}${extra}}
spec: {rules: [{matches: [{path: {value: ${path}}}]}]}
`
const file = (path: string, root = 0): { path: string; root: number; isMissing: boolean } => ({
  path,
  root,
  isMissing: false,
})

function set(table: ObjectTable, target: TableFile, ...texts: readonly string[]): void {
  table.setFile(target, parseFile(texts.join('---\n'), target.path, {}).entries)
}

function commit(table: ObjectTable): { readonly upserts: readonly string[]; readonly deletes: readonly string[] } {
  const { upserts, deletes } = table.commit()
  const show = ({ object, claim }: (typeof upserts)[0]): string => {
    const value = object.kind === 'HTTPRoute' ? object.spec.rules[0]?.matches[0]?.path?.value : ''
    return `${object.metadata.name} ${value} g${object.metadata.generation} ${claim.file.path}`
  }
  return { upserts: upserts.map(show), deletes: deletes.map((ref) => ref.name) }
}

describe('ObjectTable', () => {
  test('tells only the objects that changed', () => {
    const table = new ObjectTable()
    const a = file('a')
    set(table, a, route('x', '/1'), route('w', '/1'))
    expect(commit(table)).toEqual({ upserts: ['x /1 g1 a', 'w /1 g1 a'], deletes: [] })
    set(table, a, route('x', '/2'), route('w', '/1'))
    expect(commit(table)).toEqual({ upserts: ['x /2 g2 a'], deletes: [] })
    set(table, a, route('w', '/1'))
    expect(commit(table)).toEqual({ upserts: [], deletes: ['x'] })
    expect(commit(table)).toEqual({ upserts: [], deletes: [] })
  })

  test('the generation counts changes of spec, not of metadata (ObjectMeta.generation)', () => {
    const table = new ObjectTable()
    const a = file('a')
    set(table, a, route('x', '/1'))
    commit(table)
    set(table, a, route('x', '/1', ', labels: {a: b}'))
    expect(commit(table).upserts).toEqual(['x /1 g1 a'])
    set(table, a, route('x', '/2', ', generation: 7'))
    expect(commit(table).upserts).toEqual(['x /2 g7 a'])
    set(table, a, route('x', '/3', ', generation: 7'))
    expect(commit(table).upserts).toEqual(['x /3 g8 a'])
  })

  test('kinds whose generation the API server does not count have none', () => {
    const table = new ObjectTable()
    set(table, file('a'), '{apiVersion: v1, kind: Namespace, metadata: {name: x}}')
    expect(table.commit().upserts[0]?.object.metadata.generation).toBe(0)
  })

  test('the first of two objects of one name counts, by root, file and place', () => {
    const table = new ObjectTable()
    set(table, file('a', 1), route('x', '/a'))
    set(table, file('c', 0), route('w', '/c'), route('x', '/c1'), route('x', '/c2'))
    set(table, file('b', 0), route('x', '/b'))
    expect(commit(table).upserts).toEqual(['x /b g1 b', 'w /c g1 c'])
    expect(table.duplicates().map(({ file: path, line, message }) => `${path}:${line} ${message}`)).toEqual([
      'c:6 HTTPRoute default/x is defined in b:1 already; that one counts, this one is ignored',
      'c:11 HTTPRoute default/x is defined in b:1 already; that one counts, this one is ignored',
      'a:1 HTTPRoute default/x is defined in b:1 already; that one counts, this one is ignored',
    ])
  })

  test('when the first goes the next takes its place', () => {
    const table = new ObjectTable()
    const a = file('a')
    set(table, a, route('x', '/a'))
    set(table, file('b'), route('x', '/b'))
    commit(table)
    table.setFile(a, [])
    expect(commit(table)).toEqual({ upserts: ['x /b g2 b'], deletes: [] })
    expect(table.duplicates()).toEqual([])
  })

  test('an object that moves to another file unchanged keeps its identity', () => {
    const table = new ObjectTable()
    const a = file('a')
    set(table, a, route('x', '/1'))
    const before = table.commit().upserts[0]
    table.setFile(a, [])
    set(table, file('b'), route('x', '/1'))
    expect(commit(table)).toEqual({ upserts: [], deletes: [] })
    expect(
      before === undefined ? undefined : table.get('gateway.networking.k8s.io/HTTPRoute/default/x' as never)?.object,
    ).toBe(before?.object)
  })

  test('a file that is missing for a moment yields to others but keeps what only it has', () => {
    const table = new ObjectTable()
    const a = file('a')
    const b = file('b')
    set(table, a, route('x', '/a'), route('w', '/a'))
    set(table, b, route('x', '/b'))
    commit(table)
    a.isMissing = true
    table.touchFile(a)
    expect(commit(table)).toEqual({ upserts: ['x /b g2 b'], deletes: [] })
    expect(table.duplicates()).toEqual([])
    b.isMissing = true
    table.touchFile(b)
    expect(commit(table)).toEqual({ upserts: [], deletes: [] })
  })

  test('after any edits the objects that count are those of a table built from scratch', () => {
    const names = fc.array(fc.constantFrom('x', 'w', 'z'), { maxLength: 4 })
    const edits = fc.array(fc.record({ file: fc.nat(2), names, path: fc.constantFrom('/1', '/2') }), { maxLength: 8 })
    fc.assert(
      fc.property(edits, (steps) => {
        const files = [file('a', 1), file('b', 0), file('c', 0)]
        const table = new ObjectTable()
        const told = new Map<string, string>()
        const last = new Map<number, readonly string[]>()
        for (const step of steps) {
          const target = files[step.file]
          if (target === undefined) continue
          last.set(
            step.file,
            step.names.map((name) => route(name, `${step.path}${target.path}`)),
          )
          set(table, target, ...(last.get(step.file) ?? []))
          const { upserts, deletes } = commit(table)
          for (const name of deletes) told.delete(name)
          for (const text of upserts) told.set(text.slice(0, 1), text.replace(/ g\d+/, ''))
        }
        const fresh = new ObjectTable()
        for (const [index, texts] of last) {
          const target = files[index]
          if (target !== undefined) set(fresh, target, ...texts)
        }
        expect([...told.values()].sort()).toEqual(
          commit(fresh)
            .upserts.map((text) => text.replace(/ g\d+/, ''))
            .sort(),
        )
        expect(table.duplicates()).toHaveLength(fresh.duplicates().length)
      }),
    )
  })
})
