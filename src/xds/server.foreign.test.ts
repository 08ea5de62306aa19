/** A client that shares no code with ours: message classes of another protobuf runtime, made from proto/ as it stands. */
import { join } from 'node:path'
import {
  type Client,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { load } from '@grpc/proto-loader'
import { afterEach, describe, expect, test } from 'vitest'
import { makeResource } from '../envoy/resource.ts'
import { Feedback } from './feedback.ts'
import { XdsServer } from './server.ts'
import { ResourceStore } from './store.ts'

const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'

interface Response {
  readonly nonce: string
  readonly type_url: string
  readonly resources: readonly {
    readonly name: string
    readonly version: string
    readonly resource: Record<string, unknown>
  }[]
  readonly removed_resources: readonly string[]
}

interface Stream {
  write(request: object): void
  on(event: 'data', listener: (response: Response) => void): void
  on(event: 'error', listener: () => void): void
  cancel(): void
}

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    await one.close()
  }
})

async function foreignClient(port: number): Promise<Client & { DeltaAggregatedResources(): Stream }> {
  const root = join(import.meta.dirname, '..', '..', 'proto')
  const definition = await load('envoy/service/discovery/v3/ads.proto', {
    includeDirs: [root],
    keepCase: true,
    defaults: true,
  })
  const path = ['envoy', 'service', 'discovery', 'v3', 'AggregatedDiscoveryService']
  let found: unknown = loadPackageDefinition(definition)
  for (const part of path) {
    found = (found as GrpcObject)[part] // Each step of the path is a package of the definition, the last one the service.
  }
  const Service = found as ServiceClientConstructor
  const client = new Service(`127.0.0.1:${port}`, credentials.createInsecure())
  open.push(client)
  // The generated client has a method for each rpc of the service, which the types of grpc-js cannot know.
  return client as unknown as Client & { DeltaAggregatedResources(): Stream }
}

describe('XdsServer', () => {
  test('is understood by a client that was generated from proto/ by another runtime', async () => {
    const store = new ResourceStore()
    const cluster = makeResource('cluster', 'a', { name: 'a', lbPolicy: 1 })
    store.apply({
      resources: [{ gateway: 'default/gw', type: 'cluster', name: 'a', resource: cluster }],
      endpoints: [],
    })
    store.markSynced()
    const server = new XdsServer({ store, feedback: new Feedback() })
    open.push(server)
    const { port } = await server.listen('127.0.0.1:0')
    const stream = (await foreignClient(port)).DeltaAggregatedResources()
    open.push({ close: () => stream.cancel() })
    stream.on('error', () => {})
    const answered = new Promise<Response>((resolve) => stream.on('data', resolve))
    stream.write({ node: { id: 'foreign', cluster: 'default/gw' }, type_url: clusterType })
    const response = await answered
    expect(response.type_url).toBe(clusterType)
    expect(response.nonce).not.toBe('')
    expect(response.resources).toMatchObject([
      { name: 'a', version: cluster.version, resource: { type_url: clusterType, value: Buffer.from(cluster.bytes) } },
    ])
  })
})
