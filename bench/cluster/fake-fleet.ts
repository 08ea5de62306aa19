/** Many proxies that connect at once, in a process of their own: they take everything and serve nothing. */
import { type FakeEnvoyOptions, FakeEnvoy } from '../../src/xds/fake-envoy.ts'
import { xdsTypeOfUrl } from '../../src/envoy/types.ts'

/** What the parent sends. */
export interface FleetOrder {
  readonly proxies: readonly FakeEnvoyOptions[]
  /** Scopes that each of them is to have. */
  readonly scopes: number
}

process.once('message', (order: FleetOrder) => {
  run(order).then(
    () => process.send?.('synced'),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())

async function run({ proxies, scopes }: FleetOrder): Promise<void> {
  await Promise.all(proxies.map((options) => connect(options, scopes)))
}

/** Resolves when the proxy has them all; connects again, as Envoy does, when it is sent away. */
async function connect(options: FakeEnvoyOptions, scopes: number): Promise<void> {
  for (;;) {
    const synced = Promise.withResolvers<'synced'>()
    const proxy = new FakeEnvoy(options)
    const known = new Set<string>()
    proxy.answerAll((response) => {
      const type = xdsTypeOfUrl(response.typeUrl)
      const names = response.resources.map(({ name }) => name)
      if (type === 'cluster') proxy.request('endpoint', { subscribe: names })
      if (type === 'scoped-route') for (const name of names) known.add(name)
      if (known.size >= scopes) synced.resolve('synced')
      return undefined
    })
    for (const type of ['cluster', 'listener', 'scoped-route'] as const) proxy.request(type)
    const end = await Promise.race([synced.promise, proxy.ended])
    if (end === 'synced') return
    proxy.close()
    await new Promise((resolve) => setTimeout(resolve, 500 + 1_000 * Math.random()))
  }
}
