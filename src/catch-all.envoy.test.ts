/** A port goes from one host, the catch-all, to several and back: its connection manager changes, no answer is wrong. */
import { afterEach, describe, expect, test } from 'vitest'
import { freePort, type RunningEnvoy, startEnvoy, until } from './testing/envoy-rig.ts'
import { HttpConnection } from './testing/http-connection.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { type Load, startLoad } from './testing/load.ts'
import { mustParse } from './testing/pipeline-rig.ts'

const gatewayVersion = 'gateway.networking.k8s.io/v1'

let pipeline: LivePipeline
let envoy: RunningEnvoy | undefined
let load: Load | undefined

afterEach(async () => {
  await load?.stop()
  await envoy?.stop()
  await pipeline.stop()
})

/** A route that answers by itself, with a status to know it by. */
function route(name: string, hostnames: readonly string[], statusCode: number) {
  const filters = [{ type: 'RequestRedirect', requestRedirect: { hostname: 'elsewhere.example.com', statusCode } }]
  const spec = { parentRefs: [{ name: 'gw' }], rules: [{ filters }], ...(hostnames.length === 0 ? {} : { hostnames }) }
  return mustParse({ apiVersion: gatewayVersion, kind: 'HTTPRoute', metadata: { name }, spec })
}

describe('a catch-all Gateway', () => {
  test('gains an exact host and loses it again under load, and every answer is the right one', async () => {
    pipeline = new LivePipeline()
    const port = await freePort()
    const controllerName = 'fairlead.dev/gateway-controller'
    const listeners = [{ name: 'http', protocol: 'HTTP', port }]
    const metadata = { name: 'fairlead' }
    pipeline.set(mustParse({ apiVersion: gatewayVersion, kind: 'GatewayClass', metadata, spec: { controllerName } }))
    const spec = { gatewayClassName: 'fairlead', listeners }
    pipeline.set(mustParse({ apiVersion: gatewayVersion, kind: 'Gateway', metadata: { name: 'gw' }, spec }))
    pipeline.set(route('all', [], 302))
    const { port: xdsPort } = await pipeline.listen(0)
    await pipeline.ready()
    envoy = await startEnvoy({ xdsPort, gateway: 'default/gw', concurrency: 2 })
    const probe = new HttpConnection({ port })
    const ask = () =>
      probe.get({ host: 'z.org' }).then(
        ({ status }) => status,
        () => 0,
      )
    await until(ask, (status) => status === 302)
    probe.close()

    let exact = new Set(['302'])
    load = startLoad({
      port,
      connections: 6,
      ratePerSecond: 600,
      targets: [
        { name: 'other', host: 'z.org', path: '/', allowed: () => new Set(['302']) },
        { name: 'exact', host: 'a.com', path: '/', allowed: () => exact },
      ],
    })
    for (let turn = 0; turn < 3; turn += 1) {
      exact = new Set(['301', '302'])
      pipeline.set(route('one', ['a.com'], 301))
      await load.everywhere('exact', '301')
      exact = new Set(['301'])
      await load.everywhere('exact', '301')
      exact = new Set(['301', '302'])
      pipeline.delete({ kind: 'HTTPRoute', namespace: 'default', name: 'one' })
      await load.everywhere('exact', '302')
      exact = new Set(['302'])
      await load.everywhere('exact', '302')
    }
    const { failures, requests } = await load.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(0)
  })
})
