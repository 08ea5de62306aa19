/** What a cluster tells the translation beside objects, and what it asks of the cluster. */
import { beforeEach, describe, expect, test } from 'vitest'
import { revisionOf } from '../ir/infra.ts'
import { mustParse, type PipelineRig, pipelineRig } from '../testing/pipeline-rig.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const coreVersion = 'v1'

let rig: PipelineRig

function set(object: Readonly<Record<string, unknown>>): void {
  rig.set(mustParse({ apiVersion, ...object }))
}

function setGateway(changes: { readonly metadata?: object; readonly spec?: object } = {}): void {
  set({
    kind: 'Gateway',
    metadata: { name: 'gw', ...changes.metadata },
    spec: {
      gatewayClassName: 'fairlead',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
      ...changes.spec,
    },
  })
}

function service(name: string, ip: string) {
  return {
    apiVersion: coreVersion,
    kind: 'Service',
    metadata: { name },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    status: { loadBalancer: { ingress: [{ ip }] } },
  }
}

/** `<status> <reason>` of a condition; undefined when there is none. */
function condition(key: string, type: string): string | undefined {
  const conditions: unknown = rig.outputs.statuses.get(key)?.status.conditions
  const all: readonly Readonly<Record<string, unknown>>[] = Array.isArray(conditions) ? conditions : []
  const found = all.find((candidate) => candidate.type === type)
  return found && `${found.status} ${found.reason}: ${found.message}`
}

beforeEach(() => {
  rig = pipelineRig({ settings: { platform: { kind: 'kubernetes', ipv6: true } } })
  set({
    kind: 'GatewayClass',
    metadata: { name: 'fairlead' },
    spec: { controllerName: 'fairlead.dev/gateway-controller' },
  })
  set(service('gw-fairlead', '192.0.2.1'))
  setGateway()
  rig.graph.flush()
})

test('a mistake takes no address away: what serves keeps it, and DNS is made of it', () => {
  const addresses = () => rig.outputs.statuses.get('Gateway/default/gw')?.status.addresses
  expect(addresses()).toEqual([{ type: 'IPAddress', value: '192.0.2.1' }])
  setGateway({ spec: { infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'none' } } } })
  rig.graph.flush()
  expect(condition('Gateway/default/gw', 'Accepted')).toContain('False InvalidParameters')
  expect(addresses()).toEqual([{ type: 'IPAddress', value: '192.0.2.1' }])
})

describe('parameters that are looked up by name', () => {
  const ofGateway = { infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'edge' } } }
  const infra = () => rig.outputs.infra.get('default/gw')
  beforeEach(() => {
    rig = pipelineRig({ settings: { platform: { kind: 'kubernetes', ipv6: true }, awaitsLookups: true } })
    set({
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    })
    setGateway({ spec: ofGateway })
    rig.graph.flush()
  })

  test('leave the Gateway without a status, and what runs for it as it is, until then', () => {
    expect(condition('Gateway/default/gw', 'Accepted')).toBeUndefined()
    expect(infra()).toMatchObject({ held: true, ports: [{ port: 80 }] })
  })

  test('are missing only when they were not found', () => {
    rig.lookedUp.set('ConfigMap/default/edge', true)
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Accepted')).toContain('False InvalidParameters')
  })

  test('count as soon as they come', () => {
    const metadata = { name: 'edge', namespace: 'default' }
    set({ apiVersion: coreVersion, kind: 'ConfigMap', metadata, data: { concurrency: '3' } })
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Accepted')).toContain('True')
    expect(infra()).toMatchObject({ held: false, parameters: { concurrency: 3 } })
  })

  test('of a class leave its Gateways waiting too', () => {
    const parametersRef = { group: '', kind: 'ConfigMap', name: 'edge', namespace: 'fairlead-system' }
    const spec = { controllerName: 'fairlead.dev/gateway-controller', parametersRef }
    set({ kind: 'GatewayClass', metadata: { name: 'fairlead' }, spec })
    setGateway()
    rig.graph.flush()
    expect(condition('GatewayClass//fairlead', 'Accepted')).toBeUndefined()
    expect(condition('Gateway/default/gw', 'Accepted')).toBeUndefined()
    rig.lookedUp.set('ConfigMap/fairlead-system/edge', true)
    rig.graph.flush()
    expect(condition('GatewayClass//fairlead', 'Accepted')).toContain('False InvalidParameters')
    expect(condition('Gateway/default/gw', 'Accepted')).toContain('False InvalidParameters')
  })
})

describe('SupportedVersion of a GatewayClass', () => {
  test('is not said before the CRDs were looked up', () => {
    expect(condition('GatewayClass//fairlead', 'SupportedVersion')).toBeUndefined()
  })

  test.each([
    ['v1.7.0', 'True SupportedVersion: the CRDs are of version v1.7.0'],
    ['v1.7.3-rc.1', 'True SupportedVersion: the CRDs are of version v1.7.3-rc.1'],
    [
      'v1.6.1',
      'False UnsupportedVersion: the CRDs of the Gateway API are of version v1.6.1; Fairlead speaks v1.7 and serves what it knows of them. Install those of v1.7',
    ],
    [
      'v1.70.0',
      'False UnsupportedVersion: the CRDs of the Gateway API are of version v1.70.0; Fairlead speaks v1.7 and serves what it knows of them. Install those of v1.7',
    ],
    [
      undefined,
      'False UnsupportedVersion: the CRDs of the Gateway API do not say their version (annotation gateway.networking.k8s.io/bundle-version); Fairlead speaks v1.7 and serves what it knows of them. Install those of v1.7',
    ],
  ])('with CRDs of %s, while the class stays accepted', (bundleVersion, expected) => {
    rig.crds.set({ bundleVersion, channel: 'standard', kinds: [] })
    rig.graph.flush()
    expect(condition('GatewayClass//fairlead', 'SupportedVersion')).toBe(expected)
    expect(condition('GatewayClass//fairlead', 'Accepted')).toContain('True Accepted')
  })

  test('is not supported where an upgrade of the CRDs stopped half-way', () => {
    const mixture = '1 of v1.6.1 standard, 9 of v1.7.0 standard'
    rig.crds.set({ bundleVersion: 'v1.7.0', channel: 'standard', mixture, kinds: [] })
    rig.graph.flush()
    expect(condition('GatewayClass//fairlead', 'SupportedVersion')).toContain(
      `False UnsupportedVersion: the CRDs of the Gateway API are not of one release and channel (${mixture})`,
    )
  })
})

describe('a Gateway whose proxies are not there yet', () => {
  test('says where to look', () => {
    rig = pipelineRig({ settings: { delivery: 'live', platform: { kind: 'kubernetes', ipv6: true } } })
    set({
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    })
    setGateway()
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Programmed')).toContain('False AddressNotAssigned')
    set(service('gw-fairlead', '192.0.2.1'))
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Programmed')).toBe(
      'False Pending: no proxy is connected yet; if that lasts, the pods of default/gw-fairlead say why',
    )
  })
})

describe('a Gateway whose proxies are gone', () => {
  const notices = () => [...rig.outputs.notices.entries()].map(([, { object, message }]) => `${object}: ${message}`)

  test('stays programmed, and who asks is told so until one is back', () => {
    rig = pipelineRig({ settings: { delivery: 'live', platform: { kind: 'kubernetes', ipv6: true } } })
    set({
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: { controllerName: 'fairlead.dev/gateway-controller' },
    })
    setGateway()
    set(service('gw-fairlead', '192.0.2.1'))
    const revision = revisionOf({ generation: 0 })
    const connected = (count: number) => {
      rig.deliveries.set('default/gw', { connected: count, synced: true, revision })
      rig.graph.flush()
      return condition('Gateway/default/gw', 'Programmed')
    }
    expect(connected(1)).toContain('True Programmed')
    expect(notices()).toEqual([])
    expect(connected(0)).toContain('True Programmed')
    expect(notices()).toEqual([expect.stringContaining('Gateway/default/gw: no proxy is connected any more')])
    connected(1)
    expect(notices()).toEqual([])
  })
})

describe('a fleet that the API server refuses', () => {
  test.each([
    ['pods "x" is forbidden: exceeded quota: q', 'False NoResources: pods "x" is forbidden: exceeded quota: q'],
    ['admission webhook "w" denied it', 'False Invalid: admission webhook "w" denied it'],
  ])('is not programmed and says why: %s', (problem, expected) => {
    rig.fleetProblems.set('default/gw', problem)
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Programmed')).toBe(expected)
    expect(condition('Gateway/default/gw', 'Accepted')).toContain('True Accepted')
    rig.fleetProblems.delete('default/gw')
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Programmed')).toContain('True Programmed')
  })
})

describe('a Gateway that is being deleted', () => {
  test('gets no status, and what stands for it stays as it is', () => {
    setGateway({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })
    rig.graph.flush()
    expect(rig.outputs.statuses.has('Gateway/default/gw')).toBe(false)
    expect(rig.outputs.infra.get('default/gw')).toMatchObject({ held: true })
    expect([...rig.outputs.resources.keys()]).toContain('default/gw|listener|default/gw/80')
  })
})

describe('a Gateway with parameters that cannot be used', () => {
  test('serves on, and its fleet is left alone', () => {
    const parametersRef = { group: '', kind: 'ConfigMap', name: 'p' }
    setGateway({ spec: { infrastructure: { parametersRef } } })
    rig.graph.flush()
    expect(condition('Gateway/default/gw', 'Accepted')).toContain('False InvalidParameters')
    expect(rig.outputs.infra.get('default/gw')).toMatchObject({ held: true })
    expect([...rig.outputs.resources.keys()]).toContain('default/gw|listener|default/gw/80')
    set({ apiVersion: coreVersion, kind: 'ConfigMap', metadata: { name: 'p' }, data: { concurrency: '3' } })
    rig.graph.flush()
    expect(rig.outputs.infra.get('default/gw')).toMatchObject({ held: false, parameters: { concurrency: 3 } })
  })
})

describe('a port of the fleet', () => {
  test('is that of every accepted listener, though it lacks a certificate', () => {
    const tls = { certificateRefs: [{ name: 'none' }] }
    const listeners = [
      { name: 'https', port: 443, protocol: 'HTTPS', tls },
      { name: 'alt', port: 8080, protocol: 'HTTP' },
      { name: 'odd', port: 53, protocol: 'UDP' },
    ]
    setGateway({ spec: { listeners } })
    rig.graph.flush()
    expect(rig.outputs.infra.get('default/gw')?.ports).toEqual([
      { port: 443, bindPort: 10_443, protocol: 'TCP' },
      { port: 8080, bindPort: 8080, protocol: 'TCP' },
    ])
  })
})

describe('wanted', () => {
  const tls = (name: string, namespace?: string) => ({ certificateRefs: [{ name, namespace }] })

  test('are ConfigMaps of parameters and Secrets of certificates, those of other namespaces once granted', () => {
    set({
      kind: 'GatewayClass',
      metadata: { name: 'fairlead' },
      spec: {
        controllerName: 'fairlead.dev/gateway-controller',
        parametersRef: { group: '', kind: 'ConfigMap', name: 'class', namespace: 'system' },
      },
    })
    setGateway({
      spec: {
        infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'own' } },
        listeners: [
          { name: 'one', port: 443, protocol: 'HTTPS', tls: tls('here') },
          { name: 'two', port: 8443, protocol: 'HTTPS', tls: tls('there', 'other') },
        ],
      },
    })
    rig.graph.flush()
    const expected = ['ConfigMap/default/own', 'ConfigMap/system/class', 'Secret/default/here']
    expect([...rig.outputs.wanted.keys()].sort()).toEqual(expected)
    set({
      kind: 'ReferenceGrant',
      metadata: { name: 'g', namespace: 'other' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default' }],
        to: [{ group: '', kind: 'Secret' }],
      },
    })
    rig.graph.flush()
    expect([...rig.outputs.wanted.keys()].sort()).toEqual([...expected, 'Secret/other/there'])
  })

  test('are not those of Gateways of others', () => {
    setGateway({
      spec: {
        gatewayClassName: 'theirs',
        listeners: [{ name: 'one', port: 443, protocol: 'HTTPS', tls: tls('here') }],
      },
    })
    rig.graph.flush()
    expect([...rig.outputs.wanted.keys()]).toEqual([])
  })
})

describe('the address of a Gateway', () => {
  test('depends on its own Service and on no other', () => {
    const visits = () => rig.graph.trace().nodes.find(({ name }) => name === 'gatewayAddresses')?.visits
    set(service('other', '192.0.2.9'))
    rig.graph.flush()
    const before = visits()
    set(service('other', '192.0.2.10'))
    rig.graph.flush()
    expect(visits()).toBe(before)
    set(service('gw-fairlead', '192.0.2.2'))
    rig.graph.flush()
    expect(rig.outputs.statuses.get('Gateway/default/gw')?.status.addresses).toEqual([
      { type: 'IPAddress', value: '192.0.2.2' },
    ])
  })
})
