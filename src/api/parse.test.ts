import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import type { HTTPRoute } from './gen/types.ts'
import { type ParseOptions, parseObject } from './parse.ts'
import type { ParseProblem } from './parse-problem.ts'

const route = (spec: string): unknown =>
  parseYaml(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop}
spec: ${spec}`)

const gateway = (spec: string): unknown =>
  parseYaml(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: fairlead, ${spec}}`)

function problemsOf(raw: unknown, options: ParseOptions = {}): readonly ParseProblem[] {
  const result = parseObject(raw, options)
  return result.ok ? [] : result.error
}

function inShort(raw: unknown, options: ParseOptions = {}): readonly string[] {
  return problemsOf(raw, options).map(({ field, message, remedy }) => `${field}: ${message}; ${remedy}`)
}

function parsed(raw: unknown, options: ParseOptions = {}): HTTPRoute {
  const result = parseObject(raw, options)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  if (result.value.kind !== 'HTTPRoute') throw new Error(`not an HTTPRoute: ${result.value.kind}`)
  return result.value
}

describe('parseObject', () => {
  test('fills in the defaults of the schema, those inside defaults included', () => {
    expect(parsed(route('{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: a, port: 80}]}]}')).spec).toEqual({
      parentRefs: [{ name: 'edge', group: 'gateway.networking.k8s.io', kind: 'Gateway' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: 'a', port: 80, group: '', kind: 'Service', weight: 1 }],
        },
      ],
    })
  })

  test('defaults an absent list of rules to one rule that matches everything (HTTPRouteSpec.rules)', () => {
    expect(parsed(route('{}')).spec.rules).toEqual([{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }])
  })

  test('leaves out unknown fields and warns of each when it is told to drop them', () => {
    const warnings: ParseProblem[] = []
    const options = { unknownFields: 'drop', onWarning: (warning: ParseProblem) => warnings.push(warning) } as const
    const raw = { ...Object(route('{rules: [{later: {a: 1}, backendRefs: []}]}')), status: { parents: [], newer: 1 } }
    expect(parsed(raw, options)).toMatchObject({ status: { parents: [] } })
    expect(parsed(raw, options).spec.rules).toEqual(parsed(route('{rules: [{backendRefs: []}]}')).spec.rules)
    expect(warnings.slice(0, 2).map(({ severity, field, message }) => `${severity} ${field}: ${message}`)).toEqual([
      'warning spec.rules[0].later: unknown field "later" is ignored',
      'warning status.newer: unknown field "newer" is ignored',
    ])
  })

  test('refuses what else is wrong while it drops unknown fields', () => {
    expect(inShort(route('{later: 1, hostnames: [A]}'), { unknownFields: 'drop' })).toHaveLength(1)
  })

  test('keeps a value that was given where there is a default', () => {
    const [rule] = parsed(route('{rules: [{backendRefs: [{name: a, port: 80, weight: 0}]}]}')).spec.rules
    expect(rule?.backendRefs?.[0]?.weight).toBe(0)
  })

  test('takes null for absent, as the API server prunes it', () => {
    const [rule] = parsed(route('{hostnames: null, rules: [{matches: null, name: null}]}')).spec.rules
    expect(rule).toEqual({ matches: [{ path: { type: 'PathPrefix', value: '/' } }] })
  })

  test('stores U+FFFD for half a surrogate pair, as an API server does', () => {
    const raw = { ...Object(route('{}')), spec: { rules: [{ name: 'a', matches: [{ path: { value: '/\ud800' } }] }] } }
    expect(parsed(raw).spec.rules[0]?.matches[0]?.path.value).toBe('/\ufffd')
  })

  test('leaves its input alone', () => {
    const raw = route('{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: a, port: 80}]}]}')
    const before = structuredClone(raw)
    parseObject(raw)
    expect(raw).toEqual(before)
  })

  test('shares no mutable default between objects', () => {
    const [first] = parsed(route('{}')).spec.rules
    expect(Object.isFrozen(first?.matches)).toBe(true)
    expect(Object.isFrozen(first?.matches[0]?.path)).toBe(true)
  })

  test('reads v1beta1 as v1', () => {
    const raw = { ...(route('{}') as object), apiVersion: 'gateway.networking.k8s.io/v1beta1' }
    expect(parsed(raw).apiVersion).toBe('gateway.networking.k8s.io/v1')
  })

  test('puts namespaced objects without a namespace into the default one', () => {
    const raw = { ...(route('{}') as object), metadata: { name: 'orders' } }
    expect(parsed(raw).metadata).toEqual({ name: 'orders', namespace: 'default', generation: 0 })
    expect(parsed(raw, { defaultNamespace: 'team' }).metadata.namespace).toBe('team')
  })

  test('gathers every mistake, each with its field', () => {
    const raw = route('{hostnames: [A], rules: [{matches: [{path: {type: Prefix}}]}, {backendRefs: [{port: "80"}]}]}')
    expect(problemsOf(raw).map((problem) => [problem.field, problem.reason])).toEqual([
      ['spec.hostnames[0]', 'InvalidValue'],
      ['spec.rules[0].matches[0].path.type', 'InvalidValue'],
      ['spec.rules[1].backendRefs[0].port', 'WrongType'],
      ['spec.rules[1].backendRefs[0].name', 'MissingField'],
    ])
  })

  test('lists no more than a hundred mistakes and counts the rest', () => {
    const headers = Array.from({ length: 16 }, (_, n) => `{name: "h ${n}", value: 1}`).join()
    const rules = Array.from({ length: 16 }, () => `{matches: [{headers: [${headers}]}]}`).join()
    const problems = problemsOf(route(`{rules: [${rules}]}`))
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)?.message).toBe('412 more problems in this object')
  })

  test('does not look into a list that is too long', () => {
    const rules = Array.from({ length: 10_000 }, () => '{bad: true}').join()
    expect(inShort(route(`{rules: [${rules}]}`))).toEqual([
      'spec.rules: has 10000 items, 16 are allowed; remove items or split the object',
    ])
  })

  test.each([42, 'text', null, [], undefined])('refuses %j, which is no object', (raw) => {
    expect(problemsOf(raw)).toMatchObject([{ severity: 'error', reason: 'NotAnObject', field: '' }])
  })
})

describe('messages', () => {
  test.each([
    ['{hostname: [a]}', 'spec.hostname: unknown field "hostname"; did you mean hostnames?'],
    ['{rules: [{backendRef: []}]}', 'spec.rules[0].backendRef: unknown field "backendRef"; did you mean backendRefs?'],
    ['{rules: [{cors: {}}]}', 'spec.rules[0].cors: unknown field "cors"; it belongs at spec.rules[].filters[].cors'],
    [
      '{rules: [{matches: [{path: {value: 8080}}]}]}',
      'spec.rules[0].matches[0].path.value: must be text, but 8080 is a number; put it in quotes',
    ],
    [
      '{rules: [{backendRefs: [{name: a, port: "80"}]}]}',
      'spec.rules[0].backendRefs[0].port: must be a whole number, but "80" is text; remove the quotes',
    ],
    [
      '{rules: [{backendRefs: [{name: a, port: 0}]}]}',
      'spec.rules[0].backendRefs[0].port: 0 is out of range; write a number from 1 to 65535',
    ],
    [
      '{rules: [{backendRefs: {name: a, port: 80}}]}',
      'spec.rules[0].backendRefs: must be a list, but {"name":"a","port":80} is a mapping; write a list: start each item with "- "',
    ],
    [
      '{rules: [{matches: [{method: get}]}]}',
      'spec.rules[0].matches[0].method: "get" is not one of the allowed values; did you mean GET? Allowed: GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH',
    ],
    [
      '{rules: [{timeouts: {request: 1d}}]}',
      'spec.rules[0].timeouts.request: "1d" is not allowed here; write a duration such as 1m30s or 500ms: numbers with a unit h, m, s or ms',
    ],
    [
      '{rules: [{matches: [{path: {value: true}}]}]}',
      'spec.rules[0].matches[0].path.value: must be text, but true is a boolean; put it in quotes: bare y, n, yes, no, on and off are booleans in YAML',
    ],
    ['{parentRefs: [{}]}', 'spec.parentRefs[0].name: name is missing; add name'],
    [
      '{rules: [{matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]}]}',
      'spec.rules[0].matches[0].headers[1]: item 1 repeats item 0: the same name; remove one of them or make them differ',
    ],
    [
      '{rules: [{sessionPersistence: {}}]}',
      'spec.rules[0].sessionPersistence: unknown field "sessionPersistence"; it exists in the experimental channel only; remove it or use that channel',
    ],
  ])('%s: %s', (spec, message) => {
    expect(inShort(route(spec))).toEqual([message])
  })

  test('a field whose words spell a field below is led there', () => {
    const raw = gateway(
      'listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selectorLabels: {}}}}]',
    )
    expect(inShort(raw)).toEqual([
      'spec.listeners[0].allowedRoutes.namespaces.selectorLabels: unknown field "selectorLabels"; did you mean selector.matchLabels?',
    ])
  })

  test('a value is never cut within a character', () => {
    const text = problemsOf(route(`{hostnames: ["${'x'.repeat(77)}😀${'x'.repeat(80)}"]}`))[0]?.message ?? ''
    expect(text).toMatch(/x\ufffd…/)
    expect(text.isWellFormed()).toBe(true)
  })

  test('a long value is cut short', () => {
    const [message = ''] = inShort(route(`{hostnames: ["${'A'.repeat(200)}"]}`))
    expect(message).toContain(`${'A'.repeat(50)}`)
    expect(message).not.toContain('A'.repeat(100))
  })

  test('an experimental field is taken in the experimental channel', () => {
    const raw = route('{rules: [{sessionPersistence: {type: Cookie}}]}')
    expect(inShort(raw, { channel: 'experimental' })).toEqual([])
  })
})

describe('oneOf (GatewaySpecAddress)', () => {
  const address = (text: string): unknown =>
    gateway(`listeners: [{name: a, port: 80, protocol: HTTP}], addresses: [${text}]`)

  test.each([
    '{value: 192.0.2.1}',
    '{value: "2001:db8::1"}',
    '{type: Hostname, value: a.example.com}',
    '{type: IPAddress}',
  ])('takes %s', (text) => {
    expect(inShort(address(text))).toEqual([])
  })

  test('names the value that does not fit its type', () => {
    expect(inShort(address('{type: IPAddress, value: edge.example.com}'))).toEqual([
      'spec.addresses[0].value: "edge.example.com" does not fit: type is "IPAddress"; write an IPv4 address, such as 192.0.2.1 or an IPv6 address, such as 2001:db8::1',
    ])
  })
})

describe('status', () => {
  const withStatus = (status: unknown): unknown => ({ ...(route('{}') as object), status })

  test('a good status is kept', () => {
    const status = { parents: [] }
    expect(parsed(withStatus(status)).status).toEqual(status)
  })

  test('a bad status is left out with a warning, since it is not the user who writes it', () => {
    const warnings: ParseProblem[] = []
    const object = parsed(withStatus({ parents: 3 }), { onWarning: (problem) => warnings.push(problem) })
    expect(object).not.toHaveProperty('status')
    expect(warnings).toMatchObject([{ severity: 'warning', reason: 'IgnoredStatus', field: 'status.parents' }])
  })

  test('a Gateway starts with the conditions that the API server gives it', () => {
    const result = parseObject(gateway('listeners: [{name: a, port: 80, protocol: HTTP}]'))
    expect(result.ok && 'status' in result.value && result.value.status).toMatchObject({
      conditions: [
        { type: 'Accepted', status: 'Unknown', reason: 'Pending' },
        { type: 'Programmed', status: 'Unknown', reason: 'Pending' },
      ],
    })
  })
})

describe('rules', () => {
  const raw = route('{rules: [{filters: [{type: RequestRedirect}]}]}')

  test('are not looked at without an evaluator', () => {
    expect(problemsOf(raw)).toEqual([])
  })

  test('are asked about values with defaults, and a broken one is reported at its value', () => {
    const asked: unknown[] = []
    const options: ParseOptions = {
      checkRules: (rules, { self }, walk) => {
        asked.push(self)
        if (rules.some(({ rule }) => rule.includes('requestRedirect'))) walk.report('RuleBroken', 'broken')
      },
    }
    const fields = problemsOf(raw, options).map((problem) => [problem.reason, problem.field])
    expect(fields).toContainEqual(['RuleBroken', 'spec.rules[0].filters[0]'])
    expect(asked).toContainEqual({ type: 'RequestRedirect' })
  })

  test('are not asked about a value that is structurally wrong', () => {
    const asked: unknown[] = []
    const broken = route('{rules: [{filters: [{type: 3}]}]}')
    problemsOf(broken, { checkRules: (_, { self }) => asked.push(self) })
    expect(asked).not.toContainEqual({ type: 3 })
  })
})
