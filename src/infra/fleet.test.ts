import { describe, expect, test } from 'vitest'
import { fleetObjectsTable } from '../api/managed-kinds.ts'
import type { FleetParameters } from '../ir/fleet.ts'
import type { FleetPort, GatewayInfra } from '../ir/infra.ts'
import { fleetCases, testFleetSettings, testInfra } from '../testing/fleet-golden.ts'
import { renderFleet } from './fleet.ts'
import type { FleetSettings } from './fleet-settings.ts'

const tcp = (port: number): FleetPort => ({ port, bindPort: port, protocol: 'TCP' })

function render(changes: Partial<GatewayInfra> = {}, settings: Partial<FleetSettings> = {}) {
  return renderFleet(testInfra(changes), { ...testFleetSettings, ...settings })
}

function withParameters(changes: Partial<FleetParameters>): Partial<GatewayInfra> {
  return { parameters: { ...testInfra().parameters, ...changes } }
}

/** Everything that decides whether pods are replaced. */
function template(objects: ReturnType<typeof render>): unknown {
  const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
  return (workload?.spec as { readonly template?: unknown } | undefined)?.template
}

describe('renderFleet', () => {
  test('renders nothing for a Gateway that has no port to serve', () => expect(render({ ports: [] })).toEqual([]))

  test('renders in the order of the table, and only kinds of the table', () => {
    const order = fleetObjectsTable.map(({ kind }) => kind)
    for (const { infra } of fleetCases()) {
      const places = renderFleet(infra, testFleetSettings).map(({ kind }) => order.indexOf(kind))
      expect(places).toEqual([...places].sort((a, b) => a - b))
      expect(places).not.toContain(-1)
    }
  })

  test.each([
    [undefined, false],
    [1, false],
    [2, true],
  ])(
    'with %s replicas there is a budget of disruptions: %s (one proxy alone would hold up the drain of its node)',
    (replicas, isThere) => {
      const kinds = render(withParameters({ replicas })).map(({ kind }) => kind)
      expect(kinds.includes('PodDisruptionBudget')).toBe(isThere)
    },
  )

  test('a listener more or less replaces no proxy', () => {
    expect(template(render({ ports: [tcp(8080), tcp(8443)] }))).toEqual(template(render({ ports: [tcp(8080)] })))
  })

  test.each<[string, Partial<GatewayInfra>, Partial<FleetSettings>]>([
    ['another CA', {}, { xds: { ...testFleetSettings.xds, tls: { caPem: 'another', serverName: 'a' } } }],
    ['another place of the control plane', {}, { xds: { host: 'fairlead.elsewhere.svc', port: 18_000 } }],
    ['another drain time', withParameters({ drainSeconds: 60 }), {}],
    ['another image', withParameters({ image: 'envoy:next' }), {}],
    ['labels of the Gateway', { labels: { team: 'shop' } }, {}],
  ])('%s replaces the proxies', (_title, infra, settings) => {
    expect(template(render(infra, settings))).not.toEqual(template(render()))
  })

  test('who knows how one fleet is drained does not know it of another', () => {
    const token = (changes: Partial<GatewayInfra>) =>
      /x-fairlead-drain.*?"value":"([^"]+)"/.exec(JSON.stringify(template(render(changes))))?.[1]
    expect(token({})).toMatch(/^[\w-]{20}$/)
    expect(token({ uid: 'of another Gateway' })).not.toBe(token({}))
  })

  test('without TLS a pod gets no token', () => {
    const objects = render({}, { xds: { host: 'fairlead.fairlead-system.svc', port: 18_000 } })
    expect(JSON.stringify(objects)).not.toContain('token')
  })

  test("settings of the installation hold where the Gateway's parameters say nothing", () => {
    const text = JSON.stringify(template(render({}, { image: 'envoy:ours', drainSeconds: 33 })))
    expect(text).toContain('"image":"envoy:ours"')
    expect(text).toContain('"terminationGracePeriodSeconds":43')
  })
})

describe("the limit of Envoy's heap", () => {
  test.each([
    [undefined, 2 * 1024 ** 3],
    ['1Gi', Math.floor(0.9 * 1024 ** 3)],
    ['16Gi', 2 * 1024 ** 3],
  ])('in a container limited to %s is %d bytes', (memory, maxHeapBytes) => {
    const resources = memory === undefined ? undefined : { limits: { memory } }
    const config = render(withParameters({ resources })).find(({ kind }) => kind === 'ConfigMap')
    expect(JSON.stringify(config)).toContain(`\\"max_heap_size_bytes\\": \\"${maxHeapBytes}\\"`)
  })
})

describe('the ports that a proxy keeps for itself', () => {
  test.each([
    [[], 19_001, 19_003],
    [[19_003], 19_001, 19_007],
    [[19_001], 19_005, 19_003],
    [[19_001, 19_003, 19_005, 19_007], 19_009, 19_011],
  ])('with listeners on %j are %d and %d', (taken, adminPort, healthPort) => {
    const config = JSON.stringify(
      render({ ports: [tcp(8080), ...taken.map(tcp)] }).find(({ kind }) => kind === 'ConfigMap'),
    )
    const bound = [...config.matchAll(/port_value\\": (\d+)/g)].map(([, port]) => Number(port))
    expect(new Set(bound)).toEqual(new Set([18_000, adminPort, healthPort]))
  })
})
