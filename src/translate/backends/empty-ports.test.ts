import { describe, expect, test } from 'vitest'
import { mustParse, pipelineRig } from '../../testing/pipeline-rig.ts'

const gatewayApi = 'gateway.networking.k8s.io/v1'

type Settings = NonNullable<Parameters<typeof pipelineRig>[0]>['settings']

/** What is said of a route to port 80 of Service `s`; `slices` are what differs from one good slice. */
function told(service: object, slices: readonly object[], settings?: Settings, rules?: readonly object[]) {
  const rig = pipelineRig({ settings })
  const add = (apiVersion: string, kind: string, name: string, more: object) =>
    rig.set(mustParse({ apiVersion, kind, metadata: { name }, ...more }))
  add(gatewayApi, 'GatewayClass', 'c', { spec: { controllerName: 'fairlead.dev/gateway-controller' } })
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }]
  add(gatewayApi, 'Gateway', 'gw', { spec: { gatewayClassName: 'c', listeners } })
  const backendRefs = [{ name: 's', port: 80 }]
  add(gatewayApi, 'HTTPRoute', 'r', { spec: { parentRefs: [{ name: 'gw' }], rules: rules ?? [{ backendRefs }] } })
  add('v1', 'Service', 's', { spec: { ports: [{ name: 'http', port: 80 }], ...service } })
  add('v1', 'Service', 'unused', { spec: { ports: [{ port: 80 }] } })
  for (const [index, slice] of slices.entries()) {
    const metadata = { name: `s-${index}`, labels: { 'kubernetes.io/service-name': 's' } }
    const good = {
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: [{ addresses: ['10.0.0.1'] }],
    }
    add('discovery.k8s.io/v1', 'EndpointSlice', `s-${index}`, { metadata, ...good, ...slice })
  }
  rig.graph.flush()
  return [...rig.outputs.notices.entries()].map(([, { object, field, message }]) => `${object} ${field}: ${message}`)
}

const start =
  'HTTPRoute/default/r spec.rules[0].backendRefs[0]: Service default/s has no ready endpoint for port 80, and requests to it get 503'
const selector = { app: 'a' }

describe('a backend without endpoints', () => {
  test.each([
    ['no slice', {}, [], 'it has no EndpointSlice; add one with the label kubernetes.io/service-name: s'],
    ['an empty slice', {}, [{ endpoints: [] }], 'its EndpointSlices are empty; fill them'],
    ['no pods', { selector }, [{ endpoints: [] }], 'no pod fits its selector; correct it or start pods'],
    [
      'another port name',
      {},
      [{ ports: [{ port: 8080 }] }, { ports: [{ name: 'web', port: 1 }] }],
      'its EndpointSlices have no port "http" but port without a name, port "web"; a port has one name in both',
    ],
    [
      'pods that are not ready',
      { selector },
      [
        {
          endpoints: [
            { addresses: ['10.0.0.1'], conditions: { ready: false } },
            { addresses: ['10.0.0.2'], conditions: { ready: false } },
          ],
        },
      ],
      'of its 2 endpoints none is ready; see why the pods are not',
    ],
  ])('is told to its routes: %s', (_title, service, slices, why) => {
    expect(told(service, slices)).toEqual([`${start}: ${why}`])
  })

  test('is told once there is none left, and no more when there is one', () => {
    expect(told({}, [{}])).toEqual([])
    expect(told({}, [{ endpoints: [] }, {}])).toEqual([])
  })

  test('is told for mirrors, and not where it gets no requests', () => {
    const rules = [
      {
        backendRefs: [{ name: 's', port: 80, weight: 0 }],
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 's', port: 80 } } }],
      },
    ]
    expect(told({}, [], {}, rules)).toEqual([
      expect.stringMatching(/ spec\.rules\[0\]\.filters\[0\]\.requestMirror\.backendRef: /),
    ])
  })

  test('is not told of files that leave the slices to a cluster', () => {
    expect(told({ selector }, [])).toEqual([])
    expect(told({ selector }, [], { delivery: 'live' })).toHaveLength(1)
  })
})
