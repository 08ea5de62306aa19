import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import type { KubernetesObject } from './kinds.ts'
import { parseObject } from './parse.ts'

function good(yaml: string): KubernetesObject {
  const result = parseObject(parseYaml(yaml))
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

function bad(yaml: string): readonly string[] {
  const result = parseObject(parseYaml(yaml))
  return result.ok ? [] : result.error.map(({ field, message, remedy }) => `${field}: ${message}; ${remedy}`)
}

describe('Namespace', () => {
  test('is labelled with its name and is in no namespace', () => {
    expect(good('{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {a: b}}}').metadata).toEqual({
      name: 'shop',
      namespace: '',
      generation: 0,
      labels: { a: 'b', 'kubernetes.io/metadata.name': 'shop' },
    })
  })

  test('may not name a namespace', () => {
    expect(bad('{apiVersion: v1, kind: Namespace, metadata: {name: shop, namespace: x}}')).toEqual([
      'metadata.namespace: objects of this kind are not in a namespace; remove it',
    ])
  })
})

describe('Service', () => {
  const service = (spec: string): string => `{apiVersion: v1, kind: Service, metadata: {name: a}, spec: ${spec}}`

  test('gets type, protocol and target port', () => {
    expect(good(service('{ports: [{port: 80}]}'))).toMatchObject({
      spec: { type: 'ClusterIP', sessionAffinity: 'None', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
    })
  })

  test('keeps a target port by name', () => {
    expect(good(service('{ports: [{port: 80, targetPort: http}]}'))).toMatchObject({
      spec: { ports: [{ targetPort: 'http' }] },
    })
  })

  test.each([
    [
      '{ports: [{port: 80}, {port: 81, name: a}]}',
      'spec.ports[0].name: name is missing; name every port of a Service with several',
    ],
    [
      '{ports: [{port: 80, name: a}, {port: 81, name: a}]}',
      'spec.ports[1].name: "a" is the name of ports[0] too; rename one',
    ],
    [
      '{ports: [{port: 80, name: a}, {port: 80, name: b}]}',
      'spec.ports[1]: item 1 repeats item 0: the same port and protocol; remove one of them or make them differ',
    ],
    ['{}', 'spec.ports: ports is missing; add a port'],
    ['{type: ExternalName}', 'spec.externalName: externalName is missing; add it, or use another type'],
  ])('%s is refused: %s', (spec, message) => {
    expect(bad(service(spec))).toEqual([message])
  })

  test.each([
    '{clusterIP: None}',
    '{type: ExternalName, externalName: a.example.com}',
    '{ports: [{port: 53, name: a}, {port: 53, name: b, protocol: UDP}]}',
  ])('%s is taken', (spec) => {
    expect(bad(service(spec))).toEqual([])
  })
})

describe('EndpointSlice', () => {
  const slice = (rest: string): string =>
    `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, ${rest}}`

  test('gets port protocol, port name and an empty list of endpoints', () => {
    expect(good(slice('addressType: IPv4, ports: [{port: 80}]'))).toMatchObject({
      endpoints: [],
      ports: [{ port: 80, protocol: 'TCP', name: '' }],
    })
  })

  test('takes a loopback address, which the API server does not: standalone backends are local', () => {
    expect(bad(slice('addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}]'))).toEqual([])
  })

  test.each([
    ['endpoints: []', 'addressType: addressType is missing; add addressType'],
    [
      'addressType: IPv4, endpoints: [{addresses: ["::1"]}]',
      'endpoints[0].addresses[0]: "::1" is no IPv4 address; correct it, or use a slice of its own for each addressType',
    ],
    [
      'addressType: IPv4, endpoints: [{addresses: []}]',
      'endpoints[0].addresses: must have at least 1 item; add an item',
    ],
    [
      'addressType: IPv4, endpoints: [{ready: true, addresses: [10.0.0.1]}]',
      'endpoints[0].ready: unknown field "ready"; it belongs at endpoints[].conditions.ready',
    ],
  ])('%s is refused: %s', (rest, message) => {
    expect(bad(slice(rest))).toEqual([message])
  })
})

describe('Secret', () => {
  const secret = (rest: string): string => `{apiVersion: v1, kind: Secret, metadata: {name: a}, ${rest}}`

  test('merges stringData into data, stringData first', () => {
    expect(good(secret('data: {a: b2xk, b: Yg==}, stringData: {a: "néw"}'))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a', namespace: 'default', generation: 0 },
      type: 'Opaque',
      data: { a: Buffer.from('néw').toString('base64'), b: 'Yg==' },
    })
  })

  test.each(['data: {k: "my password!"}', 'stringData: {k: {my password!: 1}}', 'data: my password!'])(
    'never quotes its values: %s',
    (rest) => {
      const messages = bad(secret(rest)).join()
      expect(messages).toContain('not shown')
      expect(messages).not.toContain('password')
    },
  )

  test('of type kubernetes.io/tls needs certificate and key', () => {
    expect(bad(secret('type: kubernetes.io/tls, stringData: {tls.crt: x}'))).toEqual([
      'data["tls.key"]: tls.key is missing; a Secret of type kubernetes.io/tls has tls.crt and tls.key',
    ])
  })

  test('takes base64 over several lines', () => {
    expect(bad(secret('data: {k: "YWJj\\nZGVm\\n"}'))).toEqual([])
  })
})

describe('ConfigMap', () => {
  test('keeps any key', () => {
    const raw: unknown = JSON.parse(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"__proto__":"x"}}',
    )
    const result = parseObject(raw)
    expect(result.ok && JSON.stringify(result.value)).toContain('"data":{"__proto__":"x"}')
  })
})
