/** The cost of an event is what it touches: counted, not timed. */
import { describe, expect, test } from 'vitest'
import { mustParse, type PipelineRig, pipelineRig } from '../testing/pipeline-rig.ts'

const gatewayApi = 'gateway.networking.k8s.io/v1'

function route(index: number, backend: string) {
  return mustParse({
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name: `r${index}` },
    spec: {
      parentRefs: [{ name: 'gw' }],
      hostnames: [`h${index}.example.com`],
      rules: [{ backendRefs: [{ name: backend, port: 80 }] }],
    },
  })
}

function slice(index: number, address: string) {
  return mustParse({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${index}`, labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: [address] }],
  })
}

function service(index: number) {
  return mustParse({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${index}` },
    spec: { ports: [{ name: 'http', port: 80 }] },
  })
}

function namespace(labels: Readonly<Record<string, string>>) {
  return mustParse({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels } })
}

/** A Gateway whose listener `https` names a Secret that is not there; `name` differs to change what is wrong. */
function gateway(name: string) {
  const tls = { certificateRefs: [{ name }] }
  const listeners = [
    { name: 'http', port: 80, protocol: 'HTTP' },
    { name: 'https', port: 443, protocol: 'HTTPS', tls },
  ]
  return mustParse({
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name: 'gw' },
    spec: { gatewayClassName: 'c', listeners },
  })
}

/** A Gateway with one listener that serves, `hosts` hostnames, each with its route, Service and slice. */
function world(hosts: number): PipelineRig {
  const rig = pipelineRig({ checkPurity: false })
  const controllerName = 'fairlead.dev/gateway-controller'
  rig.set(
    mustParse({ apiVersion: gatewayApi, kind: 'GatewayClass', metadata: { name: 'c' }, spec: { controllerName } }),
  )
  rig.set(gateway('none'))
  for (let index = 0; index < hosts; index += 1) {
    rig.set(service(index))
    rig.set(slice(index, '10.0.0.1'))
    rig.set(route(index, `s${index}`))
  }
  rig.graph.flush()
  return rig
}

function visits(rig: PipelineRig): number {
  return rig.graph.trace().nodes.reduce((sum, node) => sum + node.visits, 0)
}

/** Visits of each kind of event in a world of that many hosts. */
function costs(hosts: number): Readonly<Record<string, number>> {
  const rig = world(hosts)
  const cost = (change: () => void) => {
    const before = visits(rig)
    change()
    rig.graph.flush()
    return visits(rig) - before
  }
  return {
    'edit of a route': cost(() => rig.set(route(1, 's2'))),
    'new route': cost(() => rig.set(route(hosts, 's3'))),
    'deleted route': cost(() => rig.delete(route(hosts, 's3'))),
    'changed endpoints': cost(() => rig.set(slice(1, '10.0.0.9'))),
    'new Service': cost(() => rig.set(service(hosts))),
    'deleted Service': cost(() => rig.delete(service(4))),
    'labels that no listener selects by': cost(() => rig.set(namespace({ team: 'blue' }))),
    'another problem of a listener': cost(() => rig.set(gateway('no-other'))),
  }
}

describe('the pipeline', () => {
  test('visits as many keys for an event at 400 hosts as at 20', () => {
    const few = costs(20)
    expect(costs(400)).toEqual(few)
    for (const [event, count] of Object.entries(few)) {
      expect(count, event).toBeGreaterThan(0)
      expect(count, event).toBeLessThan(40)
    }
  })

  test('a change of endpoints changes one assignment and nothing else', () => {
    const rig = world(20)
    rig.graph.observe(rig.outputs.resources)
    rig.graph.observe(rig.outputs.endpoints)
    rig.graph.observe(rig.outputs.statuses)
    rig.set(slice(3, '10.0.0.9'))
    const epoch = rig.graph.flush()
    expect([...(epoch?.changes(rig.outputs.endpoints).keys() ?? [])]).toEqual(['default/s3/80'])
    expect(epoch?.changes(rig.outputs.resources).size).toBe(0)
    expect(epoch?.changes(rig.outputs.statuses).size).toBe(0)
  })

  test('an edit of a route changes its own scope and nothing else', () => {
    const rig = world(20)
    rig.graph.observe(rig.outputs.resources)
    rig.set(route(1, 's2'))
    const epoch = rig.graph.flush()
    expect([...(epoch?.changes(rig.outputs.resources).keys() ?? [])].sort()).toEqual([
      'default/gw|cluster|default/s1/80',
      'default/gw|scoped-route|80|h1.example.com',
    ])
  })
})
