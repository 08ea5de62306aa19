/** Hosts whose routes are divided by the beginning of the path, on a real Envoy: every answer is the one of the whole. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, get, type RunningEnvoy, startEnvoy, until } from './testing/envoy-rig.ts'
import { LivePipeline } from './testing/live-pipeline.ts'
import { type Load, startLoad } from './testing/load.ts'
import { mustParse } from './testing/pipeline-rig.ts'
import { maxUndividedRoutes } from './translate/gateway/path-buckets.ts'

const gatewayVersion = 'gateway.networking.k8s.io/v1'
const rulesPerRoute = 16

let pipeline: LivePipeline
let port: number
let envoy: RunningEnvoy | undefined
let load: Load | undefined

beforeEach(async () => {
  pipeline = new LivePipeline()
  port = await freePort()
  const controllerName = 'fairlead.dev/gateway-controller'
  const metadata = { name: 'fairlead' }
  pipeline.set(mustParse({ apiVersion: gatewayVersion, kind: 'GatewayClass', metadata, spec: { controllerName } }))
  const spec = { gatewayClassName: 'fairlead', listeners: [{ name: 'http', protocol: 'HTTP', port }] }
  pipeline.set(mustParse({ apiVersion: gatewayVersion, kind: 'Gateway', metadata: { name: 'gw' }, spec }))
})

afterEach(async () => {
  await load?.stop()
  load = undefined
  await envoy?.stop()
  await pipeline.stop()
})

async function start(): Promise<void> {
  const { port: xdsPort } = await pipeline.listen(0)
  await pipeline.ready()
  envoy = await startEnvoy({ xdsPort, gateway: 'default/gw', concurrency: 2 })
}

interface Part {
  readonly type?: 'PathPrefix' | 'Exact' | 'RegularExpression'
  readonly path: string
}

/** A route whose rules answer by themselves, each with a host of its own in Location to know it by: `<name>-<rule>`. */
function setRoute(name: string, hostnames: readonly string[], parts: readonly Part[]): void {
  const rules = parts.map(({ type = 'PathPrefix', path }, index) => ({
    matches: [{ path: { type, value: path } }],
    filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: `${name}-${index}`, port: 80 } }],
  }))
  const spec = { parentRefs: [{ name: 'gw' }], hostnames, rules }
  pipeline.set(mustParse({ apiVersion: gatewayVersion, kind: 'HTTPRoute', metadata: { name }, spec }))
}

/** Rules for `/s<first>` and so on below `under`, as routes of 16 rules. */
function setMany(name: string, hostname: string, count: number, under = ''): void {
  for (let first = 0; first < count; first += rulesPerRoute) {
    const size = Math.min(rulesPerRoute, count - first)
    const parts = Array.from({ length: size }, (_, index) => ({ path: `${under}/s${first + index}` }))
    setRoute(`${name}${first / rulesPerRoute}`, [hostname], parts)
  }
}

/** The rule of `setMany` that answers for `/s<index>`. */
const nameOf = (name: string, index: number) => `${name}${Math.floor(index / rulesPerRoute)}-${index % rulesPerRoute}`

/** The name of the rule that answered, or the status. */
async function answerer(host: string, path: string): Promise<string> {
  const { status, headers } = await get(port, host, path)
  return status === 302 ? new URL(headers.location ?? '', 'http://none').hostname : String(status)
}

const isDivided = (scope: string) =>
  [...pipeline.translation.outputs.resources.entries()].some(([, { resource }]) => resource.scopes?.includes(scope))

describe('a divided host', () => {
  test('answers by exact paths, longest prefixes, expressions and other hosts as if it were whole', async () => {
    const many = maxUndividedRoutes + 100
    setMany('one', 'a.com', many)
    setRoute(
      'more',
      ['a.com'],
      [
        { type: 'Exact', path: '/s7' },
        { path: '/s7/deeper' },
        { type: 'Exact', path: '/' },
        { type: 'RegularExpression', path: '/x[0-9]+/.*' },
        { path: '/x1' },
      ],
    )
    setMany('two', '*.b.com', many, '/api/v1')
    setRoute('rest', ['*.b.com'], [{ path: '/api' }])
    setRoute('all', ['*.com'], [{ path: '/fallen' }])
    await start()
    await until(
      () => answerer('a.com', '/s0'),
      (name) => name === 'one0-0',
    )
    expect(isDivided(`${port}|a.com/1.0`)).toBe(true)
    const cases: readonly (readonly [host: string, path: string, name: string])[] = [
      ...Array.from({ length: 60 }, (_, index) => index * 10).map(
        (index) => ['a.com', `/s${index}/x?y=/z`, nameOf('one', index)] as const,
      ),
      ...Array.from({ length: 60 }, (_, index) => index * 10 + 3).map(
        (index) => ['q.b.com', `/api/v1/s${index}`, nameOf('two', index)] as const,
      ),
      ['a.com', '/s7', 'more-0'],
      ['a.com', '/s7?q', 'more-0'],
      ['a.com', '/s7/', nameOf('one', 7)],
      ['a.com', '/s7/deeper/x', 'more-1'],
      ['A.COM', '/s9', nameOf('one', 9)],
      ['a.com:8080', '/s9', nameOf('one', 9)],
      ['a.com.', '/s9', nameOf('one', 9)],
      ['a.com', '/', 'more-2'],
      ['a.com', '/?q', 'more-2'],
      ['a.com', '/x1/y', 'more-3'],
      ['a.com', '/x1', 'more-4'],
      ['a.com', '/nothing', '404'],
      ['a.com', '/S9', '404'],
      ['a.com', '/fallen', 'all-0'],
      ['q.b.com', '/api/v1', 'rest-0'],
      ['Q.B.com', '/api/v1/s4', nameOf('two', 4)],
      ['q.b.com', '/api/v1/none', 'rest-0'],
      ['q.b.com', '/fallen/x', 'all-0'],
      ['q.b.com', '/', '404'],
      ['other.com', '/fallen', 'all-0'],
      ['other.com', '/s1', '404'],
      ['other.net', '/s1', '404'],
    ]
    const answers = await Promise.all(cases.map(([host, path]) => answerer(host, path)))
    expect(cases.map(([host, path], at) => `${host}${path} ${answers[at]}`)).toEqual(
      cases.map(([host, path, name]) => `${host}${path} ${name}`),
    )
  })

  test('comes to be and ceases to be under load, and every answer is the right one', async () => {
    const targets = [0, 100, 300].map((index) => ({
      name: String(index),
      host: 'a.com',
      path: `/s${index}`,
      allowed: () => new Set(['302']),
    }))
    setMany('one', 'a.com', maxUndividedRoutes - 20)
    await start()
    await until(
      () => answerer('a.com', '/s0'),
      (name) => name === 'one0-0',
    )
    load = startLoad({ port, connections: 4, ratePerSecond: 400, targets })
    const scope = `${port}|a.com/1.0`
    for (let turn = 0; turn < 3; turn += 1) {
      setMany('more', 'a.com', 40, '/more')
      await until(
        () => answerer('a.com', '/more/s39'),
        (name) => name === 'more2-7',
      )
      expect(isDivided(scope)).toBe(true)
      for (const part of [0, 1, 2]) pipeline.delete({ kind: 'HTTPRoute', namespace: 'default', name: `more${part}` })
      await until(
        () => answerer('a.com', '/more/s39'),
        (name) => name === '404',
      )
      expect(isDivided(scope)).toBe(false)
    }
    const { failures, requests } = await load.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(0)
  })
})
