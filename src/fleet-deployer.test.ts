import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kinds } from './api/kinds.ts'
import { type Assembly, assemble } from './cli/assembly.ts'
import { FleetDeployer } from './fleet-deployer.ts'
import { silentLogger } from './lib/logger.ts'
import { createMetrics } from './lib/metrics.ts'
import { testFleetSettings } from './testing/fleet-golden.ts'
import { FakeApi } from './watch/fake-api.ts'
import { KeptClasses } from './watch/kept-classes.ts'
import { KubeSource } from './watch/kube-source.ts'
import { LiveObjects } from './watch/live-objects.ts'
import { isServedKind } from './watch/sources.ts'

const controllerName = 'fairlead.dev/gateway-controller'
const apiVersion = 'gateway.networking.k8s.io/v1'

const gatewayClass = (name = 'fairlead', controller = controllerName) => ({
  apiVersion,
  kind: 'GatewayClass',
  metadata: { name },
  spec: { controllerName: controller },
})

const gateway = (name: string, spec: object = {}) => ({
  apiVersion,
  kind: 'Gateway',
  metadata: { name, namespace: 'infra' },
  spec: { gatewayClassName: 'fairlead', listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }], ...spec },
})

/** A control plane without proxies and statuses. */
class Rig {
  readonly assembly: Assembly
  readonly source: KubeSource
  readonly classes: KeptClasses
  readonly deployer: FleetDeployer

  constructor(api: FakeApi) {
    const logger = silentLogger()
    const metrics = createMetrics()
    const platform = { kind: 'kubernetes', ipv6: false } as const
    const assembly = assemble({ controllerName, delivery: 'live', platform })
    const classes = new KeptClasses({ ...assembly, controllerName, logger })
    this.assembly = assembly
    this.classes = classes
    this.source = new KubeSource({
      client: api,
      kinds: kinds.filter(isServedKind),
      live: new LiveObjects(),
      onObject: (object) => {
        if (object.kind === 'GatewayClass') classes.added(object.metadata.name)
        assembly.set(object)
      },
      onDelete: (ref) => (ref.kind === 'GatewayClass' ? classes.deleted(ref.name) : assembly.delete(ref)),
      onNotice: () => {},
      onCrds: () => {},
      logger,
      metrics,
    })
    this.deployer = new FleetDeployer({ client: api, assembly, controllerName, logger, metrics })
    this.deployer.configure(testFleetSettings)
  }

  async start(): Promise<void> {
    this.source.start()
    void this.source.synced.then(() => this.assembly.graph.idle()).then(() => this.deployer.start())
    await pass(100)
  }

  async stop(): Promise<void> {
    await this.source.close()
    await this.deployer.stop()
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('FleetDeployer', () => {
  let api: FakeApi
  let rig: Rig
  beforeEach(() => {
    vi.useFakeTimers()
    api = new FakeApi()
    api.put(gatewayClass())
  })
  afterEach(async () => {
    await rig.stop()
    vi.useRealTimers()
  })
  const start = () => {
    rig = new Rig(api)
    return rig.start()
  }
  /** Ends the process and starts another one on the same API server. */
  const restart = async (change: () => void) => {
    await rig.stop()
    change()
    await start()
  }
  const mayRead = (resource: string, isAllowed: boolean) => {
    for (const verb of ['list', 'watch']) api.forbid(verb, resource, !isAllowed)
    if (!isAllowed) api.endWatches(resource)
  }
  const fleets = () =>
    ['edge', 'inner'].filter((name) => api.get('Deployment', 'infra', `${name}-fairlead`) !== undefined)

  test('keeps the fleet of a Gateway whose last listener is refused', async () => {
    api.put(gateway('edge'))
    await start()
    expect(fleets()).toEqual(['edge'])
    api.put(gateway('edge', { listeners: [{ name: 'http', port: 8080, protocol: 'SCTP' }] }))
    await pass(60_000)
    expect(fleets()).toEqual(['edge'])
    expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('makes a fleet, and deletes it when the Gateway goes to another controller', async () => {
    api.put(gateway('edge'))
    await start()
    expect(fleets()).toEqual(['edge'])
    api.put(gatewayClass('other', 'example.com/other'))
    api.put(gateway('edge', { gatewayClassName: 'other' }))
    await pass(1000)
    expect(fleets()).toEqual([])
  })

  test('deletes after a restart what went to another controller meanwhile', async () => {
    api.put(gateway('edge'))
    await start()
    await restart(() => {
      api.put(gatewayClass('other', 'example.com/other'))
      api.put(gateway('edge', { gatewayClassName: 'other' }))
    })
    expect(fleets()).toEqual([])
  })

  describe('a Gateway that goes from one class of ours to another', () => {
    const has = (fleet: string) =>
      ['Service', 'ConfigMap', 'Deployment'].filter((kind) => api.get(kind, 'infra', fleet) !== undefined)
    const all = ['Service', 'ConfigMap', 'Deployment']
    /** Says what the cluster would of an object. */
    const report = (kind: string, name: string, status: object) => api.put({ ...api.get(kind, 'infra', name), status })
    const addressed = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } }
    const change = async () => {
      api.put(gatewayClass('second'))
      api.put(gateway('edge'))
      await start()
      api.put(gateway('edge', { gatewayClassName: 'second' }))
      await pass(5_000)
    }

    test('keeps its fleet until the new one serves at an address, and some time for that to be heard', async () => {
      await change()
      expect([has('edge-fairlead'), has('edge-second')]).toEqual([all, all])
      report('Deployment', 'edge-second', { observedGeneration: 1, availableReplicas: 1 })
      await pass(60_000)
      expect(has('edge-fairlead')).toEqual(all)
      report('Service', 'edge-second', addressed)
      await pass(25_000)
      expect(has('edge-fairlead')).toEqual(all)
      await pass(10_000)
      expect([has('edge-fairlead'), has('edge-second')]).toEqual([[], all])
    })

    test('keeps its fleet while no proxy of the new one serves, however long', async () => {
      await change()
      report('Service', 'edge-second', addressed)
      report('Deployment', 'edge-second', { observedGeneration: 1, availableReplicas: 0 })
      await pass(1_200_000)
      expect(has('edge-fairlead')).toEqual(all)
    })

    test('keeps it over a restart, and when it goes back', async () => {
      await change()
      await restart(() => {})
      await pass(60_000)
      expect(has('edge-fairlead')).toEqual(all)
      report('Service', 'edge-fairlead', addressed)
      report('Deployment', 'edge-fairlead', { observedGeneration: 1, availableReplicas: 1 })
      api.put(gateway('edge'))
      await pass(60_000)
      expect([has('edge-fairlead'), has('edge-second')]).toEqual([all, []])
    })
  })

  test('keeps every fleet while it may not read Gateways, whenever it was started', async () => {
    api.put(gateway('edge'))
    await start()
    mayRead('gateways', false)
    await pass(120_000)
    expect(fleets()).toEqual(['edge'])
    await restart(() => {})
    await pass(120_000)
    expect(fleets()).toEqual(['edge'])
    mayRead('gateways', true)
    api.put(gatewayClass('other', 'example.com/other'))
    api.put(gateway('edge', { gatewayClassName: 'other' }))
    await pass(120_000)
    expect(fleets()).toEqual([])
  })

  test('leaves the fleet of a Gateway that is gone to the API server, which deletes what a Gateway owned', async () => {
    api.put(gateway('edge'))
    await start()
    api.remove('Gateway', 'infra', 'edge')
    await pass(120_000)
    expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('keeps every fleet while it may not read classes', async () => {
    api.put(gateway('edge'))
    await start()
    await restart(() => mayRead('gatewayclasses', false))
    await pass(120_000)
    expect(fleets()).toEqual(['edge'])
  })

  test('keeps the fleet of a Gateway that it cannot read', async () => {
    api.put(gateway('edge'))
    await start()
    await restart(() => api.put(gateway('edge', { listeners: 'of a newer release' })))
    await pass(120_000)
    expect(fleets()).toEqual(['edge'])
    api.put(gateway('edge', { listeners: [{ name: 'http', port: 9090, protocol: 'HTTP' }] }))
    await pass(1000)
    expect(JSON.stringify(api.get('Service', 'infra', 'edge-fairlead'))).toContain('9090')
  })

  test('serves on when the class of a Gateway is deleted, until the Gateway goes', async () => {
    api.put(gateway('edge'))
    api.put(gateway('inner'))
    await start()
    api.remove('GatewayClass', '', 'fairlead')
    await pass(120_000)
    expect(fleets()).toEqual(['edge', 'inner'])
    const infra = () => [...rig.assembly.outputs.infra.entries()].map(([key]) => key)
    expect(infra()).toEqual(['infra/edge', 'infra/inner'])
    expect([...rig.classes.names]).toEqual(['fairlead'])
    api.remove('Gateway', 'infra', 'inner')
    await pass(1000)
    expect(infra()).toEqual(['infra/edge'])
    api.remove('Gateway', 'infra', 'edge')
    await pass(1000)
    expect(rig.assembly.sources.gatewayClasses.size).toBe(0)
  })

  test('keeps the fleets of a class that was deleted before it was started', async () => {
    api.put(gateway('edge'))
    await start()
    await restart(() => api.remove('GatewayClass', '', 'fairlead'))
    await pass(120_000)
    expect(fleets()).toEqual(['edge'])
    api.put(gatewayClass())
    api.put(gateway('edge', { listeners: [{ name: 'http', port: 9090, protocol: 'HTTP' }] }))
    await pass(1000)
    expect(JSON.stringify(api.get('Service', 'infra', 'edge-fairlead'))).toContain('9090')
  })

  test('a Gateway that cannot be rendered harms no other', async () => {
    api.put(gateway('edge'))
    api.put(gateway('inner'))
    await start()
    let rendered = 0
    rig.deployer.configure({
      ...testFleetSettings,
      get xds() {
        rendered += 1
        if (rendered === 1) throw new Error('a bug')
        return { host: 'elsewhere.test', port: 1 }
      },
    })
    await pass(1000)
    const isNew = (name: string) =>
      JSON.stringify(api.get('ConfigMap', 'infra', `${name}-fairlead`)).includes('elsewhere.test')
    expect(fleets()).toEqual(['edge', 'inner'])
    expect([isNew('edge'), isNew('inner')].toSorted()).toEqual([false, true])
  })
})
