import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { messageToJson } from '../envoy/json.ts'
import { clusterName, clusterOf, secretName, tableName } from '../ir/names.ts'
import { endpointsOf, testGateway } from '../testing/ir.ts'
import { statsInclusion } from './edge-defaults.ts'
import { emitCluster } from './emit/cluster.ts'
import { emitListener } from './emit/listener.ts'

/** Whoever changes a default sees what Envoy gets, in one file. */
test('the defaults as Envoy gets them', async () => {
  const tls = { serverName: '*', certificates: [secretName('infra', 'tls')] }
  const chain = { name: 'https', table: tableName(8443, 'https'), tls, routes: 'scopes' as const }
  const listener = emitListener(
    { gateway: testGateway, port: 8443, addresses: [], chains: [chain] },
    { ipv6: true, standalone: true },
  )
  const resources = [
    listener,
    emitCluster(clusterOf(clusterName(endpointsOf('a'), 'http1'))),
    emitCluster(clusterOf(clusterName(endpointsOf('a'), 'h2c'))),
  ]
  const shown = resources.map(({ type, name, bytes }) => ({ type, name, resource: messageToJson(type, bytes) }))
  await expect(stringify(shown, { lineWidth: 120 })).toMatchFileSnapshot('./edge-defaults.golden/edge.yaml')
})

test('patterns of statistics are whole and unambiguous', () => {
  const matches = (name: string) =>
    statsInclusion.some((pattern) =>
      'prefix' in pattern ? name.startsWith(pattern.prefix) : new RegExp(`^(?:${pattern.regex})$`).test(name),
    )
  expect(
    [
      'server.live',
      'http.8080.downstream_rq_5xx',
      'http.8080.downstream_cx_active',
      'listener.8080.downstream_cx_total',
      'listener.8443.ssl.handshake',
      'listener_manager.listener_added',
      'cluster_manager.active_clusters',
    ].filter((name) => !matches(name)),
  ).toEqual([])
  expect(
    [
      'cluster.shop/a/80.upstream_rq_200',
      'http.8080.scoped_rds.scopes.update_success',
      'http.8080.rds.infra/edge/8443/a.update_success',
      'listener.8443.ssl.ciphers.ECDHE-RSA-AES128-GCM-SHA256',
      'listener.8080.worker_0.downstream_cx_active',
    ].filter(matches),
  ).toEqual([])
})
