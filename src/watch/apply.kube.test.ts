import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fleetObjectsTable, type ManagedObject } from '../api/managed-kinds.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMetrics } from '../lib/metrics.ts'
import { type ApiServer, startApiServer } from '../testing/api-server.ts'
import { applierController, fleetObject } from '../testing/applier-rig.ts'
import { managedLabel } from './applied-object.ts'
import { Applier } from './apply.ts'
import { type ConnectedCluster, connectCluster } from './client.ts'
import type { KubeClient, KubeRequest } from './kube-client.ts'
import { Reflector } from './reflector.ts'
import { collectionPath } from './rest-path.ts'

let server: ApiServer
let client: ConnectedCluster
beforeAll(async () => {
  server = await startApiServer()
  const connected = await connectCluster({ kubeconfig: server.kubeconfig, logger: silentLogger() })
  if (!connected.ok) throw new Error(connected.error)
  client = connected.value
}, 120_000)
afterAll(async () => {
  await client?.close()
  await server?.stop()
})

const selector = { app: 'edge' }

/** A fleet that an API server takes. */
function fleet(
  facts: { readonly image?: string; readonly uid?: string; readonly replicas?: number; readonly port?: number } = {},
): readonly ManagedObject[] {
  const { image = 'envoy:1', uid, replicas, port = 80 } = facts
  const container = { name: 'envoy', image, resources: { limits: { cpu: '1000m' } }, ports: [{ containerPort: 8080 }] }
  const template = { metadata: { labels: selector }, spec: { containers: [container] } }
  const deployment = { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: selector }, template }
  return [
    fleetObject('Deployment', 'edge', { spec: deployment }, uid),
    fleetObject('Service', 'edge', { spec: { type: 'LoadBalancer', selector, ports: [{ name: 'http', port }] } }, uid),
    fleetObject('ConfigMap', 'edge', { data: { 'bootstrap.json': '{}' } }, uid),
    fleetObject('ServiceAccount', 'edge', { automountServiceAccountToken: false }, uid),
  ]
}

/** An applier with watches of what is ours. */
class Applying {
  readonly requests: KubeRequest[] = []
  readonly problems: (string | undefined)[] = []
  readonly applier: Applier
  readonly #reflectors: readonly Reflector[]
  readonly #listed: Promise<unknown>
  #told: (() => void) | undefined

  constructor() {
    const recording: KubeClient = {
      send: (request) => {
        this.requests.push(request)
        return client.send(request)
      },
      open: (request) => client.open(request),
      close: () => Promise.resolve(),
    }
    this.applier = new Applier({
      client: recording,
      fieldManager: 'fairlead',
      controllerName: applierController,
      onProblem: (_, message) => this.problems.push(message),
      mayDelete: () => Promise.resolve('yes'),
      logger: silentLogger(),
      metrics: createMetrics(),
    })
    const lists = fleetObjectsTable.map((row) => {
      const listed = Promise.withResolvers<void>()
      const reflector = new Reflector({
        client,
        path: collectionPath(row),
        labelSelector: `${managedLabel.name}=${managedLabel.value}`,
        isMetadataOnly: true,
        logger: silentLogger(),
        sink: {
          upsert: (object) => {
            this.applier.observe(row.kind, object)
            this.#told?.()
          },
          remove: (key) => {
            const [namespace = '', name = ''] = key.split('/')
            this.applier.vanished(row.kind, namespace, name)
            this.#told?.()
          },
          state: ({ kind }) => {
            if (kind === 'synced') listed.resolve()
          },
        },
      })
      reflector.start()
      return { reflector, listed: listed.promise }
    })
    this.#reflectors = lists.map(({ reflector }) => reflector)
    this.#listed = Promise.all(lists.map(({ listed }) => listed))
  }

  async start(objects: readonly ManagedObject[]): Promise<void> {
    await this.#listed
    this.applier.set('shop/edge', objects)
    this.applier.start()
    await this.applier.idle()
  }

  /** Resolves when the API server has it so. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#told = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async stop(): Promise<void> {
    await this.applier.stop()
    await Promise.all(this.#reflectors.map((reflector) => reflector.close()))
  }
}

const kubectl = (...args: readonly string[]) => server.kubectl(['-n', 'shop', ...args])
const show = (kind: string, path: string) => kubectl('get', kind, 'edge-ours', '-o', `jsonpath={${path}}`)

describe('Applier on a real API server', () => {
  let applying: Applying
  beforeEach(async () => {
    await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: shop}}')
    await kubectl('delete', 'serviceaccounts,configmaps,services,deployments,daemonsets', '--all')
    applying = new Applying()
    return () => applying.stop()
  })

  test('makes a fleet once, and a restart sends nothing', async () => {
    await applying.start(fleet())
    expect(await show('deployment', '.spec.template.spec.containers[0].image')).toBe('envoy:1')
    expect(applying.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(4)
    await applying.stop()
    applying = new Applying()
    await applying.start(fleet())
    expect(applying.requests).toEqual([])
  })

  test('applying the same again changes nothing', async () => {
    await applying.start(fleet())
    const version = await show('deployment', '.metadata.resourceVersion')
    // Takes away what makes the applier believe that all is as it was.
    applying.applier.vanished('Deployment', 'shop', 'edge-ours')
    await applying.applier.idle()
    expect(applying.requests.at(-1)).toMatchObject({ method: 'PATCH' })
    expect(await show('deployment', '.metadata.resourceVersion')).toBe(version)
  })

  test('leaves alone what others set and we do not: replicas of an autoscaler, the mark of a restart, a status', async () => {
    await applying.start(fleet())
    await kubectl('scale', 'deployment', 'edge-ours', '--replicas=3')
    await kubectl('rollout', 'restart', 'deployment', 'edge-ours')
    await kubectl('label', 'service', 'edge-ours', 'team=web')
    const status = '{"status": {"readyReplicas": 3, "replicas": 3}}'
    await kubectl('patch', 'deployment', 'edge-ours', '--subresource=status', '--type=merge', '-p', status)
    applying.requests.length = 0
    applying.applier.set('shop/edge', fleet({ image: 'envoy:2' }))
    await applying.until(
      async () => (await show('deployment', '.spec.template.spec.containers[0].image')) === 'envoy:2',
    )
    await applying.applier.idle()
    expect(await show('deployment', '.spec.replicas')).toBe('3')
    expect(await show('deployment', '.spec.template.metadata.annotations')).toContain('restartedAt')
    expect(await show('service', '.metadata.labels.team')).toBe('web')
    expect(applying.requests).toHaveLength(1)
  })

  test('replicas that are not ours to set any more stay as they are', async () => {
    await applying.start(fleet({ replicas: 2 }))
    await kubectl('autoscale', 'deployment', 'edge-ours', '--min=1', '--max=5')
    applying.applier.set('shop/edge', fleet())
    await applying.until(async () => !(await show('deployment', '.metadata.managedFields')).includes('f:replicas'))
    await applying.applier.idle()
    // The API server's default, once: nobody owned the value any more.
    expect(await show('deployment', '.spec.replicas')).toBe('1')
    await kubectl('scale', 'deployment', 'edge-ours', '--replicas=4')
    await applying.applier.idle()
    expect(await show('deployment', '.spec.replicas')).toBe('4')
  })

  test('repairs what somebody changed', async () => {
    await applying.start(fleet())
    await kubectl('set', 'image', 'deployment/edge-ours', 'envoy=theirs:1')
    await applying.until(async () => (await show('deployment', '.spec.template')).includes('envoy:1'))
    await kubectl('patch', 'configmap', 'edge-ours', '--type=merge', '-p', '{"data": {"bootstrap.json": null}}')
    await applying.until(async () => (await show('configmap', '.data')).includes('bootstrap.json'))
    await applying.applier.idle()
    expect(applying.problems).toEqual([])
  })

  test('repairs the port of a Service, though apply alone would put ours beside it under the same name', async () => {
    await applying.start(fleet())
    const ports = '{"spec": {"ports": [{"name": "http", "port": 81}]}}'
    await kubectl('patch', 'service', 'edge-ours', '--type=merge', '-p', ports)
    await applying.until(async () => (await show('service', '.spec.ports[*].port')) === '80')
    await applying.applier.idle()
    const owners = await kubectl(
      'get',
      'service',
      'edge-ours',
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields}',
    )
    expect(owners).not.toMatch(/"fairlead","operation":"Update"/)
    applying.applier.set('shop/edge', fleet({ port: 8080 }))
    await applying.until(async () => (await show('service', '.spec.ports[*].port')) === '8080')
    expect(applying.problems).toEqual([])
  })

  test('repairs what somebody deleted or stripped of our label', async () => {
    await applying.start(fleet())
    await kubectl('delete', 'configmap', 'edge-ours')
    await applying.until(async () => (await kubectl('get', 'configmaps', '-o', 'name')).includes('edge-ours'))
    await kubectl('label', 'serviceaccount', 'edge-ours', `${managedLabel.name}-`)
    await applying.until(async () => (await show('serviceaccount', '.metadata.labels')).includes('fairlead'))
    await applying.applier.idle()
    expect(applying.problems).toEqual([])
  })

  test('does not touch what is not ours, says so, and goes on with the rest', async () => {
    await kubectl('create', 'service', 'clusterip', 'edge-ours', '--tcp=80')
    const version = await show('service', '.metadata.resourceVersion')
    await applying.start(fleet())
    expect(await show('service', '.metadata.resourceVersion')).toBe(version)
    expect(applying.problems).toEqual([
      'Service shop/edge-ours exists and does not belong to this Gateway; rename or delete it',
    ])
    expect(await kubectl('get', 'deployments', '-o', 'name')).toContain('edge-ours')
  })

  test('an object in the place of one that we know is a conflict, however much it looks like ours', async () => {
    await applying.start(fleet())
    await applying.stop()
    const theirs = fleetObject('Deployment', 'other', { spec: fleet()[0]?.spec })
    await kubectl('delete', 'deployment', 'edge-ours')
    await server.apply(JSON.stringify({ ...theirs, metadata: { ...theirs.metadata, name: 'edge-ours' } }))
    applying = new Applying()
    await applying.start(fleet())
    expect(await show('deployment', '.metadata.ownerReferences[0].uid')).toBe('uid-other')
    expect(applying.problems).toEqual([
      'Deployment shop/edge-ours exists and does not belong to this Gateway; rename or delete it',
    ])
  })

  test('takes over what a Gateway of the same name left, and deletes what nobody wants', async () => {
    await applying.start(fleet({ uid: 'uid-before' }))
    applying.applier.set('shop/edge', fleet({ uid: 'uid-now' }))
    await applying.until(async () => (await show('service', '.metadata.ownerReferences[*].uid')) === 'uid-now')
    await applying.applier.idle()
    applying.applier.delete('shop/edge')
    await applying.applier.idle()
    expect(await kubectl('get', 'deployments,services,configmaps,serviceaccounts', '-o', 'name')).toBe('')
  })

  test('what the API server says to an invalid object reaches the owner, and there is no loop', async () => {
    const wrong = fleetObject('Service', 'edge', { spec: { type: 'Bogus', ports: [{ port: 80 }] } })
    await applying.start([...fleet().filter(({ kind }) => kind !== 'Service'), wrong])
    expect(applying.problems).toEqual([
      expect.stringContaining('Service shop/edge-ours is refused: Service "edge-ours" is invalid: spec.type'),
    ])
    expect(applying.requests.filter(({ path }) => path.includes('/services/'))).toHaveLength(2)
  })

  test('a namespace that is being deleted is nobody’s problem', async () => {
    await server.apply('{apiVersion: v1, kind: Namespace, metadata: {name: ending}}')
    await server.kubectl(['delete', 'namespace', 'ending', '--wait=false'])
    await applying.start(
      fleet().map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'ending' } })),
    )
    expect(applying.problems).toEqual([])
    expect(applying.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(4)
  })
})
