import { describe, expect, test } from 'vitest'
import { type ParseOptions, parseObject } from './parse.ts'

function problems(apiVersion: unknown, kind: unknown, metadata: unknown = { name: 'a' }, options: ParseOptions = {}) {
  const result = parseObject({ apiVersion, kind, metadata, spec: {} }, options)
  return result.ok ? [] : result.error
}

function texts(apiVersion: unknown, kind: unknown): readonly string[] {
  return problems(apiVersion, kind).map((one) => `${one.severity} ${one.field}: ${one.message}; ${one.remedy}`)
}

describe('kind and apiVersion', () => {
  test.each([
    [
      'gateway.networking.k8s.io/v1',
      'HTTPRoutes',
      'error kind: there is no kind "HTTPRoutes" of "gateway.networking.k8s.io/v1"; did you mean kind: HTTPRoute?',
    ],
    [
      'gateway.networking.k8s.io/v1',
      'httproute',
      'error kind: there is no kind "httproute" of "gateway.networking.k8s.io/v1"; did you mean kind: HTTPRoute?',
    ],
    [
      'gateway.networking.k8s.io/v1',
      'Mesh',
      'error kind: there is no kind "Mesh" of "gateway.networking.k8s.io/v1"; use one of BackendTLSPolicy, GRPCRoute, Gateway, GatewayClass, HTTPRoute, ListenerSet, ReferenceGrant, TCPRoute, TLSRoute, UDPRoute',
    ],
    [
      'gateway.networking.k8s.io/v2',
      'HTTPRoute',
      'error apiVersion: version "v2" of HTTPRoute is not served; use gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1',
    ],
    [
      'gateway.networking.k8s.io/v1alpha2',
      'TCPRoute',
      'error apiVersion: version "v1alpha2" of TCPRoute is not served (the experimental channel serves it); use gateway.networking.k8s.io/v1',
    ],
    [
      'gateway.network.k8s.io/v1',
      'HTTPRoute',
      'error apiVersion: there is no kind "HTTPRoute" of "gateway.network.k8s.io/v1"; did you mean apiVersion: gateway.networking.k8s.io/v1?',
    ],
    [
      'v1',
      'EndpointSlice',
      'error apiVersion: there is no kind "EndpointSlice" of "v1"; did you mean apiVersion: discovery.k8s.io/v1?',
    ],
    ['v1', 'Servce', 'error kind: there is no kind "Servce" of "v1"; did you mean kind: Service?'],
  ])('%s %s: %s', (apiVersion, kind, message) => {
    expect(texts(apiVersion, kind)).toEqual([message])
  })

  test.each([
    ['apps/v1', 'Deployment'],
    ['v1', 'Pod'],
    ['v1', 'ServiceAccount'],
    ['networking.istio.io/v1', 'Gateway'],
    ['gateway.networking.x-k8s.io/v1alpha1', 'XBackend'],
    ['constructor/v1', 'toString'],
  ])('%s %s is ignored with a warning', (apiVersion, kind) => {
    expect(problems(apiVersion, kind)).toMatchObject([{ severity: 'warning', reason: 'IgnoredKind' }])
  })

  test.each([
    ['networking.k8s.io/v1', 'Ingress', 'write a Gateway and HTTPRoutes for what it does'],
    ['networking.istio.io/v1', 'Gateway', 'write a Gateway of gateway.networking.k8s.io'],
  ])('%s %s is ignored, and what to write instead is said', (apiVersion, kind, remedy) => {
    expect(problems(apiVersion, kind)).toMatchObject([{ severity: 'warning', reason: 'IgnoredKind', remedy }])
  })

  test('both are asked for at once when both are missing', () => {
    expect(problems(undefined, 1).map((one) => [one.field, one.reason])).toEqual([
      ['apiVersion', 'MissingField'],
      ['kind', 'WrongType'],
    ])
  })
})

describe('metadata', () => {
  const metadataProblems = (kind: string, metadata: unknown): readonly string[] => {
    const apiVersion = kind === 'Service' || kind === 'Namespace' ? 'v1' : 'gateway.networking.k8s.io/v1'
    const spec = kind === 'Service' ? { ports: [{ port: 80 }] } : {}
    const result = parseObject({ apiVersion, kind, metadata, spec })
    return result.ok ? [] : result.error.map((one) => `${one.field}: ${one.reason}`)
  }

  test.each([
    ['HTTPRoute', 'a.b-c.9'],
    ['HTTPRoute', 'a'.repeat(253)],
    ['Service', 'a'.repeat(63)],
    ['Namespace', '0'.repeat(63)],
  ])('%s may be named %s', (kind, name) => {
    expect(metadataProblems(kind, { name })).toEqual([])
  })

  test.each([
    ['HTTPRoute', 'a'.repeat(254), 'metadata.name: TooLong'],
    ['HTTPRoute', 'A', 'metadata.name: InvalidValue'],
    ['HTTPRoute', 'a_b', 'metadata.name: InvalidValue'],
    ['HTTPRoute', '-a', 'metadata.name: InvalidValue'],
    ['HTTPRoute', 'a..b', 'metadata.name: InvalidValue'],
    ['HTTPRoute', '', 'metadata.name: MissingField'],
    ['HTTPRoute', 7, 'metadata.name: WrongType'],
    ['Service', 'a.b', 'metadata.name: InvalidValue'],
    ['Service', 'a.b', 'metadata.name: InvalidValue'],
    ['Service', 'a'.repeat(64), 'metadata.name: TooLong'],
    ['Namespace', 'a.b', 'metadata.name: InvalidValue'],
  ])('%s may not be named %j', (kind, name, problem) => {
    expect(metadataProblems(kind, { name })).toEqual([problem])
  })

  test.each([
    [{ name: 'a', namespace: 'A' }, 'metadata.namespace: InvalidValue'],
    [{ name: 'a', labels: { 'a/b/c': 'x' } }, 'metadata.labels["a/b/c"]: InvalidValue'],
    [{ name: 'a', labels: { a: 'x y' } }, 'metadata.labels.a: InvalidValue'],
    [{ name: 'a', labels: { a: true } }, 'metadata.labels.a: WrongType'],
    [{ name: 'a', labels: { a: 'x'.repeat(64) } }, 'metadata.labels.a: InvalidValue'],
    [{ name: 'a', annotations: { 'a b': 'x' } }, 'metadata.annotations["a b"]: InvalidValue'],
    [{ name: 'a', creationTimestamp: 'yesterday' }, 'metadata.creationTimestamp: InvalidValue'],
    [{ name: 'a', lables: {} }, 'metadata.lables: UnknownField'],
    [{ generateName: 'a-' }, 'metadata.name: MissingField'],
    ['text', 'metadata: WrongType'],
    [undefined, 'metadata.name: MissingField'],
  ])('%j is refused', (metadata, problem) => {
    expect(metadataProblems('HTTPRoute', metadata)).toEqual([problem])
  })

  test('what kubectl prints is taken', () => {
    const metadata = {
      name: 'a',
      namespace: 'b',
      uid: '5e1c',
      resourceVersion: '12',
      generation: 3,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { 'app.kubernetes.io/name': 'a', empty: '' },
      annotations: { 'Example.com/Note': 'any text\nat all' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'a', uid: 'u', controller: true }],
      finalizers: ['a/b'],
      managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} } }],
    }
    expect(metadataProblems('HTTPRoute', metadata)).toEqual([])
  })
})
