import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../api/core.ts'
import { mustParse } from '../../testing/pipeline-rig.ts'
import { compileEndpoints, refusedSlices, sliceKeys } from './endpoints.ts'

function service(spec: Readonly<Record<string, unknown>>): Service {
  const object = mustParse({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec })
  if (object.kind !== 'Service') {
    throw new Error('not a Service')
  }
  return object
}

function slice(
  name: string,
  rest: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly value: EndpointSlice } {
  const metadata = { name, labels: { 'kubernetes.io/service-name': 'a' } }
  const object = mustParse({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, ...rest })
  if (object.kind !== 'EndpointSlice') {
    throw new Error('not an EndpointSlice')
  }
  return { key: `default/${name}`, value: object }
}

const ports = [{ name: 'http', port: 8080 }]
const web = service({ ports: [{ name: 'http', port: 80 }] })

describe('compileEndpoints', () => {
  test('merges slices of both families into one sorted list without duplicates', () => {
    const four = slice('v4', {
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.2'] }, { addresses: ['10.0.0.1'], zone: 'z1' }],
    })
    const six = slice('v6', { addressType: 'IPv6', ports, endpoints: [{ addresses: ['fd00::1'] }] })
    const again = slice('z', { addressType: 'IPv4', ports, endpoints: [{ addresses: ['10.0.0.2'] }] })
    expect(compileEndpoints(web, [four, six, again])).toEqual([
      {
        name: 'default/a/80',
        endpoints: [
          { address: '10.0.0.1', port: 8080, zone: 'z1', state: 'ready' },
          { address: '10.0.0.2', port: 8080, state: 'ready' },
          { address: 'fd00::1', port: 8080, state: 'ready' },
        ],
      },
    ])
  })

  test.each([
    [{}, 'ready'],
    [{ ready: true }, 'ready'],
    [{ ready: false }, undefined],
    [{ ready: false, serving: true, terminating: true }, 'draining'],
    [{ ready: false, serving: false, terminating: true }, undefined],
    [{ ready: true, terminating: true }, 'draining'],
    [{ ready: false, serving: true }, undefined],
  ])('conditions %j mean %s (EndpointConditions)', (conditions, state) => {
    const only = slice('s', { addressType: 'IPv4', ports, endpoints: [{ addresses: ['10.0.0.1'], conditions }] })
    expect(compileEndpoints(web, [only])[0]?.endpoints.map((endpoint) => endpoint.state)).toEqual(state ? [state] : [])
  })

  test('publishNotReadyAddresses takes endpoints that are not ready', () => {
    const only = slice('s', {
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }],
    })
    const eager = service({ ports: [{ name: 'http', port: 80 }], publishNotReadyAddresses: true })
    expect(compileEndpoints(eager, [only])[0]?.endpoints).toHaveLength(1)
  })

  test('an address that is ready in one slice and draining in another is ready', () => {
    const terminating = { ready: false, serving: true, terminating: true }
    const old = slice('a', {
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.1'], conditions: terminating }],
    })
    const now = slice('b', { addressType: 'IPv4', ports, endpoints: [{ addresses: ['10.0.0.1'] }] })
    for (const slices of [
      [old, now],
      [now, old],
    ]) {
      expect(compileEndpoints(web, slices)[0]?.endpoints).toEqual([{ address: '10.0.0.1', port: 8080, state: 'ready' }])
    }
  })

  test('slices are matched to Service ports by name and UDP ports are left out', () => {
    const two = service({
      ports: [
        { name: 'http', port: 80 },
        { name: 'other', port: 81 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    })
    const only = slice('s', {
      addressType: 'IPv4',
      ports: [{ name: 'other', port: 9 }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    })
    expect(compileEndpoints(two, [only])).toEqual([
      { name: 'default/a/80', endpoints: [] },
      { name: 'default/a/81', endpoints: [{ address: '10.0.0.1', port: 9, state: 'ready' }] },
    ])
  })

  test('a port that was given a name keeps its endpoints until the slices know the name', () => {
    const selector = { app: 'a' }
    const renamed = service({ selector, ports: [{ name: 'web', port: 80, targetPort: 8080 }] })
    const endpoints = [{ addresses: ['10.0.0.1'] }]
    const old = slice('old', { addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], endpoints })
    const now = slice('now', { addressType: 'IPv4', ports: [{ name: 'web', port: 8080 }], endpoints: [] })
    const addresses = (of: Service, ...slices: Parameters<typeof compileEndpoints>[1]) =>
      compileEndpoints(of, slices)[0]?.endpoints.map(({ address }) => address)
    expect(addresses(renamed, old)).toEqual(['10.0.0.1'])
    // Once a slice knows the name, the others are what is left over.
    expect(addresses(renamed, old, now)).toEqual([])
    const other = service({ selector, ports: [{ name: 'web', port: 80, targetPort: 9090 }] })
    expect(addresses(other, old)).toEqual([])
    const byHand = service({ ports: [{ name: 'web', port: 80, targetPort: 8080 }] })
    expect(addresses(byHand, old)).toEqual([])
  })

  test.each([0, -1, 65_536])('port %d of a slice, which the API server lets pass, gives no endpoint', (port) => {
    const odd = slice('odd', {
      addressType: 'IPv4',
      ports: [{ name: 'http', port }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    })
    expect(compileEndpoints(web, [odd])).toEqual([{ name: 'default/a/80', endpoints: [] }])
  })

  test('names instead of addresses are refused', () => {
    const named = slice('s', { addressType: 'FQDN', ports, endpoints: [{ addresses: ['example.com'] }] })
    expect(compileEndpoints(web, [named])[0]?.endpoints).toEqual([])
    expect(refusedSlices([named])).toEqual(['default/s'])
  })

  test('a slice belongs to the Service of its label', () => {
    expect(sliceKeys(slice('s', { addressType: 'IPv4', endpoints: [] }).value)).toEqual(['default/a'])
  })
})
