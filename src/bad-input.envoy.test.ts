/** What users get wrong, one after the other, in front of a real Envoy: a route beside it is served all the time. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gateway } from './api/gen/types.ts'
import type { KubernetesObject } from './api/kinds.ts'
import { parseObject } from './api/parse.ts'
import { badCases, crowded } from './testing/bad-cases.ts'
import { goodWorld, match } from './testing/bad-objects.ts'
import { freePort, get, type RunningEnvoy, startEnvoy, until } from './testing/envoy-rig.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { mustParse } from './testing/pipeline-rig.ts'

const backend = createHttpServer((_request, response) => response.end('good'))
const live = new LivePipeline()
let envoy: RunningEnvoy
let port: number
let good: readonly KubernetesObject[]
let gateway: Gateway

/** Where listeners of bad Gateways go. */
let otherPort: number

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function nameOf({ kind, metadata: { namespace, name } }: KubernetesObject) {
  return { kind, namespace, name }
}

function setAll(objects: readonly KubernetesObject[]): void {
  for (const object of objects) live.set(object)
}

/** Everything is sent and answered. */
async function settled(): Promise<void> {
  await live.translation.graph.idle()
  await until(
    () => live.deliverer.server.proxies(),
    (proxies) =>
      proxies.length === 1 &&
      proxies.every(
        ({ synced, types }) =>
          synced && types.every(({ pending, sent, acked, nacked }) => pending === 0 && sent === acked + nacked),
      ),
    { what: 'an answer to everything that was sent' },
  )
  await live.translation.graph.idle()
}

function sentinel(): Promise<{ readonly status: number; readonly body: string }> {
  return get(port, 'good.com', '/any')
}

/** The listeners of every Gateway among the objects as further listeners of the one that is served. */
function onOneGateway(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const listeners = objects.flatMap((object) =>
    object.kind === 'Gateway' ? object.spec.listeners.map((listener) => ({ ...listener, port: otherPort })) : [],
  )
  const others = objects.filter(({ kind }) => kind !== 'Gateway')
  return listeners.length === 0 ? others : [...others, withListeners(listeners)]
}

function withListeners(listeners: Gateway['spec']['listeners']): Gateway {
  const { metadata, spec } = gateway
  return {
    ...gateway,
    metadata: { ...metadata, generation: metadata.generation + 1 },
    spec: { ...spec, listeners: [...spec.listeners, ...listeners] },
  }
}

function statusOf(key: string): unknown {
  return live.translation.outputs.statuses.get(key)?.status
}

function isGateway(object: KubernetesObject): object is Gateway {
  return object.kind === 'Gateway'
}

beforeAll(async () => {
  const backendPort = await portOf(backend)
  port = await freePort()
  otherPort = await freePort()
  good = goodWorld(port, { address: '127.0.0.1', port: backendPort }).map(mustParse)
  gateway = good.filter(isGateway)[0] ?? expect.unreachable()
  setAll(good)
  await live.ready()
  const xds = await live.listen(0)
  envoy = await startEnvoy({ xdsPort: xds.port, gateway: 'default/gw' })
  await settled()
  await until(sentinel, ({ status }) => status === 200, { what: 'the sentinel' })
})

afterAll(async () => {
  await envoy.stop()
  await live.stop()
  backend.closeAllConnections()
  backend.close()
})

describe('a real Envoy', () => {
  const cases = [...badCases, crowded].flatMap(({ what, objects }) => {
    const parsed = objects.map((object) => parseObject(object))
    return parsed.every((result) => result.ok)
      ? [{ what, objects: parsed.flatMap((result) => (result.ok ? [result.value] : [])) }]
      : []
  })

  test.each(cases)('serves the sentinel and refuses nothing beside $what', async ({ objects }) => {
    setAll(onOneGateway(objects))
    await settled()
    expect([...live.translation.refusals.entries()]).toEqual([])
    expect(await sentinel()).toMatchObject({ status: 200, body: 'good' })
    for (const object of objects) live.delete(nameOf(object))
    setAll(good)
    await settled()
    expect(await sentinel()).toMatchObject({ status: 200, body: 'good' })
  })
})

describe('what only a proxy can judge', () => {
  /** More than the 100 instructions that an Envoy takes which is not told otherwise; this one is not. */
  const regex = `/${'('.repeat(200)}x${')'.repeat(200)}`
  const withPath = (path: object) => mustParse(match({ path }))

  test('is named in the status of the route that it came from, until the route is mended', async () => {
    live.set(withPath({ type: 'RegularExpression', value: regex }))
    await settled()
    expect(statusOf('HTTPRoute/default/bad')).toMatchObject({
      parents: [
        {
          conditions: [
            { type: 'Accepted', status: 'True' },
            { type: 'ResolvedRefs', status: 'True' },
            { type: 'fairlead.dev/Refused', status: 'True', message: expect.stringContaining('max program size') },
          ],
        },
      ],
    })
    expect(JSON.stringify(statusOf('HTTPRoute/default/good'))).not.toContain('Refused')
    expect(await sentinel()).toMatchObject({ status: 200, body: 'good' })
    expect((await get(port, 'bad.com', '/x')).status).toBe(500)
    live.set(withPath({ type: 'RegularExpression', value: '/x+' }))
    await settled()
    expect([...live.translation.refusals.entries()]).toEqual([])
    expect(JSON.stringify(statusOf('HTTPRoute/default/bad'))).not.toContain('Refused')
    expect((await get(port, 'bad.com', '/xx')).status).toBe(200)
    expect(await sentinel()).toMatchObject({ status: 200, body: 'good' })
  })
})

describe('a port that cannot be bound', () => {
  test('is named in the status of Gateway and listener while the others serve, and is bound when it is freed', async () => {
    const taken = createServer()
    const takenPort = await portOf(taken)
    const [first] = gateway.spec.listeners
    setAll([withListeners(first === undefined ? [] : [{ ...first, name: 'taken', port: takenPort }])])
    const programmed = (status: string, message: unknown) =>
      expect.arrayContaining([expect.objectContaining({ type: 'Programmed', status, message })])
    await until(
      () => statusOf('Gateway/default/gw'),
      (status) => JSON.stringify(status).includes('cannot bind'),
      { what: 'the refusal in the status' },
    )
    const why = expect.stringContaining(`cannot bind 127.0.0.1:${takenPort}: EADDRINUSE`)
    expect(statusOf('Gateway/default/gw')).toMatchObject({
      conditions: programmed('False', why),
      listeners: [
        { name: 'http', conditions: programmed('True', expect.any(String)) },
        { name: 'taken', conditions: programmed('False', why) },
      ],
    })
    expect(await sentinel()).toMatchObject({ status: 200, body: 'good' })
    taken.close()
    await once(taken, 'close')
    await until(
      () => get(takenPort, 'good.com'),
      ({ status }) => status === 200,
      { what: 'the freed port', timeoutMs: 40_000 },
    )
    await until(
      () => JSON.stringify(statusOf('Gateway/default/gw')),
      (status) => !status.includes('cannot bind'),
      { what: 'the end of the refusal' },
    )
    expect(statusOf('Gateway/default/gw')).toMatchObject({
      conditions: programmed('True', expect.any(String)),
      listeners: [{ name: 'http' }, { name: 'taken', conditions: programmed('True', expect.any(String)) }],
    })
  })
})
