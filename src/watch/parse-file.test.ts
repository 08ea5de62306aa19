import { describe, expect, test } from 'vitest'
import { formatDiagnostic } from './diagnostic.ts'
import { parseFile } from './parse-file.ts'

const service = (name: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{port: 80}]}
`

const keys = (text: string): readonly string[] => parseFile(text, 'a.yaml', {}).entries.map((entry) => entry.key)
const messages = (text: string): readonly string[] => parseFile(text, 'a.yaml', {}).diagnostics.map(formatDiagnostic)

describe('parseFile', () => {
  test('reads every document and the items of every list', () => {
    const list = `kind: List
apiVersion: v1
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
- {apiVersion: v1, kind: Namespace, metadata: {name: ns}}
`
    expect(keys(`${service('a')}---\n${list}---\n${service('b')}`)).toEqual([
      '/Service/default/a',
      '/ConfigMap/default/c',
      '/Namespace//ns',
      '/Service/default/b',
    ])
  })

  test('says where each object stands', () => {
    const { entries } = parseFile(`# first\n${service('a')}---\n\n${service('b')}`, 'a.yaml', {})
    expect(entries.map(({ document, start }) => [document, start.line])).toEqual([
      [0, 2],
      [1, 8],
    ])
  })

  test('a list of one kind is a list too', () => {
    const text = '{kind: ServiceList, apiVersion: v1, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]}'
    expect(keys(text)).toEqual(['/ConfigMap/default/c'])
  })

  test('a byte order mark is no part of the text', () => {
    expect(keys(`\uFEFF${service('a')}`)).toEqual(['/Service/default/a'])
  })

  test('a broken object leaves its neighbours alone, and is known by its name', () => {
    const text = `${service('a')}---\n${service('b').replace('80', 'http')}---\n${service('c')}`
    const parsed = parseFile(text, 'a.yaml', {})
    expect(parsed.entries.map((entry) => entry.key)).toEqual(['/Service/default/a', '/Service/default/c'])
    expect([...parsed.brokenKeys]).toEqual(['/Service/default/b'])
    expect([parsed.hasNameless, parsed.isUnparsable]).toEqual([false, false])
    expect(messages(text)).toEqual([
      'a.yaml:9:17: error: spec.ports[0].port: must be a whole number, but "http" is text; write a number',
    ])
    expect(parsed.diagnostics[0]?.object).toEqual({ group: '', kind: 'Service', namespace: 'default', name: 'b' })
  })

  test('a broken object without a name is counted as nameless', () => {
    expect(parseFile('{apiVersion: v1, kind: Service, spec: {}}', 'a.yaml', {}).hasNameless).toBe(true)
    expect(parseFile('- 1', 'a.yaml', {}).hasNameless).toBe(true)
  })

  test('a foreign object is a warning and not broken', () => {
    const parsed = parseFile('{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}', 'a.yaml', {})
    expect(parsed.diagnostics.map((diagnostic) => diagnostic.severity)).toEqual(['warning'])
    expect(parsed.hasNameless).toBe(false)
  })

  test('of thousands of mistakes the first are listed and the rest counted; every broken object is known', () => {
    const foreign = Array.from(
      { length: 1_002 },
      (_, n) => `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d${n}}}`,
    )
    const broken = Array.from({ length: 1_003 }, (_, n) => service(`s${n}`).replace('port: 80', 'port: http'))
    const { diagnostics, brokenKeys } = parseFile([...foreign, ...broken].join('\n---\n'), 'a.yaml', {})
    expect(diagnostics).toHaveLength(2_002)
    expect(diagnostics.slice(-2).map(formatDiagnostic)).toEqual([
      expect.stringMatching(/: error: 3 more errors of this file are not listed; mend those that are$/),
      expect.stringMatching(/: warning: 2 more warnings of this file are not listed; mend those that are$/),
    ])
    expect(brokenKeys.size).toBe(1_003)
  })

  test('a mistake in a list item is found in the list', () => {
    const text = 'kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: A\n'
    expect(messages(text)).toEqual([
      'a.yaml:7:5: error: metadata.name: "A" is no valid name; use lower-case letters, digits and "-" with a letter or digit at both ends',
      'a.yaml:4:3: error: spec.ports: ports is missing; add a port',
    ])
  })

  test('broken syntax is unparsable; what stands before it is read', () => {
    const parsed = parseFile(`${service('a')}---\nkind: "`, 'a.yaml', {})
    expect(parsed.isUnparsable).toBe(true)
    expect(parsed.entries.map((entry) => entry.key)).toEqual(['/Service/default/a'])
  })

  test('no value of a Secret reaches a diagnostic', () => {
    const text = '{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: "hunter 2"}, stringData: {j: [hunter]}}'
    expect(messages(text)).toHaveLength(2)
    expect(messages(text).join()).not.toContain('hunter')
  })
})
