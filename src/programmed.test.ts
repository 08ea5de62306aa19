/** What a Gateway's status says of its proxies, from objects to acknowledgements and back (docs/adr/0005). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LivePipeline } from './testing/live-pipeline.ts'
import { mustParse } from './testing/pipeline-rig.ts'
import { FakeEnvoy } from './xds/fake-envoy.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const controllerName = 'fairlead.dev/gateway-controller'

let live: LivePipeline
let port: number
let envoys: FakeEnvoy[]

function setGateway(generation: number, ports: readonly number[], uid = 'one'): void {
  const listeners = ports.map((listenerPort) => ({ name: `p${listenerPort}`, port: listenerPort, protocol: 'HTTP' }))
  live.set(
    mustParse({
      apiVersion,
      kind: 'Gateway',
      metadata: { name: 'gw', generation, uid },
      spec: { gatewayClassName: 'c', listeners },
    }),
  )
}

/** A proxy that takes everything. */
function connect(nodeId: string, ownerUid?: string): FakeEnvoy {
  const envoy = new FakeEnvoy({ port, gateway: 'default/gw', nodeId, ownerUid })
  envoys.push(envoy)
  envoy.answerAll()
  for (const type of ['cluster', 'listener', 'scoped-route'] as const) envoy.request(type)
  return envoy
}

/** `<status> <reason> @<observedGeneration>` of the Gateway's Programmed, then of its listeners'. */
function programmed(): readonly string[] {
  const status = live.translation.outputs.statuses.get('Gateway/default/gw')?.status ?? {}
  const parts = [status, ...(Array.isArray(status.listeners) ? status.listeners : [])]
  return parts.flatMap(({ conditions }) =>
    conditions
      .filter(({ type }: { readonly type: string }) => type === 'Programmed')
      .map((one: Readonly<Record<string, string>>) => `${one.status} ${one.reason} @${one.observedGeneration}`),
  )
}

async function becomes(expected: readonly string[]): Promise<void> {
  const isSo = () => JSON.stringify(programmed()) === JSON.stringify(expected)
  await live.translation.graph.idle()
  await live.deliverer.until(isSo, 10_000)
  await live.translation.graph.idle()
  expect(programmed()).toEqual(expected)
}

beforeEach(async () => {
  live = new LivePipeline()
  envoys = []
  live.set(mustParse({ apiVersion, kind: 'GatewayClass', metadata: { name: 'c' }, spec: { controllerName } }))
  setGateway(1, [8080])
  ;({ port } = await live.listen(0))
  await live.ready()
})

afterEach(async () => {
  for (const envoy of envoys) envoy.close()
  await live.stop()
})

describe('Programmed', () => {
  test('waits for a proxy, and is True for the generation that it has', async () => {
    expect(programmed()).toEqual(['False Pending @1', 'False Pending @1'])
    connect('a')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    setGateway(2, [8080, 8081])
    await becomes(['True Programmed @2', 'True Programmed @2', 'True Programmed @2'])
  })

  test('waits for every connected proxy, and no longer for one that has gone', async () => {
    connect('a')
    const hanging = connect('b')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    await live.deliverer.until(() => live.deliverer.server.proxies().every(({ synced }) => synced), 10_000)
    hanging.pause()
    setGateway(2, [8080, 8081])
    await live.translation.graph.idle()
    await live.deliverer.until(() => live.deliverer.server.proxies().some(({ types }) => isDone(types)), 10_000)
    expect(programmed()).toEqual(Array(3).fill('False Pending @2'))
    hanging.close()
    await becomes(Array(3).fill('True Programmed @2'))
  })

  test('stays without any proxy until something is to be told', async () => {
    const only = connect('a')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    only.close()
    await live.deliverer.until(() => live.deliverer.server.proxies().length === 0, 10_000)
    await live.translation.graph.idle()
    expect(programmed()).toEqual(['True Programmed @1', 'True Programmed @1'])
    setGateway(2, [8080])
    await becomes(['False Pending @2', 'False Pending @2'])
  })

  test('of a Gateway that was made anew is not that of the old one, though the generation is', async () => {
    connect('a').close()
    connect('b')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    const seen = new Set<string>()
    const stop = live.translation.graph.onEpoch(() => seen.add(programmed()[0] ?? ''))
    setGateway(1, [8080], 'two')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    stop()
    expect([...seen]).toContain('False Pending @1')
  })

  test('of a Gateway that was made anew waits for proxies of its own: those of the old one are about to go', async () => {
    const old = connect('old', 'one')
    await becomes(['True Programmed @1', 'True Programmed @1'])
    const taken = live.acked
    setGateway(1, [8080, 8081], 'two')
    await live.ackedMoreThan(taken)
    await becomes(Array(3).fill('False Pending @1'))
    old.close()
    await live.deliverer.until(() => live.deliverer.server.proxies().length === 0, 10_000)
    await becomes(Array(3).fill('False Pending @1'))
    connect('new', 'two')
    await becomes(Array(3).fill('True Programmed @1'))
  })
})

function isDone(
  types: readonly { readonly type: string; readonly pending: number; readonly known: number }[],
): boolean {
  const listeners = types.find(({ type }) => type === 'listener')
  return listeners !== undefined && listeners.known >= 3 && types.every(({ pending }) => pending === 0)
}
