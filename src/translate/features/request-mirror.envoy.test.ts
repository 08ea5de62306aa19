/** Mirrors on a real Envoy. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raw } from '../../testing/emit-rig.ts'
import { ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const mirror = (name: string, part = '') =>
  `{ type: RequestMirror, requestMirror: { backendRef: { name: ${name}, port: 80 }${part} } }`
const rules = `
- matches: [{ path: { value: /one } }]
  filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-set, value: s }], remove: [x-gone] } }, ${mirror('m')}]
  backendRefs: [{ name: a, port: 80 }]
- { matches: [{ path: { value: /two } }], filters: [${mirror('m')}, ${mirror('n')}], backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /third } }], filters: [${mirror('m', ', percent: 30')}], backendRefs: [{ name: a, port: 80 }, { name: b, port: 80 }] }
- { matches: [{ path: { value: /fraction } }], filters: [${mirror('m', ', fraction: { numerator: 25, denominator: 50 }')}], backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /never } }], filters: [${mirror('m', ', percent: 0')}], backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /dead } }], filters: [${mirror('empty')}], backendRefs: [{ name: a, port: 80 }] }
- { matches: [{ path: { value: /backend } }], backendRefs: [{ name: a, port: 80 }, { name: b, port: 80, filters: [${mirror('m')}] }] }
`

let a: ScriptedBackend
let b: ScriptedBackend
let m: ScriptedBackend
let n: ScriptedBackend
let rig: TrafficRig
/** Bytes of the bodies that `n` got, as they ended. */
const bodies: number[] = []

beforeAll(async () => {
  a = await ScriptedBackend.start('a')
  b = await ScriptedBackend.start('b')
  m = await ScriptedBackend.start('m', (_seen, response) => response.writeHead(500).end().writableEnded)
  n = await ScriptedBackend.start('n', (_seen, response, incoming) => {
    let bytes = 0
    incoming.on('data', (part: Buffer) => {
      bytes += part.length
    })
    incoming.on('end', () => {
      bodies.push(bytes)
      response.end()
    })
    return true
  })
  rig = await TrafficRig.start(rules, [a, b, m, n, { name: 'empty', port: 1 }])
})

afterAll(async () => {
  await rig.stop()
  for (const backend of [a, b, m, n]) backend.stop()
})

const pathsOf = (backend: ScriptedBackend, path: string) => backend.seen.filter(({ url }) => url.startsWith(path))

/** Sends so many requests and, when a later one arrived at the mirror, tells how many each backend and the mirror saw. */
async function counts(path: string, count: number) {
  for (let sent = 0; sent < count; sent++) await rig.ask(`${path}?${sent}`)
  await rig.ask(`/one?after${path}`)
  await m.saw(({ url }) => url === `/one?after${path}`)
  const copied = new Set(pathsOf(m, path).map(({ url }) => url))
  const of = (backend: ScriptedBackend) => pathsOf(backend, path)
  return { mirrored: copied.size, ofB: of(b).filter(({ url }) => copied.has(url)).length, b: of(b).length }
}

describe('HTTPRequestMirrorFilter', () => {
  test('the copy is the request as the backend sees it: same host, changed headers, none of ours', async () => {
    const { status } = await rig.ask('/one', { headers: { 'x-gone': '1' } })
    const copy = await m.saw(({ url }) => url === '/one')
    const names = copy.headers.map(([name]) => name)
    expect(status).toBe(200)
    expect(copy.headers).toContainEqual(['host', 'a.com'])
    expect(copy.headers).toContainEqual(['x-set', 's'])
    expect(names).not.toContain('x-gone')
    // This one is Envoy's: no configuration keeps it away.
    expect(names.filter((name) => /^x-(fairlead|envoy)-/.test(name))).toEqual(['x-envoy-internal'])
  })

  test('also for a host that is found in another spelling', async () => {
    await rig.ask('/one?spelled', { host: 'B.A.com:80' })
    const { headers } = await m.saw(({ url }) => url === '/one?spelled')
    expect(headers.map(([name]) => name)).not.toContain('x-fairlead-scope')
  })

  test('several mirrors get a copy each', async () => {
    await rig.ask('/two')
    await Promise.all([m.saw(({ url }) => url === '/two'), n.saw(({ url }) => url === '/two')])
  })

  test('a body is copied whole, also when it is larger than every buffer', async () => {
    const bytes = 1_000_000
    const head = `POST /two?body HTTP/1.1\r\nHost: a.com\r\nContent-Length: ${bytes}\r\n\r\n`
    expect(await raw(rig.port, head + 'x'.repeat(bytes))).toMatch(/^HTTP\/1.1 200/)
    await n.saw(({ url }) => url === '/two?body')
    await expect.poll(() => bodies).toContain(bytes)
  })

  test('a part of the requests is copied, of every backend alike (HTTPRequestMirrorFilter.percent)', async () => {
    const { mirrored, ofB, b: all } = await counts('/third', 600)
    // Five standard deviations of 600 and of about 300 draws with 30 %.
    expect(Math.abs(mirrored - 180)).toBeLessThan(57)
    expect(Math.abs(ofB / all - 0.3)).toBeLessThan(0.14)
  })

  test('a fraction is a part too', async () => {
    const { mirrored } = await counts('/fraction', 300)
    expect(Math.abs(mirrored - 150)).toBeLessThan(44)
  })

  test('0 percent is none', async () => {
    expect((await counts('/never', 20)).mirrored).toBe(0)
  })

  test('a mirror that cannot be reached costs no request', async () => {
    expect((await rig.ask('/dead')).status).toBe(200)
  })

  test('a mirror of one backendRef copies what that backend gets, and all of it', async () => {
    const { mirrored, ofB, b: all } = await counts('/backend', 200)
    expect([mirrored, ofB]).toEqual([all, all])
    // Five standard deviations of 200 draws.
    expect(Math.abs(all - 100)).toBeLessThan(36)
  })
})
