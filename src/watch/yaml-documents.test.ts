import { describe, expect, test } from 'vitest'
import { readSlice, readYaml } from './yaml-documents.ts'

const values = (text: string): readonly unknown[] => readYaml(text).map((document) => document.value)

function problems(text: string): readonly string[] {
  return readYaml(text).flatMap((document) =>
    document.problems.map(({ line, column, message, remedy }) => `${line}:${column} ${message}; ${remedy}`),
  )
}

describe('readYaml', () => {
  test.each<[string, string, readonly unknown[]]>([
    ['nothing', '', []],
    ['comments alone', '# a\n---\n# b\n', []],
    ['several documents, empty ones left out', '---\na: 1\n---\n---\nb: 2\n...\n', [{ a: 1 }, { b: 2 }]],
    ['Windows line ends', 'a:\r\n  b: c\r\n', [{ a: { b: 'c' } }]],
    ['JSON', '{"a": [1, "b", null]}', [{ a: [1, 'b', null] }]],
    ['anchors and merges', 'x: &x {a: 1}\nz: {<<: *x, b: 2}\n', [{ x: { a: 1 }, z: { a: 1, b: 2 } }]],
    [
      'two merges in one mapping',
      'x: &x {a: 1}\nw: &w {b: 2}\nz: {<<: *x, <<: *w}\n',
      [{ x: { a: 1 }, w: { b: 2 }, z: { a: 1, b: 2 } }],
    ],
    [
      'the booleans of kubectl',
      'a: on\nb: No\nc: "on"\nd: true\ne: y\n',
      [{ a: true, b: false, c: 'on', d: true, e: true }],
    ],
    ['a date as text', 'a: 2026-01-31\n', [{ a: '2026-01-31' }]],
    ['a literal block', 'a: |\n  b\n  c\n', [{ a: 'b\nc\n' }]],
  ])('reads %s', (_, text, expected) => {
    expect(problems(text)).toEqual([])
    expect(values(text)).toEqual(expected)
  })

  test.each([
    ['a: 1\n\tb: 2\n', '2:1 a tab is used as indentation; indent with spaces'],
    [
      'a: 1\nb: 2\na: 3\n',
      '3:1 the key "a" appears twice in one mapping; remove one of them, or indent what belongs to another key',
    ],
    [
      'a: 1\nb: [1, {c: 2}\nd: 3\n',
      '2:4 this bracket or one inside it is not closed; close it, and indent what is inside',
    ],
    ['a: {b: [1, 2}\n', '1:4 this bracket or one inside it is not closed; close it, and indent what is inside'],
    ['a: [1\nb: "x\n', '2:4 a quote is opened here and not closed; close it'],
    ['a: "b\nc: d\n', '1:4 a quote is opened here and not closed; close it'],
    [
      'a: b: c\n',
      '1:4 a mapping starts inside a value; put it on a line of its own, or quote the value if it holds ": "',
    ],
    ['a: @b\n', '1:4 the value starts with a reserved character; put the value in quotes'],
    ['a\nb: c\n', '1:1 a line without ":" stands among fields; write "field: value"'],
    ['a: "\\q"\n', '1:5 unknown escape in double quotes; double the backslash or use single quotes'],
    ['a: *b\n', '1:4 an alias has no anchor before it; quote a value that begins with "*"'],
    ['a:\n  b: 1\n c: 2\n', '3:1 the indentation does not fit; align the line with its neighbours'],
  ])('%j is refused: %s', (text, problem) => {
    expect(problems(text)).toContain(problem)
  })

  test.each([
    'a: *hunter2',
    'a: |hunter2',
    'a: "hunter2',
    'a: @hunter2',
    'a: &hunter2 &b c',
    'a: [hunter2',
    'a: !hunter2 b',
    'a: %hunter2',
    'a: "x" hunter2',
    'a: hunter2: b',
    'a: "\\hunter2"',
    '%hunter2\n---\na: "',
  ])('a problem does not quote the text, which may be secret: %s', (text) => {
    expect(problems(text).join()).not.toContain('hunter2')
  })

  test('an alias bomb is refused', () => {
    const levels = 'abcdefghij'.split('').map((name, n, all) => {
      const before = all[n - 1]
      return `${name}: &${name} [${before === undefined ? '1' : Array(9).fill(`*${before}`).join()}]`
    })
    expect(problems(levels.join('\n'))).toEqual(['1:1 aliases repeat too many nodes; write the values out'])
  })

  test('a value that contains itself is refused', () => {
    expect(problems('a: &x [1, *x]')).toEqual(['1:11 an alias refers to what contains it; write the value out'])
  })

  test('nesting that overflows the stack is a problem, not a crash, and one, not a hundred', () => {
    const tooDeep = 'the file is nested too deeply to be read; simplify it'
    expect(problems('['.repeat(2_000_000))).toEqual([`1:1 ${tooDeep}`])
    expect(problems('a: {\n'.repeat(50_000))).toEqual([`1001:1 ${tooDeep}`])
    expect(problems(`${'{a: '.repeat(50_000)}1${'}'.repeat(50_000)}`)).toEqual([`1:1 ${tooDeep}`])
    expect(problems('- '.repeat(50_000)).length).toBeGreaterThan(0)
  })

  test('of many mistakes in one document the first twenty are told', () => {
    expect(problems(`a:\n${'\tb: c\n'.repeat(3_000)}`)).toHaveLength(20)
    expect(problems('a: 1\n'.repeat(5_000))).toHaveLength(20)
  })

  test('more aliases than can be followed are refused', () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, n) => `a${n}: &a${n} x\nb${n}: *a${n}\n`).join('')
    expect(problems(lines(2_000))).toEqual([])
    expect(problems(lines(2_001))).toEqual(['4002:8 there are more than 2000 aliases; write the values out'])
  })

  test('text that is not plain is read up to a size, plain text beside it at any', () => {
    const notPlain = `- "${'\\n'.repeat(1_000)}"\n`.repeat(2_200)
    const plain = `name: ${'x'.repeat(5_000_000)}`
    const documents = readYaml(`---\n${plain}\n---\n${notPlain}\n---\na: 1\n`)
    expect(documents.map((document) => document.problems.map(({ line, message }) => `${line} ${message}`))).toEqual([
      [],
      ['3 more than 4194304 characters of this file are not plain YAML, and to read them would stop everything else'],
      [],
    ])
  })

  test('a broken document leaves the others alone', () => {
    const documents = readYaml('a: 1\n---\nb: [\n---\nc: 3\n')
    expect(documents.map(({ index, value, problems: found }) => [index, value, found.length > 0])).toEqual([
      [0, { a: 1 }, false],
      [1, undefined, true],
      [2, { c: 3 }, false],
    ])
  })

  test('a mapping of many keys is read in linear time and checked for duplicates', () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => `k${n}: 1`)
    expect(problems([...lines, 'k7: 2'].join('\n'))).toEqual([
      '50001:1 the key "k7" appears twice in one mapping; remove one of them, or indent what belongs to another key',
    ])
  })
})

const text = `# head
kind: A
---
kind: B
spec:
  rules:
  - name: x
    path: {type: Exact, value: /}
  - *alias
  labels:
    a/b: c
`.replace('  - *alias', '  - name: y')

describe('positions', () => {
  const document = readYaml(text)[1]

  test.each<[readonly (string | number)[], number, number]>([
    [[], 4, 1],
    [['spec'], 5, 1],
    [['spec', 'rules', 0], 7, 5],
    [['spec', 'rules', 0, 'path', 'value'], 8, 25],
    [['spec', 'rules', 1, 'name'], 9, 5],
    [['spec', 'labels', 'a/b'], 11, 5],
    [['spec', 'rules', 0, 'missing', 'deep'], 7, 5],
    [['spec', 'rules', 9], 6, 3],
    [['status'], 4, 1],
  ])('of %j is %d:%d, that of the nearest ancestor when it is not there', (path, line, column) => {
    expect(document?.positionOf(path)).toEqual({ line, column })
    expect(document === undefined ? undefined : readSlice(text, document.slice)?.positionOf(path)).toEqual({
      line,
      column,
    })
  })

  test('go through an alias to what it stands for', () => {
    const [aliased] = readYaml('base: &b\n  name: x\nuse: *b\n')
    expect(aliased?.positionOf(['use', 'name'])).toEqual({ line: 2, column: 3 })
  })

  test('are not given for a slice that is no document', () => {
    expect(readSlice('a: [', { from: 0, to: 4, line: 1 })).toBeUndefined()
    expect(readSlice('', { from: 10, to: 20, line: 3 })).toBeUndefined()
  })
})
