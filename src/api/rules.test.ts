import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { compileExpression } from './cel.ts'
import { compileSchema } from './compile.ts'
import { gatewayApiKinds } from './gen/schemas.ts'
import { parseObject } from './parse.ts'
import { wordsOf } from './rule-words.ts'
import { checkRules } from './rules.ts'
import type { Rule, Schema } from './schema.ts'
import { checkTransitions } from './transitions.ts'
import { Walk } from './walk.ts'

/** What is said of an object, `field: message; remedy` each. */
function said(kind: string, spec: string, oldSpec?: string): readonly string[] {
  const raw = (text: string): unknown =>
    parseYaml(`{apiVersion: gateway.networking.k8s.io/v1, kind: ${kind}, metadata: {name: a}, spec: ${text}}`)
  const old = oldSpec === undefined ? undefined : parseObject(raw(oldSpec))
  const oldObject = old?.ok === true ? old.value : undefined
  const result = parseObject(raw(spec), { checkRules, oldObject, channel: 'experimental' })
  return result.ok ? [] : result.error.map(({ field, message, remedy }) => `${field}: ${message}; ${remedy}`)
}

/** What is said of a value of a schema. */
function saidOf(schema: Schema, self: unknown, old?: unknown): readonly string[] {
  const walk = new Walk({ remedyForUnknown: () => '', checkRules })
  const copy = compileSchema(schema)(self, walk)
  checkTransitions(schema, { self: copy, old }, walk)
  return walk.finish().map(({ reason, field, message }) => `${reason} ${field}: ${message}`)
}

function ruleOf(rule: string, more: Partial<Rule> = {}): Schema {
  const properties = { a: { type: 'integer' }, b: { type: 'integer' } } as const
  return { type: 'object', properties, rules: [{ rule, message: 'says the schema', ...more }] }
}

const everyRule: readonly Rule[] = (() => {
  const found = new Map<string, Rule>()
  const seen = new Set<Schema>()
  const visit = (schema: Schema): void => {
    if (seen.has(schema)) return
    seen.add(schema)
    for (const rule of schema.rules ?? []) found.set(rule.rule, rule)
    if (schema.type === 'object') for (const child of Object.values(schema.properties)) visit(child)
    if (schema.type === 'array') visit(schema.items)
    if (schema.type === 'map') visit(schema.values)
  }
  for (const { channels } of gatewayApiKinds) {
    for (const versions of [channels.standard, channels.experimental])
      for (const schema of Object.values(versions)) visit(schema)
  }
  return [...found.values()]
})()

describe('every rule of the Gateway API', () => {
  test.each(everyRule.map((rule) => [rule.message, rule] as const))('%s: compiles and has words of ours', (_, rule) => {
    expect(() => compileExpression(rule.rule)).not.toThrow()
    const words = wordsOf(rule.message)
    expect(words).toBeDefined()
    expect(words?.[0]).not.toBe(rule.message)
  })
})

const backend = 'backendRefs: [{name: a, port: 80}]'

describe('HTTPRoute', () => {
  test.each([
    [`rules: [{${backend}}, {name: x, ${backend}}]`, []],
    [
      'parentRefs: [{name: gw}, {name: gw, sectionName: a}]',
      [
        'spec.parentRefs[1]: items 0 and 1: the same Gateway or Service is named, once with a sectionName or port and once without; give all of them a sectionName (or all a port), or keep only the one without',
      ],
    ],
    [
      'parentRefs: [{name: gw, namespace: a}, {name: gw, namespace: a}]',
      [
        'spec.parentRefs[1]: items 0 and 1: the same Gateway or Service is named twice with the same sectionName and port; remove all but one',
      ],
    ],
    ['parentRefs: [{name: gw, namespace: a}, {name: gw, namespace: b}]', []],
    [
      `rules: [{name: x}, {name: y}, {name: x}]`,
      ['spec.rules[2]: items 0 and 2 have the same name "x"; rename one of them'],
    ],
    [
      'rules: [{backendRefs: [{name: a}]}]',
      [
        'spec.rules[0].backendRefs[0]: Service "a" is named without a port; add port: the port of the Service, not of its pods',
      ],
    ],
    [
      'rules: [{matches: [{path: {value: shop}}]}]',
      [
        'spec.rules[0].matches[0].path: path "shop" does not start with "/"; put a "/" in front; a regular expression needs type: RegularExpression',
      ],
    ],
    ['rules: [{matches: [{path: {type: RegularExpression, value: shop}}]}]', []],
    [
      'rules: [{matches: [{path: {value: /a/%2F}}]}]',
      [
        'spec.rules[0].matches[0].path: path "/a/%2F" has "%2F", which no request has after its path was made plain; write the plain path, or use type: RegularExpression',
      ],
    ],
    [
      'rules: [{filters: [{type: URLRewrite}]}]',
      ['spec.rules[0].filters[0]: type is URLRewrite, but urlRewrite is missing; add urlRewrite, or correct the type'],
    ],
    [
      'rules: [{filters: [{type: CORS, cors: {allowMethods: ["*", GET]}}]}]',
      [
        'spec.rules[0].filters[0].cors.allowMethods: "*" stands for all, so nothing can stand beside it; keep "*" alone, or remove it',
      ],
    ],
    [
      'rules: [{timeouts: {request: 1s, backendRequest: 2s}}]',
      [
        'spec.rules[0].timeouts: backendRequest "2s" is longer than request "1s", of which it is a part; shorten backendRequest or lengthen request; "0s" means no limit',
      ],
    ],
    ['rules: [{timeouts: {request: 0s, backendRequest: 2s}}]', []],
  ])('%s: %j', (spec, problems) => {
    expect(said('HTTPRoute', `{${spec}}`)).toEqual(problems)
  })

  test('of many rules those that are good are left alone', () => {
    const bad = '{matches: [{path: {value: a}}]}'
    expect(said('HTTPRoute', `{rules: [{${backend}}, ${bad}, {${backend}}]}`)).toHaveLength(1)
  })

  test('a rule that cannot be evaluated refuses, as in the API server', () => {
    const filters = '[{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]'
    expect(said('HTTPRoute', `{rules: [{matches: [], filters: ${filters}}]}`)).toHaveLength(1)
  })
})

describe('Gateway', () => {
  const listener = (rest: string): string =>
    `{gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}, ${rest}]}`

  test.each([
    [
      '{name: b, port: 81, protocol: HTTP, tls: {options: {a: b}}}',
      'spec.listeners[1]: item 1: tls is set on a listener of protocol "HTTP"; use protocol: HTTPS or TLS, or remove tls',
    ],
    [
      '{name: a, port: 81, protocol: HTTP}',
      'spec.listeners[1]: item 1 repeats item 0: the same name; remove one of them or make them differ',
    ],
    [
      '{name: b, port: 80, protocol: HTTP}',
      'spec.listeners[1]: items 0 and 1 have the same port, protocol and hostname; change one of them, or remove one listener',
    ],
    [
      '{name: b, port: 443, protocol: HTTPS, tls: {}}',
      'spec.listeners[1].tls: TLS ends here, but there is no certificate; add certificateRefs: a Secret of type kubernetes.io/tls',
    ],
  ])('%s is refused: %s', (rest, problem) => {
    expect(said('Gateway', listener(rest))).toContain(problem)
  })
})

describe('a rule about the keys of a mapping', () => {
  test('is reported at the key (GatewayInfrastructure.labels)', () => {
    const spec =
      '{gatewayClassName: c, infrastructure: {labels: {A B: c}}, listeners: [{name: a, port: 80, protocol: HTTP}]}'
    expect(said('Gateway', spec)).toEqual([
      'spec.infrastructure.labels["A B"]: item A B: "A B" is no valid key; use name or prefix/name: at most 63 letters, digits, "-", "_" and "."',
    ])
  })
})

describe('a rule about changes', () => {
  test('is decided when the old object is known (GatewayClassSpec.controllerName)', () => {
    const problem =
      'spec.controllerName: cannot change from "a.com/x" to "a.com/y"; delete the object and create it anew'
    expect(said('GatewayClass', '{controllerName: a.com/y}', '{controllerName: a.com/x}')).toEqual([problem])
    expect(said('GatewayClass', '{controllerName: a.com/x}', '{controllerName: a.com/x}')).toEqual([])
    expect(said('GatewayClass', '{controllerName: a.com/y}')).toEqual([])
  })

  const grows: Schema = { type: 'integer', rules: [{ rule: 'self >= oldSelf', message: 'shrinks' }] }
  const item: Schema = { type: 'object', properties: { name: { type: 'string' }, n: grows } }
  const list: Schema = { type: 'array', list: 'map', keys: ['name'], items: item }

  test('pairs the items of a list by their keys, wherever they stand', () => {
    expect(
      saidOf(
        list,
        [
          { name: 'b', n: 1 },
          { name: 'a', n: 1 },
        ],
        [{ name: 'a', n: 2 }],
      ),
    ).toEqual(['RuleBroken [1].n: shrinks'])
  })

  test('pairs the values of a mapping by their names; a new value may be anything', () => {
    const map: Schema = { type: 'map', values: grows }
    expect(saidOf(map, { a: 1, b: 1 }, { a: 2 })).toEqual(['RuleBroken a: shrinks'])
  })

  test('with optionalOldSelf holds on creation too', () => {
    const schema = ruleOf('oldSelf.hasValue() || self.a == 1', { optionalOldSelf: true })
    expect(saidOf(schema, { a: 2 })).toEqual(['RuleBroken : says the schema'])
    expect(saidOf(schema, { a: 2 }, { a: 2 })).toEqual([])
  })
})

describe('a rule of another schema', () => {
  test('is reported at its fieldPath, with its reason', () => {
    const schema = ruleOf('has(self.b)', { fieldPath: '.b', reason: 'FieldValueRequired' })
    expect(saidOf(schema, {})).toEqual(['MissingField b: says the schema'])
  })

  test('gives its message by messageExpression, and the plain one when that fails', () => {
    const text = (messageExpression: string) => saidOf(ruleOf('self.a < 1', { messageExpression }), { a: 3 })
    expect(text('"a is " + string(int(self.a))')).toEqual(['RuleBroken : a is 3'])
    expect(text('self.c')).toEqual(['RuleBroken : says the schema'])
  })
})

describe('functions of Kubernetes in CEL', () => {
  test.each([
    ['isIP(self)', '::1', true],
    ['isIP(self)', '1.2.3', false],
    ['self.matches("^(?i)ab")', 'ABc', true],
    ['self.matches("b")', 'abc', true],
    ["self.split('/')[1] == 'b'", 'a/b', true],
    ['self.substring(2) == "c"', 'abc', true],
    ["duration(self) > duration('1s')", '1001ms', true],
    ['format.qualifiedName().validate(self).hasValue()', 'a/b', false],
    ['format.dns1123Subdomain().validate(self).hasValue()', 'A', true],
    ['format.dns1123Label().validate(self).hasValue()', 'a.b', true],
  ])('%s of %j is %s', (text, self, outcome) => {
    expect(compileExpression(text).run({ self })).toBe(outcome)
  })

  test('a field named like a word of the language is written with underscores', () => {
    expect(compileExpression('self.all(x, has(x.__namespace__))').run({ self: [{ namespace: 'a' }] })).toBe(true)
  })
})
