/** Header modifiers, and matches of headers, on a real Envoy: names in any case, repeated lines, lists. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { raw } from '../../testing/emit-rig.ts'
import { ScriptedBackend, type Seen, TrafficRig } from '../../testing/traffic-rig.ts'

const names = ['Accept', 'accept-encoding', 'X-List', 'Cookie', 'content-type', 'Via']
const entries = (value: string) => names.map((name) => `{ name: ${name}, value: ${value} }`).join(', ')
const to = 'backendRefs: [{ name: a, port: 80 }]'
const rules = `
- { matches: [{ path: { value: /set } }], filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [${entries('new')}] } }], ${to} }
- { matches: [{ path: { value: /add } }], filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { add: [${entries('"new, newer"')}] } }], ${to} }
- { matches: [{ path: { value: /remove } }], filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [${names.join(', ').toUpperCase()}] } }], ${to} }
- matches: [{ path: { value: /response } }]
  filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier:
        set: [{ name: X-Set, value: set }, { name: X-Set-New, value: set }]
        add: [{ name: x-Add, value: added }, { name: X-ADD-NEW, value: added }, { name: Set-Cookie, value: c=3 }, { name: vary, value: y }]
        remove: [X-Removed, x-not-there]
    - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-list, value: new }] } }
  ${to}
- { matches: [{ path: { value: /match }, headers: [{ name: X-LIST, value: b }] }], ${to} }
- { matches: [{ path: { value: /one-of }, headers: [{ name: accept, type: RegularExpression, value: "(.*,\\\\s*)?text/html(;.*|,.*)?" }] }], ${to} }
`

let backend: ScriptedBackend
let rig: TrafficRig

beforeAll(async () => {
  backend = await ScriptedBackend.start('a', (_seen, response) => {
    for (const name of ['x-set', 'X-Add', 'x-removed', 'X-Untouched', 'vary'])
      response.setHeader(name, ['old', 'older'])
    response.setHeader('set-cookie', ['a=1', 'b=2'])
    return false
  })
  rig = await TrafficRig.start(rules, [backend])
})

afterAll(async () => {
  await rig.stop()
  backend.stop()
})

/** Lines of a request or an answer by lower-case name, in order of arrival; values of one line are not taken apart. */
function linesOf(headers: Seen['headers'], name: string): readonly string[] {
  return headers.filter(([candidate]) => candidate === name.toLowerCase()).map(([, value]) => value)
}

/** All values of a name, as RFC 9110 5.3 lets them be joined. */
const joined = (headers: Seen['headers'], name: string) =>
  linesOf(headers, name)
    .join(', ')
    .split(/, ?|; /)

async function answerTo(path: string): Promise<Seen['headers']> {
  const text = await raw(rig.port, `GET ${path} HTTP/1.1\r\nHost: a.com\r\n\r\n`)
  return (text.split('\r\n\r\n')[0] ?? '')
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const
    })
}

describe('requests (HTTPHeaderFilter)', () => {
  const twice = Object.fromEntries(names.map((name) => [name.toUpperCase(), ['old', 'older']]))

  test.each(names)('set replaces all lines of %s by one', async (name) => {
    const { headers } = await rig.seen('/set', { headers: twice })
    expect(linesOf(headers, name)).toEqual(['new'])
    expect(linesOf((await rig.seen('/set')).headers, name)).toEqual(['new'])
  })

  test.each(names)('add follows all lines of %s, verbatim', async (name) => {
    const { headers } = await rig.seen('/add', { headers: twice })
    expect(joined(headers, name)).toEqual(['old', 'older', 'new', 'newer'])
    expect(linesOf((await rig.seen('/add')).headers, name)).toEqual(['new, newer'])
  })

  test.each(names)('remove takes all lines of %s', async (name) => {
    const { headers } = await rig.seen('/remove', { headers: { ...twice, 'x-other': 'stays' } })
    expect(linesOf(headers, name)).toEqual([])
    expect(linesOf(headers, 'x-other')).toEqual(['stays'])
  })
})

describe('responses (HTTPHeaderFilter)', () => {
  test('are changed alike, beside a change of the request', async () => {
    const headers = await answerTo('/response')
    expect(linesOf(headers, 'x-set')).toEqual(['set'])
    expect(linesOf(headers, 'x-set-new')).toEqual(['set'])
    expect(joined(headers, 'x-add')).toEqual(['old', 'older', 'added'])
    expect(linesOf(headers, 'x-add-new')).toEqual(['added'])
    expect(joined(headers, 'vary')).toEqual(['old', 'older', 'y'])
    expect(linesOf(headers, 'x-removed')).toEqual([])
    expect(joined(headers, 'x-untouched')).toEqual(['old', 'older'])
    expect(linesOf(backend.seen.at(-1)?.headers ?? [], 'x-list')).toEqual(['new'])
  })

  test('cookies stay in lines of their own (RFC 9110 5.3)', async () => {
    expect(linesOf(await answerTo('/response'), 'set-cookie')).toEqual(['a=1', 'b=2', 'c=3'])
  })
})

describe('matches of a repeated header (HTTPHeaderMatch.name: "implementation-specific")', () => {
  test.each([
    [['b'], 200],
    [['a', 'b'], 200],
    [['a', 'c'], 404],
    [['a,b'], 404],
  ])('one of the lines %j is enough: %i', async (lines, status) => {
    expect((await rig.ask('/match', { headers: { 'x-list': lines } })).status).toBe(status)
  })

  test.each([
    [['text/html'], 200],
    [['application/json, text/html;q=0.9, */*'], 200],
    [['application/json', 'text/html'], 200],
    [['text/htmlx'], 404],
    [['application/json'], 404],
  ])('one of a list %j is found by an expression: %i', async (lines, status) => {
    expect((await rig.ask('/one-of', { headers: { accept: lines } })).status).toBe(status)
  })
})
