/** Statistics cost Envoy more than routes (architecture 15.7): what it keeps does not grow with hosts unless asked for. */
import { afterEach, describe, expect, test } from 'vitest'
import { get, until } from '../testing/envoy-rig.ts'
import { UpRig } from '../testing/up-rig.ts'

let rig: UpRig | undefined
afterEach(() => rig?.dispose())

/** Hosts with a route and a Service each, in one file. */
function hosts(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `apiVersion: v1
kind: Service
metadata: {name: extra-${index}, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: extra-${index}, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: infra}]
  hostnames: [extra-${index}.example.com]
  rules: [{backendRefs: [{name: extra-${index}, port: 80}]}]
`,
  ).join('---\n')
}

/** Number of statistics before and after 40 hosts came. */
async function growth(flags: readonly string[]): Promise<{ readonly before: number; readonly after: number }> {
  const up = await UpRig.start(['--dev-certificate', 'infra/edge-tls=shop.example.com', ...flags])
  rig = up
  await up.event(({ msg }) => msg === 'serving')
  const ask = (host: string) => get(up.ports.http, host, '/api/orders')
  const count = async () => (await get(up.ports.envoyAdmin, '127.0.0.1', '/stats')).body.split('\n').length
  await until(
    () => ask('shop.example.com'),
    ({ status }) => status === 200,
  )
  const before = await count()
  up.add('extra.yaml', hosts(40))
  // Without endpoints it is 503: the host is served.
  await until(
    () => ask('extra-39.example.com'),
    ({ status }) => status === 503,
  )
  return { before, after: await count() }
}

describe('fairlead up', () => {
  test('keeps as many statistics with 40 hosts more', async () => {
    const { before, after } = await growth([])
    expect(before).toBeGreaterThan(20)
    expect(after).toBe(before)
  })

  test('keeps those of each cluster with --stats all', async () => {
    const { before, after } = await growth(['--stats', 'all'])
    expect(after).toBeGreaterThan(before + 40)
  })
})
