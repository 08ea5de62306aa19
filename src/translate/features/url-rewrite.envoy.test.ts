/** Rewrites of backendRefs on a real Envoy: shares of one rule with paths of their own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedBackend, TrafficRig } from '../../testing/traffic-rig.ts'

const path = (type: 'ReplaceFullPath' | 'ReplacePrefixMatch', to: string) =>
  `path: { type: ${type}, r${type.slice(1)}: ${to} }`
const rewrite = (body: string) => `filters: [{ type: URLRewrite, urlRewrite: { ${body} } }]`
const rules = `
- matches: [{ path: { value: /full } }]
  backendRefs: [{ name: a, port: 80, ${rewrite(path('ReplaceFullPath', '/rewritten-full'))} }]
- matches: [{ path: { value: /prefix } }]
  backendRefs: [{ name: a, port: 80, ${rewrite(path('ReplacePrefixMatch', '/rewritten-prefix'))} }]
- matches: [{ path: { value: /shares } }]
  ${rewrite('hostname: rule.com')}
  backendRefs:
    - { name: a, port: 80, weight: 5, ${rewrite(path('ReplacePrefixMatch', '/a'))} }
    - { name: b, port: 80, weight: 3, ${rewrite(`hostname: b.com, ${path('ReplaceFullPath', '/b')}`)} }
    - name: c
      port: 80
      weight: 2
      filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-own, value: c }] } }]
- matches: [{ path: { value: /hosts } }]
  backendRefs: [{ name: a, port: 80, ${rewrite('hostname: a.own')} }, { name: b, port: 80, ${rewrite('hostname: b.own')} }]
`

let backends: readonly ScriptedBackend[]
let rig: TrafficRig

beforeAll(async () => {
  backends = await Promise.all(['a', 'b', 'c'].map((name) => ScriptedBackend.start(name)))
  rig = await TrafficRig.start(rules, backends)
})

afterAll(async () => {
  await rig.stop()
  for (const backend of backends) backend.stop()
})

const distinct = (values: Iterable<string>) => [...new Set(values)].sort()
const seenAt = (name: string) => backends.find((backend) => backend.name === name)?.seen ?? []
const valuesOf = (name: string, prefix: string, header: string) =>
  seenAt(name).flatMap(({ url, headers }) =>
    url.startsWith(prefix) ? headers.filter(([key]) => key === header).map(([, value]) => value) : [],
  )

describe('URLRewrite of a backendRef (HTTPBackendRef.filters)', () => {
  test.each([
    ['/full/original?q=1', '/rewritten-full?q=1'],
    ['/prefix/original?q=1', '/rewritten-prefix/original?q=1'],
    ['/prefix', '/rewritten-prefix'],
  ])('%s is asked for as %s', async (asked, url) => {
    expect((await rig.seen(asked)).url).toBe(url)
  })

  test('every share has its own path, host and headers, and its weight of the requests', async () => {
    const shares = await rig.shares('/shares/x', 800)
    // Five standard deviations of 800 draws.
    expect(Math.abs((shares.get('a') ?? 0) - 400)).toBeLessThan(71)
    expect(Math.abs((shares.get('b') ?? 0) - 240)).toBeLessThan(65)
    expect(Math.abs((shares.get('c') ?? 0) - 160)).toBeLessThan(57)
    expect(distinct(seenAt('a').map(({ url }) => url))).toContain('/a/x')
    expect(distinct(seenAt('b').map(({ url }) => url))).toEqual(['/b'])
    expect(distinct(seenAt('c').map(({ url }) => url))).toEqual(['/shares/x'])
    expect(distinct(valuesOf('a', '/a/x', 'host'))).toEqual(['rule.com'])
    expect(distinct(valuesOf('b', '/b', 'host'))).toEqual(['b.com'])
    expect(distinct(valuesOf('c', '/shares', 'host'))).toEqual(['rule.com'])
    expect(distinct(valuesOf('c', '/shares', 'x-own'))).toEqual(['c'])
    expect(valuesOf('a', '/a/x', 'x-own')).toEqual([])
  })

  test('hosts alone need no routes of their own', async () => {
    await rig.shares('/hosts', 40)
    expect(distinct(valuesOf('a', '/hosts', 'host'))).toEqual(['a.own'])
    expect(distinct(valuesOf('b', '/hosts', 'host'))).toEqual(['b.own'])
  })
})
