/** One Gateway, many HTTPRoutes on as many hostnames, few Services: as objects of an API server. */
import { networkInterfaces } from 'node:os'
import { must } from '../../src/lib/assert.ts'
import type { KubeClient, KubeRequest } from '../../src/watch/kube-client.ts'
import { mergePatch } from '../../src/watch/kube-client.ts'
import {
  gatewayManifests,
  type Manifest,
  routeManifest,
  serviceManifest,
  sliceManifest,
  stampHeader,
  type WorkloadOptions,
  workloadNamespace,
} from '../../src/testing/workload.ts'

export const serviceCount = 50
/** Requests of ours under way at once: the API server shall be busy, and not choke. */
const concurrency = 8

const inNamespace = `namespaces/${workloadNamespace}`
const routesPath = `/apis/gateway.networking.k8s.io/v1/${inNamespace}/httproutes`
const slicesPath = `/apis/discovery.k8s.io/v1/${inNamespace}/endpointslices`

const collections: Readonly<Record<string, string>> = {
  GatewayClass: '/apis/gateway.networking.k8s.io/v1/gatewayclasses',
  Gateway: `/apis/gateway.networking.k8s.io/v1/${inNamespace}/gateways`,
  HTTPRoute: routesPath,
  Namespace: '/api/v1/namespaces',
  Service: `/api/v1/${inNamespace}/services`,
  EndpointSlice: slicesPath,
}

/** Path of the route with this number. */
export const routePath = (index: number): string => `${routesPath}/route-${index}`
/** Path of the collection of routes. */
export const routeCollection = routesPath

/** Creates everything. The routes share the Services. */
export async function createAll(client: KubeClient, workload: WorkloadOptions, routes: number): Promise<void> {
  const create = (manifest: Manifest) =>
    client.send({ method: 'POST', path: collections[manifest.kind] ?? '', body: manifest })
  for (const manifest of gatewayManifests(workload)) if (manifest.kind !== 'GatewayClass') await create(manifest)
  const services = Array.from({ length: serviceCount }, (_, index) => [
    serviceManifest(index),
    sliceManifest(workload, index, [ownAddress()]),
  ])
  const all = Array.from({ length: routes }, (_, index) => sharingRoute(workload, index))
  await inParallel([...services.flat(), ...all], create)
}

/** As a person edits a route: the answers carry another stamp. */
export function editOf(workload: WorkloadOptions, index: number, stamp: string): KubeRequest {
  const { spec } = sharingRoute(workload, index, stamp)
  return { method: 'PATCH', path: routePath(index), contentType: mergePatch, body: { spec } }
}

/** Another pod behind a Service, which nobody asks any more. */
export function endpointChange(index: number, turn: number): KubeRequest {
  const addresses = [ownAddress(), `198.51.100.${1 + (turn % 250)}`]
  const body = { endpoints: addresses.map((address) => ({ addresses: [address] })) }
  return { method: 'PATCH', path: `${slicesPath}/service-${index}-1`, contentType: mergePatch, body }
}

/** Does this with each, some at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

/** Of this machine: an API server lets no endpoint have a loopback address. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return must(all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address, 'only loopback is up')
}

function sharingRoute(workload: WorkloadOptions, index: number, stamp = 'first'): Manifest {
  const manifest = routeManifest(workload, index, stamp)
  const backendRefs = [{ name: `service-${index % serviceCount}`, port: 80 }]
  const set = [{ name: stampHeader, value: stamp }]
  const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }]
  return { ...manifest, spec: { ...Object(manifest.spec), rules: [{ filters, backendRefs }] } }
}
