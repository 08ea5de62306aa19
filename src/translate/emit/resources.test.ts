import { describe, expect, test } from 'vitest'
import { decodeMessage, encodeMessage } from '../../envoy/encode.ts'
import { messageToJson } from '../../envoy/json.ts'
import { makeResource, type NamedResource } from '../../envoy/resource.ts'
import type { Endpoint } from '../../ir/endpoint.ts'
import type { FilterChain, Listener } from '../../ir/listener.ts'
import { clusterName, clusterOf, secretName, tableName } from '../../ir/names.ts'
import { endpointsOf, testGateway } from '../../testing/ir.ts'
import { emitCluster } from './cluster.ts'
import { emitEndpoints } from './endpoints.ts'
import { hcmFilterName, hcmMessageName } from './hcm.ts'
import { lintListener } from './lint.ts'
import { emitListener, type ListenerPlatform, emitWarmUpListener } from './listener.ts'
import { emitSecret } from './secret.ts'

const settings: ListenerPlatform = { kind: 'standalone', ipv6: false }
const plain: FilterChain = { name: 'http', table: tableName(8080), routes: 'scopes' }
const secure = (name: string, serverName: string, routes: FilterChain['routes']): FilterChain => ({
  name,
  table: tableName(8443, name),
  tls: { serverName, certificates: [secretName('infra', 'a'), secretName('infra', 'b')] },
  routes,
})

function listener(port: number, chains: readonly FilterChain[], addresses: readonly string[] = []): Listener {
  return { gateway: testGateway, port, bindPort: port, addresses, chains }
}

function decode(resource: NamedResource) {
  return decodeMessage('envoy.config.listener.v3.Listener', resource.bytes)
}

function hcmOf(resource: NamedResource, chain = 0) {
  const config = decode(resource).filterChains[chain]?.filters[0]?.typedConfig
  return decodeMessage(hcmMessageName, config?.value ?? new Uint8Array())
}

const scoped = emitListener(listener(8080, [plain]), settings)
const https = emitListener(
  listener(8443, [secure('a', 'a.com', 'table'), secure('any', '*', 'scopes'), secure('wild', '*.b.com', 'scopes')]),
  settings,
)
const warmUp = emitWarmUpListener(testGateway)

describe('emitListener', () => {
  test('is named after the Gateway and the port', () => {
    expect([scoped.type, scoped.name, decode(scoped).name]).toEqual(['listener', 'infra/edge/8080', 'infra/edge/8080'])
  })

  test('waits for the scopes when a chain routes by them', () => {
    const table = emitListener(listener(8443, [secure('a', 'a.com', 'table')]), settings)
    expect([scoped.gate, https.gate, table.gate, warmUp.gate]).toEqual([
      'after-scopes',
      'after-scopes',
      undefined,
      'warm-up',
    ])
  })

  const addressesOf = (addresses: readonly string[], ipv6: boolean) => {
    const { address, additionalAddresses } = decode(
      emitListener(listener(80, [plain], addresses), { ...settings, ipv6 }),
    )
    const all = [address, ...additionalAddresses.map((additional) => additional.address)]
    return all.map((each) => [
      each?.socketAddress?.address,
      each?.socketAddress?.portValue,
      each?.socketAddress?.ipv4Compat,
    ])
  }
  test.each([
    [[], true, [['::', 80, true]]],
    [[], false, [['0.0.0.0', 80, false]]],
    [['10.0.0.1'], true, [['10.0.0.1', 80, false]]],
    [
      ['10.0.0.1', '::1'],
      true,
      [
        ['10.0.0.1', 80, false],
        ['::1', 80, false],
      ],
    ],
  ])('addresses %j with IPv6 %j', (addresses, ipv6, bound) => {
    expect(addressesOf(addresses, ipv6)).toEqual(bound)
  })

  test('two local processes cannot share a port by accident', () => {
    expect(decode(scoped).enableReusePort?.value).toBe(false)
    expect(
      decode(emitListener(listener(80, [plain]), { ...settings, kind: 'kubernetes' })).enableReusePort,
    ).toBeUndefined()
  })

  test('a chain is chosen by server name; the one of a listener without hostname takes the rest', () => {
    const chains = decode(https).filterChains
    expect(chains.map(({ name, filterChainMatch }) => [name, filterChainMatch?.serverNames])).toEqual([
      ['a', ['a.com']],
      ['any', undefined],
      ['wild', ['*.b.com']],
    ])
    expect([decode(https).listenerFilters.length, decode(scoped).listenerFilters.length]).toEqual([1, 0])
  })

  test('a table has no scope header and no Lua; scopes have both', () => {
    const [table, any] = [hcmOf(https, 0), hcmOf(https, 1)]
    expect([table.rds?.routeConfigName, table.earlyHeaderMutationExtensions.length]).toEqual(['infra/edge/8443/a', 0])
    expect(table.httpFilters.map(({ name }) => name)).toEqual(['envoy.filters.http.cors', 'envoy.filters.http.router'])
    expect([any.rds, any.earlyHeaderMutationExtensions.length]).toEqual([undefined, 1])
    expect(new Set(any.httpFilters.map(({ name }) => name))).toEqual(
      new Set(['envoy.filters.http.lua', 'envoy.filters.http.cors', 'envoy.filters.http.router']),
    )
  })

  test('a chain with a sole host asks its scope at once', () => {
    const sole = emitListener(listener(8080, [{ ...plain, soleHost: '*' }]), settings)
    expect(JSON.stringify(messageToJson('listener', sole.bytes))).toContain('"value":"8080|/*:"')
    expect(JSON.stringify(messageToJson('listener', scoped.bytes))).toContain('"value":"8080|%REQ(:AUTHORITY)%"')
  })

  test('every connection manager subscribes to scopes in the same way, so that they share one subscription', () => {
    const managers = [hcmOf(scoped), hcmOf(https, 1), hcmOf(https, 2), hcmOf(warmUp)]
    const subscriptions = managers.map(({ scopedRoutes }) => JSON.stringify(scopedRoutes))
    expect([new Set(subscriptions).size, subscriptions[0]?.includes('x-fairlead-scope')]).toEqual([1, true])
  })

  test('the warm-up listener binds nothing', () => {
    expect(decode(warmUp).bindToPort?.value).toBe(false)
  })
})

describe('lintListener', () => {
  test.each([
    ['plain HTTP', scoped],
    ['HTTPS', https],
    ['warm-up', warmUp],
  ])('finds nothing in an emitted listener: %s', (_what, resource) => {
    expect(lintListener(resource)).toEqual([])
  })

  function withHcm(hcm: object, gate?: 'after-scopes'): NamedResource {
    const typedConfig = { typeUrl: `type.googleapis.com/${hcmMessageName}`, value: encodeMessage(hcmMessageName, hcm) }
    const message = { filterChains: [{ name: 'c', filters: [{ name: hcmFilterName, typedConfig }] }] }
    return makeResource('listener', 'l', message, gate === undefined ? {} : { gate })
  }
  test.each([
    ['a disabled filter', withHcm({ httpFilters: [{ name: 'f', disabled: true }] }), 'c: filter f is disabled'],
    [
      'an upgrade with filters',
      withHcm({ upgradeConfigs: [{ upgradeType: 'websocket', filters: [{ name: 'f' }] }] }),
      'c: upgrade websocket has filters or a switch of its own',
    ],
    [
      'an upgrade that routes switch on',
      withHcm({ upgradeConfigs: [{ upgradeType: 'websocket', enabled: { value: false } }] }),
      'c: upgrade websocket has filters or a switch of its own',
    ],
    ['scopes that are not waited for', withHcm({ scopedRoutes: {} }), 'c: does not wait for its scopes'],
  ])('finds %s', (_what, resource, line) => {
    expect(lintListener(resource)).toEqual([line])
  })

  test('finds a chain without a connection manager', () => {
    expect(lintListener(makeResource('listener', 'l', { filterChains: [{ name: 'c' }] }))).toEqual([
      'c: no connection manager',
    ])
  })
})

describe('emitCluster', () => {
  const decodeCluster = (protocol: 'http1' | 'h2c') =>
    messageToJson('cluster', emitCluster(clusterOf(clusterName(endpointsOf('a'), protocol))).bytes)

  test('takes its endpoints by EDS under the name that the clusters of one port share', () => {
    expect(decodeCluster('h2c')).toMatchObject({
      name: 'shop/a/80/h2c',
      type: 'EDS',
      edsClusterConfig: { serviceName: 'shop/a/80', edsConfig: { ads: {}, resourceApiVersion: 'V3' } },
    })
  })

  test.each([
    ['http1', 'httpProtocolOptions'],
    ['h2c', 'http2ProtocolOptions'],
  ] as const)('speaks %s', (protocol, field) => {
    const options = { explicitHttpConfig: { [field]: {} } }
    expect(decodeCluster(protocol)).toMatchObject({
      typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
    })
  })
})

describe('emitEndpoints', () => {
  const decodeEndpoints = (endpoints: readonly Endpoint[]) =>
    decodeMessage(
      'envoy.config.endpoint.v3.ClusterLoadAssignment',
      emitEndpoints({ name: endpointsOf('a'), endpoints }).bytes,
    ).endpoints.map(({ locality, lbEndpoints }) => [
      locality?.zone,
      lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address),
    ])
  const endpoint = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
    address,
    port: 80,
    state: 'ready',
    ...more,
  })

  test('endpoints without a zone are one locality without a name', () => {
    expect(decodeEndpoints([endpoint('10.0.0.1'), endpoint('fd00::1')])).toEqual([[undefined, ['10.0.0.1', 'fd00::1']]])
  })

  test('one locality per zone, sorted', () => {
    const endpoints = [endpoint('1', { zone: 'b' }), endpoint('2', { zone: 'a' }), endpoint('3', { zone: 'b' })]
    expect(decodeEndpoints(endpoints)).toEqual([
      ['a', ['2']],
      ['b', ['1', '3']],
    ])
  })

  test('draining endpoints are used only when nothing is ready', () => {
    const draining = endpoint('1', { state: 'draining' })
    expect(decodeEndpoints([draining, endpoint('2')])).toEqual([[undefined, ['2']]])
    expect(decodeEndpoints([draining])).toEqual([[undefined, ['1']]])
  })

  test('no endpoint at all is an answer', () => {
    expect(decodeEndpoints([])).toEqual([])
  })
})

describe('emitSecret', () => {
  test('holds the chain and the key', () => {
    const resource = emitSecret(secretName('infra', 'tls'), 'CHAIN', 'KEY')
    expect([resource.type, resource.name]).toEqual(['secret', 'infra/tls'])
    expect(messageToJson('secret', resource.bytes)).toEqual({
      name: 'infra/tls',
      tlsCertificate: { certificateChain: { inlineString: 'CHAIN' }, privateKey: { inlineString: 'KEY' } },
    })
  })
})
