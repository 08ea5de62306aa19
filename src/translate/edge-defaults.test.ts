import { expect, test } from 'vitest'
import { statsInclusion } from './edge-defaults.ts'

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
