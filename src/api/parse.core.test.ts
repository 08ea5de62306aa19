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
      'spec.ports[1].name: "a" is that of item 0 too; change one of them',
    ],
    [
      '{ports: [{port: 80, name: a}, {port: 80, name: b}]}',
      'spec.ports[1]: item 1 repeats item 0: the same port and protocol; remove one of them or make them differ',
    ],
    ['{}', 'spec.ports: ports is missing; add a port'],
    [
      '{ports: [{port: 80, targetPort: "80"}]}',
      'spec.ports[0].targetPort: "80" is no name of a port; remove the quotes',
    ],
    [
      '{ports: [{port: 80, nodePort: 30080}]}',
      'spec.ports[0].nodePort: nodePort is set, but a Service of type ClusterIP has none; remove it, or use type: NodePort',
    ],
    [
      '{ports: [{port: 80}], selector: {a: "b c"}}',
      'spec.selector.a: "b c" is no valid label value; use at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends; or an annotation',
    ],
    [
      '{ports: [{port: 80}], externalIPs: [127.0.0.1]}',
      'spec.externalIPs[0]: "127.0.0.1" is loopback; use an address of a network',
    ],
    [
      '{type: LoadBalancer, ports: [{port: 80}], loadBalancerSourceRanges: [10.0.0.1/8]}',
      'spec.loadBalancerSourceRanges[0]: "10.0.0.1/8" has bits behind the length of its prefix; write for example 10.0.0.0/8',
    ],
    [
      '{ports: [{port: 80}], clusterIP: 10.0.0.256}',
      'spec.clusterIP: "10.0.0.256" is no IP address; correct or remove it',
    ],
    [
      '{ports: [{port: 80}], ipFamilies: [IPv4, IPv6]}',
      'spec.ipFamilyPolicy: there are several addresses or families, but the policy is SingleStack; use PreferDualStack',
    ],
    [
      '{ports: [{port: 80}], externalTrafficPolicy: Local}',
      'spec.externalTrafficPolicy: externalTrafficPolicy is set, but nothing outside reaches the Service; remove externalTrafficPolicy, or use another type',
    ],
    [
      '{type: ExternalName, externalName: A.com}',
      'spec.externalName: "A.com" is no DNS name; use lower-case letters, digits, "-" and "."',
    ],
    ['{type: ExternalName}', 'spec.externalName: externalName is missing; add it, or use another type'],
  ])('%s is refused: %s', (spec, message) => {
    expect(bad(service(spec))).toEqual([message])
  })

  test.each([
    '{clusterIP: None}',
    '{type: "", sessionAffinity: "", ports: [{port: 80, protocol: "", targetPort: 0}]}',
    '{type: NodePort, ports: [{port: 80, nodePort: 30080}], externalTrafficPolicy: Local}',
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
      'addressType: IPv6, endpoints: [{addresses: ["2001:DB8::1"]}]',
      'endpoints[0].addresses[0]: "2001:DB8::1" is written 2001:db8::1; correct it, or use a slice of its own for each addressType',
    ],
    [
      'addressType: FQDN, endpoints: [{addresses: [shop]}]',
      'endpoints[0].addresses[0]: "shop" is no DNS name of two labels or more; correct it, or use a slice of its own for each addressType',
    ],
    [
      'addressType: IPv4, ports: [{name: a}, {name: a}]',
      'ports[1].name: "a" is that of item 0 too; change one of them',
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

  test.each([
    [
      'type: kubernetes.io/ssh-auth',
      'data.ssh-privatekey: ssh-privatekey is missing; a Secret of type kubernetes.io/ssh-auth has ssh-privatekey',
    ],
    ['type: kubernetes.io/basic-auth', 'data: username and password are both missing; add one of them'],
    [
      'type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: x}',
      'data[".dockerconfigjson"]: the value (not shown) is no JSON; correct it',
    ],
    ['stringData: {"a b": x}', 'data["a b"]: "a b" is no valid key; use at most 253 letters, digits, "-", "_" and "."'],
  ])('%s is refused: %s', (rest, message) => {
    expect(bad(secret(rest))).toEqual([message])
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

  test('has each key once, and no more than a mebibyte', () => {
    const map = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, '
    expect(bad(`${map}data: {k: x}, binaryData: {k: YQ==}}`)).toEqual([
      'data.k: k is in binaryData too; remove one of them',
    ])
    expect(bad(`${map}data: {k: ${'x'.repeat(1_048_577)}}}`)).toEqual([
      ': the data has 1048577 bytes, 1048576 are allowed; split it',
    ])
  })
})
