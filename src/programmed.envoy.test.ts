/** Programmed with a real Envoy: of the generation that it has taken (docs/adr/0005). */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, get, type RunningEnvoy, startEnvoy, until } from './testing/envoy-rig.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { mustParse } from './testing/pipeline-rig.ts'

const apiVersion = 'gateway.networking.k8s.io/v1'
const envoys: RunningEnvoy[] = []
let live: LivePipeline

function setGateway(generation: number, ports: readonly number[]): void {
  const listeners = ports.map((port) => ({ name: `p${port}`, port, protocol: 'HTTP' }))
  const spec = { gatewayClassName: 'c', listeners }
  live.set(mustParse({ apiVersion, kind: 'Gateway', metadata: { name: 'gw', generation }, spec }))
}

interface Seen {
  readonly status: string
  readonly observedGeneration: number
  readonly message: string
}

function programmed(): Seen | undefined {
  const conditions: unknown = live.translation.outputs.statuses.get('Gateway/default/gw')?.status.conditions
  const all: readonly (Seen & { readonly type: string })[] = Array.isArray(conditions) ? conditions : []
  return all.find(({ type }) => type === 'Programmed')
}

async function untilGeneration(generation: number, status: 'True' | 'False'): Promise<Seen | undefined> {
  const isSo = (seen: Seen | undefined) => seen?.observedGeneration === generation && seen.status === status
  return await until(programmed, isSo, { what: `Programmed ${status} of generation ${generation}` })
}

beforeAll(async () => {
  live = new LivePipeline()
  const spec = { controllerName: 'fairlead.dev/gateway-controller' }
  live.set(mustParse({ apiVersion, kind: 'GatewayClass', metadata: { name: 'c' }, spec }))
})

afterAll(async () => {
  for (const envoy of envoys) await envoy.stop()
  await live.stop()
})

describe('Programmed', () => {
  test('is True once Envoy serves the generation, and False with the reason when it cannot', async () => {
    const [first, second] = [await freePort(), await freePort()]
    setGateway(1, [first])
    const { port: xdsPort } = await live.listen(0)
    await live.ready()
    envoys.push(await startEnvoy({ xdsPort, gateway: 'default/gw' }))
    await untilGeneration(1, 'True')
    setGateway(2, [first, second])
    await untilGeneration(2, 'True')
    expect((await get(second, 'a.com')).status).toBe(404)
    const owner = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => owner.once('listening', resolve))
    const address = owner.address()
    const taken = typeof address === 'object' && address !== null ? address.port : 0
    setGateway(3, [first, taken])
    const refused = await until(programmed, (seen) => /cannot bind/i.test(seen?.message ?? ''), { what: 'a refusal' })
    expect(refused).toMatchObject({ status: 'False', observedGeneration: 3 })
    owner.close()
    await untilGeneration(3, 'True')
  })
})
