/** Every golden case, served over ADS by our own server, is acknowledged by a real Envoy: none of it is only on paper. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../api/kinds.ts'
import { type RunningEnvoy, startEnvoy, until } from '../testing/envoy-rig.ts'
import { baseObjects, goldenCases } from '../testing/golden.ts'
import { LivePipeline } from '../testing/live-pipeline.ts'

/** A loopback address of its own: the cases bind ports 80 and 443. */
const address = '127.0.77.1'

let live: LivePipeline
let envoy: RunningEnvoy

function nameOf({ kind, metadata: { namespace, name } }: KubernetesObject) {
  return { kind, namespace, name }
}

/** Everything sent is answered, and nothing more is to be sent. */
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
    { what: 'an acknowledgement of everything', timeoutMs: 30_000 },
  )
}

beforeAll(async () => {
  live = new LivePipeline({
    settings: { platform: { kind: 'standalone', bindAddresses: [address], ipv6: false } },
  })
  const { port } = await live.listen(0)
  for (const object of baseObjects()) {
    live.set(object)
  }
  await live.ready()
  envoy = await startEnvoy({ xdsPort: port, gateway: 'default/gw' })
})

afterAll(async () => {
  await envoy.stop()
  await live.stop()
})

describe('a real Envoy', () => {
  const cases = goldenCases().filter(({ objects }) => objects.some(({ kind }) => kind === 'Gateway'))

  test.each(cases.map((golden) => ({ ...golden })))('takes $name', async ({ objects }) => {
    for (const object of objects) {
      live.set(object)
    }
    await live.translation.graph.idle()
    const hasResources = [...live.translation.outputs.resources.keys()].some((key) => key.startsWith('default/gw|'))
    if (hasResources) {
      await settled()
    }
    expect([...live.translation.refusals.entries()]).toEqual([])
    for (const object of objects) {
      live.delete(nameOf(object))
    }
    for (const object of baseObjects()) {
      live.set(object)
    }
    await live.translation.graph.idle()
  })
})
