import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLayers, type LayerRules, layerOf, layerTable, readRules } from './check-layers.ts'

const root = join(import.meta.dirname, '..')
const rules: LayerRules = {
  layers: {
    lib: [],
    graph: ['lib'],
    ir: ['lib'],
    main: ['lib', 'graph', 'ir'],
    testing: ['lib', 'graph', 'ir', 'main'],
  },
  testOnly: ['testing'],
  pure: { layers: ['ir'], impureLibs: ['lib/logger.ts'], maySeeNode: ['lib/hash.ts'] },
}
const check = (texts: Record<string, string>) => checkLayers(texts, rules)

describe('checkLayers', () => {
  test('an import that layers.json lists passes', () => {
    expect(check({ 'src/graph/tick.ts': "import { a } from '../lib/a.ts'\nexport const b = a" })).toEqual([])
  })

  test('an import of another layer is refused and the allowed layers are named', () => {
    expect(check({ 'src/ir/route.ts': "import type { A } from '../graph/a.ts'\nexport type B = A" })).toEqual([
      'src/ir/route.ts:1: ir may not import graph (src/graph/a.ts); it may import lib',
    ])
  })

  test.each([
    ["export { a } from '../graph/a.ts'\nexport const b = 1", 1],
    ["export const a = 1\nexport const b = await import('../graph/a.ts')", 2],
    ["export type A = import('../graph/a.ts').A", 1],
    ["\nimport '../graph/a.ts'", 2],
  ])('%j counts as an import', (text, line) => {
    expect(check({ 'src/lib/b.ts': text })).toEqual([
      `src/lib/b.ts:${line}: lib may not import graph (src/graph/a.ts); it may import nothing but itself`,
    ])
  })

  test('an import in a string or a comment is none', () => {
    const text = "// import '../graph/a.ts'\nexport const a = \"import x from '../graph/a.ts'\""
    expect(check({ 'src/lib/b.ts': text })).toEqual([])
  })

  test('testing is for tests alone', () => {
    const text = "import { a } from '../testing/a.ts'\nexport const b = a"
    expect(check({ 'src/graph/b.ts': text })).toEqual([
      'src/graph/b.ts:1: src/testing/a.ts is for tests alone; graph may import lib',
    ])
    expect(check({ 'src/graph/b.test.ts': text })).toEqual([])
  })

  test('src/ does not import from outside of it', () => {
    expect(check({ 'src/main.ts': "import { a } from '../tools/a.ts'\nexport const b = a" })).toEqual([
      'src/main.ts:1: main may not import tools/a.ts, which is outside of src/',
    ])
  })

  test('a folder that layers.json does not know is refused', () => {
    expect(check({ 'src/extra/a.ts': "import { a } from '../lib/a.ts'\nexport const b = a" })).toEqual([
      'src/extra/a.ts:1: layer extra is not in layers.json: add it there with what it may import',
    ])
  })

  test('a relative import without .ts is refused', () => {
    expect(check({ 'src/lib/a.ts': "import { b } from './b'\nexport const a = b" })).toEqual([
      'src/lib/a.ts:1: import ./b must end in .ts',
    ])
  })

  test.each([
    ["import { readFileSync } from 'node:fs'", 'node:fs'],
    ["import { log } from '../lib/logger.ts'", 'src/lib/logger.ts'],
    ["import { x } from '../lib/clock.ts'", 'src/lib/clock.ts'],
    ['export const a = Date.now()', 'Date.now'],
    ['export const a = new Date()', 'new Date()'],
    ['export const a = Math.random()', 'Math.random'],
    ['export const a = process.env.HOME', 'process.env'],
    ['export const a = () => setTimeout(() => 1, 5)', 'setTimeout()'],
    ["console.log('x')", 'console.log'],
  ])('a pure layer refuses %j', (text, what) => {
    const clock = "import { hrtime } from 'node:process'\nexport const x = hrtime"
    expect(check({ 'src/ir/a.ts': text, 'src/lib/clock.ts': clock })).toEqual([`src/ir/a.ts:1: ir is pure: no ${what}`])
  })

  test('a pure layer may read a given date and hash', () => {
    const hash = "import { createHash } from 'node:crypto'\nexport const hash = createHash"
    const text = "import { hash } from '../lib/hash.ts'\nexport const a = [hash, new Date(5), { process: 1 }]"
    expect(check({ 'src/ir/a.ts': text, 'src/lib/hash.ts': hash })).toEqual([])
  })

  test('an import cycle is named once', () => {
    const cycle = check({
      'src/lib/a.ts': "import { b } from './b.ts'\nexport const a = b",
      'src/lib/b.ts': "import { c } from './c.ts'\nexport const b = c",
      'src/lib/c.ts': "import { a } from './a.ts'\nexport const c = a",
    })
    expect(cycle).toEqual(['src/lib/a.ts: import cycle src/lib/a.ts -> src/lib/b.ts -> src/lib/c.ts -> src/lib/a.ts'])
  })

  test.each(['export default 1', 'export default function f() {}', 'const a = 1\nexport default a'])(
    '%j is a default export',
    (text) => {
      expect(check({ 'src/lib/a.ts': text })).toEqual(['src/lib/a.ts: default export; name it'])
    },
  )

  test('a file of nothing but re-exports is a barrel', () => {
    const texts = { 'src/lib/a.ts': "export * from './b.ts'\nexport { c } from './c.ts'" }
    expect(check(texts)).toEqual(['src/lib/a.ts: barrel; import from the file that defines the thing'])
  })
})

describe('layerOf', () => {
  test.each([
    ['src/ir/a.ts', 'ir'],
    ['src/translate/emit/a.ts', 'translate'],
    ['src/config.ts', 'main'],
    ['tools/a.ts', undefined],
  ])('%s is of layer %s', (path, layer) => {
    expect(layerOf(path)).toBe(layer)
  })
})

describe('layers.json', () => {
  const real = readRules(root)

  test('every layer imports only layers listed before it', () => {
    const order = Object.keys(real.layers)
    for (const [layer, allowed] of Object.entries(real.layers)) {
      expect(
        allowed.filter((other) => order.indexOf(other) >= order.indexOf(layer)),
        layer,
      ).toEqual([])
    }
  })

  test('ARCHITECTURE.md holds its table', () => {
    expect(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')).toContain(layerTable(real))
  })
})
