import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPlain } from './plain-yaml.ts'
import { readYaml } from './yaml-documents.ts'

const manifest = `# A route
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: orders-1
  labels: {app.kubernetes.io/name: orders, tier: "web"}
spec:
  parentRefs:
  - name: gw
    port: 8080
  hostnames: ["a.example.com", '*.b.org', c.net]
  rules:
    # the only one
    - matches:
        - path: {type: PathPrefix, value: /api/}
          headers: []
      timeouts:
        request: 1m30s
      backendRefs:
        - name: orders
          port: 80
          weight: 0
        - {name: b, port: 81}
      filters:
      - - 10.0.0.1
        - plain words here
`

/** By the full parser: a text with an end marker is never read by the fast one. */
function readFully(text: string): unknown {
  const documents = readYaml(`${text}\n...\n`)
  const problems = documents.flatMap((document) => document.problems.map((problem) => problem.message))
  return problems.length > 0 || documents.length !== 1 ? { problems } : documents[0]?.value
}

function agrees(text: string): void {
  const value = readPlain(text)
  if (value !== undefined) expect(value).toEqual(readFully(text))
}

const numRuns = Number(process.env.FAIRLEAD_FUZZ_RUNS ?? 2000)
const fragment = fc.constantFrom(
  ...[
    ' ',
    '  ',
    '\n',
    '- ',
    '-',
    ': ',
    ':',
    ',',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    ' #',
    '&a ',
    '*a',
    '!',
    '|',
    '>',
    '%',
    '@',
  ],
  ...[
    '\t',
    '\r',
    '\r\n',
    '~',
    '?',
    '<<',
    '---',
    '...',
    '\\',
    '\u00a0',
    '\ufeff',
    '0x1f',
    '010',
    '1_0',
    '1e3',
    '.5',
    '+1',
    '.inf',
  ],
  ...['a', 'true', 'no', 'null', 'y', '12', '1.2', '1.2.3.4', '12:30', 'key', 'key:', 'x: y', '__proto__', 'é', '='],
)
const edit = fc.record({ at: fc.nat(manifest.length), drop: fc.nat(6), put: fc.oneof(fc.constant(''), fragment) })

describe('readPlain', () => {
  test('reads an ordinary manifest', () => {
    expect(readPlain(manifest)).toEqual(readFully(manifest))
    expect(readPlain(manifest.replaceAll('\n', '\r\n'))).toEqual(readFully(manifest))
  })

  test.each([
    '',
    '# only a comment\n',
    'just text\n',
    'a: &x 1\nb: *x\n',
    'a: |\n  text\n',
    'a: b # comment\n',
    'a: yes\n',
    'a: 010\n',
    'a: 1\na: 2\n',
    '__proto__: 1\n',
    'a: {__proto__: 1}\n',
    'a: "x\\n"\n',
    'a: {b: 1,\n  c: 2}\n',
    '{"a": 1}\n',
    '  a: 1\n',
    'a: 1\n---\nb: 2\n',
    `${'a:\n'.replace('a', 'a')}\tb: 1\n`,
    `a: ${'['.repeat(100)}${']'.repeat(100)}\n`,
  ])('leaves %j to the full parser', (text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  test('reads what the full parser reads after any edits of a manifest', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = manifest
        for (const { at, drop, put } of edits) text = text.slice(0, at) + put + text.slice(at + drop)
        agrees(text)
      }),
      { numRuns },
    )
  })

  test('reads what the full parser reads of any lines', () => {
    const line = fc
      .tuple(fc.constantFrom('', ' ', '  ', '    '), fc.array(fragment, { maxLength: 4 }))
      .map(([indent, parts]) => indent + parts.join(''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => agrees(lines.join('\n'))),
      { numRuns },
    )
  })

  test('reads what the full parser reads of any one value', () => {
    const value = fc.array(fragment, { maxLength: 5 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(value, value, (inBlock, inFlow) => {
        agrees(`key: ${inBlock}`)
        agrees(`- ${inBlock}`)
        agrees(`key: [${inFlow}]`)
        agrees(`key: {a: ${inFlow}}`)
      }),
      { numRuns },
    )
  })
})
